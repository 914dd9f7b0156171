package redact_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/redact"
)

// jsonTable returns a check that the JSON in becomes want.
func jsonTable(t *testing.T) func(in, want string) {
	e := engine(t, redact.Config{})
	return func(in, want string) {
		t.Helper()
		r, err := e.Redact(keys(), &hansard.Entry{Event: hansard.Event{Params: json.RawMessage(in)}})
		if err != nil {
			t.Fatalf("%s: %v", in, err)
		}
		got := string(r.Entry().Params)
		if !json.Valid([]byte(got)) {
			t.Errorf("%s became %s, which is no JSON", in, got)
		}
		if marked := pseudonym.ReplaceAllString(got, "<$1>"); marked != want {
			t.Errorf("%s\n got  %s\n want %s", in, marked, want)
		}
		again, err := e.Redact(keys(), &hansard.Entry{Event: hansard.Event{Params: json.RawMessage(got)}})
		if err != nil || string(again.Entry().Params) != got || again.Entry().Redactions != nil {
			t.Errorf("redacting %s again gave %s, %v, %v", got, again.Entry().Params, again.Entry().Redactions, err)
		}
	}
}

func TestJSON(t *testing.T) {
	f := jsonTable(t)
	same := func(in string) { t.Helper(); f(in, in) }
	same(`{ "a" : [ 1.50e+3 , "\u00e9\/x" , null , true , {} , [ ] ] }`)
	f(`{"a":"x \u0041nna\u0040example.com \/"}`, `{"a":"x <email> /"}`)
	f(`["ok \/","anna@example.com"]`, `["ok \/","<email>"]`)
	f(`{"anna@example.com":1}`, `{"<email>":1}`)
	f(`{"Anna\u0040example.com":{"a":["anna@example.com"]}}`, `{"<email>":{"a":["<email>"]}}`)

	// By the name of the key.
	f(`{"password":"x","user":"y"}`, `{"password":"<secret>","user":"y"}`)
	f(`{"DB_Password":"x","api-key":"y","clientSecret":"z","X-Api-Key":"q"}`, `{"DB_Password":"<secret>","api-key":"<secret>","clientSecret":"<secret>","X-Api-Key":"<secret>"}`)
	f(`{"credentials":{"user":"a","n":[1,"b",true,null]},"x":"c"}`, `{"credentials":{"user":"<secret>","n":["<secret>","<secret>",true,null]},"x":"c"}`)
	f(`{"p\u0061ssword":"x"}`, `{"p\u0061ssword":"<secret>"}`)
	f(`{"password":12345}`, `{"password":"<secret>"}`)
	f(`{"Authorization":"Bearer x","Cookie":"a","set-cookie":["b","c"]}`, `{"Authorization":"<secret>","Cookie":"<secret>","set-cookie":["<secret>","<secret>"]}`)
	same(`{"password":"","secret":null,"api_key":true,"credentials":[]}`)
	same(`{"input_tokens":1234,"max_tokens":4096,"token_count":"12345678","total_tokens":1,"token_type":"bearer","tokenizer":"x","forgot_password":true}`)
	same(`{"properties":{"password":{"type":"string"}}}`)
	same(`{"token":"the","key":"user_id","auth":"none","next_token":12}`)
	f(`{"token":"`+alnum[:24]+`"}`, `{"token":"<secret>"}`)
	f(`{"env":[{"name":"DB_PASSWORD","value":"x"},{"name":"DB_USER","value":"y"}]}`, `{"env":[{"name":"DB_PASSWORD","value":"<secret>"},{"name":"DB_USER","value":"y"}]}`)
	f(`["run","--password","x","y"]`, `["run","--password","<secret>","y"]`)

	// Typed keys and numbers.
	f(`{"ssn":"123456789","card_number":4111111111111111,"phone":4155552671,"dob":"1990-04-05"}`, `{"ssn":"<ssn>","card_number":"<card>","phone":"<phone>","dob":"<dob>"}`)
	f(`{"ssn":123456789,"dob":{"year":1990,"text":"May 4, 1990"}}`, `{"ssn":"<ssn>","dob":{"year":"<dob>","text":"<dob>"}}`)
	f(`{"pay":4111111111111111}`, `{"pay":"<card>"}`)
	f(`{"phones":["4155552671",{"number":"98765 43210"}]}`, `{"phones":["<phone>",{"number":"<phone>"}]}`)
	same(`{"n":123456789,"t":1763907781.25,"ns":1763907781251234567,"phone":"none","dob":"","card":"ending 1234","card_id":"credit_card_4421486"}`)

	// JSON in strings.
	f(`{"arguments":"{\"password\":\"x\",\"q\":\"anna@example.com\",\"n\":1.0}"}`, `{"arguments":"{\"password\":\"<secret>\",\"q\":\"<email>\",\"n\":1.0}"}`)
	f(`"{\"a\":\"{\\\"password\\\":\\\"x\\\"}\"}"`, `"{\"a\":\"{\\\"password\\\":\\\"<secret>\\\"}\"}"`)
	f(`{"t":"Calling {\"password\": \"open sesame\"} now"}`, `{"t":"Calling {\"password\": \"<secret>\"} now"}`)
	f(`{"t":"password=hunter2"}`, `{"t":"password=<secret>"}`)
	f(`"[\"\\u0061nna@example.com\"]"`, `"[\"<email>\"]"`)
	same(`"{\"a\": \"\\u0061\"}"`)
}

func TestActions(t *testing.T) {
	f := func(a redact.Action, in, want string) {
		t.Helper()
		cfg := redact.Config{Detectors: map[string]redact.Detector{}}
		for _, k := range []string{"email", "secret", "card", "phone"} {
			cfg.Detectors[k] = redact.Detector{Action: a}
		}
		e := engine(t, cfg)
		for range 2 {
			r, err := e.Redact(keys(), &hansard.Entry{Event: hansard.Event{Params: json.RawMessage(in)}})
			if err != nil {
				t.Fatal(err)
			}
			if in = string(r.Entry().Params); in != want {
				t.Errorf("%s: got %s, want %s", a, in, want)
			}
		}
	}
	in := `{"a":"to anna@example.com!","password":"x","b":"` + join("AK", "IA", "QWERTYUIOPASDFGH") + `","c":4111111111111111,"u":"postgres://a:hunter2@db.example.com"}`
	f(redact.ActionMask, in, `{"a":"to [email]!","password":"[secret:password]","b":"[secret:aws-access-key]","c":"[card]","u":"postgres://a:[secret:url-password]@db.example.com"}`)
	f(redact.ActionDrop, in, `{"a":"to !","password":"","b":"","c":null,"u":"postgres://a:@db.example.com"}`)
	f(redact.ActionKeep, in, in)
}

func TestConfigErrors(t *testing.T) {
	f := func(cfg redact.Config, want string) {
		t.Helper()
		_, err := redact.New(cfg)
		if err == nil || hansard.KindOf(err) != hansard.KindInvalid || !strings.Contains(err.Error(), want) {
			t.Errorf("New gave %v, want %q", err, want)
		}
	}
	f(redact.Config{Detectors: map[string]redact.Detector{"mail": {}}}, "mail")
	f(redact.Config{Detectors: map[string]redact.Detector{"person": {}}}, "person")
	f(redact.Config{Detectors: map[string]redact.Detector{"email": {Action: "burn"}}}, "burn")
	f(redact.Config{Detectors: map[string]redact.Detector{"phone": {AllowDomains: []string{"a"}}}}, "allow_domains")
	f(redact.Config{KeyNames: []redact.KeyName{{Name: "x", Kind: "secret"}}}, "two letters")
	f(redact.Config{KeyNames: []redact.KeyName{{Name: "xyz", Kind: "email"}}}, "email")
	f(redact.Config{CallingCode: "+49"}, "calling code")
	f(redact.Config{RulesFile: "/none"}, "rules")
}

func TestKeyNames(t *testing.T) {
	f := table(t, redact.Config{
		KeyNames:       []redact.KeyName{{Name: "Staff-Number"}, {Name: "born", Kind: "dob"}},
		IgnoreKeyNames: []string{"cookie"},
	})
	f(`{"my_staff_number":"x","born":"1990-01-01","cookie":"y"}`, `{"my_staff_number":"<secret>","born":"<dob>","cookie":"y"}`)
}

// TestEvent checks every field: what is scanned, what is a person, what stays.
func TestEvent(t *testing.T) {
	e := engine(t, redact.Config{})
	mail := "anna@example.com"
	ev := filled(mail)
	r, err := e.Redact(keys(), &hansard.Entry{Event: *ev})
	if err != nil {
		t.Fatal(err)
	}
	got := &r.Entry().Event
	if b, _ := json.Marshal(got); strings.Contains(string(b), mail) {
		t.Errorf("the address is still there: %s", b)
	}
	if strings.Contains(string(r.Entry().Persons), mail) {
		t.Errorf("the address is still there: %s", r.Entry().Persons)
	}
	one := e.Lookup(keys(), mail)
	if got.TraceID != "x "+one[1] || got.UserID != one[2] {
		t.Errorf("trace id %q, user %q are not among the look-up's %q", got.TraceID, got.UserID, one)
	}
}

// filled returns an event that has the value in every field with text.
func filled(value string) *hansard.Event {
	ev := &hansard.Event{}
	v := reflect.ValueOf(ev).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i).Addr().Interface().(type) {
		case *string:
			*f = "x " + value
		case *json.RawMessage:
			*f = json.RawMessage(`{"a":["` + value + `"]}`)
		case *[]string:
			*f = []string{value}
		}
	}
	ev.UserID, ev.ActorID, ev.Approver = value, value, value
	ev.Resources = []hansard.Resource{{Kind: value, ID: value, Operation: value, DataClass: value}}
	ev.Dialect, ev.TimeSource = "", "" // ours
	return ev
}

func TestPersons(t *testing.T) {
	e := engine(t, redact.Config{})
	r, err := e.Redact(keys(), &hansard.Entry{Event: hansard.Event{
		UserID: "mia_li_3668", ActorID: "Anna@Example.com", OnBehalfOf: []string{"mia_li_3668", "bob"},
		Resources: []hansard.Resource{{Kind: "order"}, {Kind: "customer", ID: " mia_li_3668 "}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	ev := r.Entry()
	if ev.UserID != ev.OnBehalfOf[0] || ev.UserID != ev.Resources[1].ID || ev.UserID == ev.OnBehalfOf[1] {
		t.Errorf("one person has several pseudonyms: %q %q %q", ev.UserID, ev.OnBehalfOf, ev.Resources)
	}
	want := `{"user_id":"mia_li_3668","actor_id":"<email>","on_behalf_of":["mia_li_3668","bob"],"resources":[null," mia_li_3668 "]}`
	if got := pseudonym.ReplaceAllString(string(r.Entry().Persons), "<$1>"); got != want {
		t.Errorf("persons\n got  %s\n want %s", got, want)
	}
	if diff := cmp.Diff([]hansard.RedactionCount{{Kind: "email", N: 1}, {Kind: "person", N: 5}}, r.Entry().Redactions); diff != "" {
		t.Error(diff)
	}
	before := ev.Event
	again, err := e.Redact(keys(), ev)
	if err != nil || again.Entry().UserID != before.UserID || again.Entry().Resources[1].ID != before.Resources[1].ID || again.Entry().Redactions != nil {
		t.Errorf("redacting again changed %+v into %+v: %v", before, again.Entry(), err)
	}
}

func TestFailClosed(t *testing.T) {
	e := engine(t, redact.Config{})
	good := keys().Current
	f := func(k redact.Key, ev *hansard.Event) {
		t.Helper()
		var entry *hansard.Entry
		if ev != nil {
			entry = &hansard.Entry{Event: *ev}
		}
		r, err := e.Redact(redact.Keys{Current: k}, entry)
		if err == nil || r.Entry() != nil {
			t.Errorf("Redact gave %v, %v; want an error only", r, err)
		}
		if err != nil && strings.Contains(err.Error(), "anna") {
			t.Errorf("the error holds content: %v", err)
		}
	}
	f(redact.Key{}, &hansard.Event{})
	f(redact.Key{ID: "k1", Secret: good.Secret[:31]}, &hansard.Event{})
	f(redact.Key{ID: "K:1", Secret: good.Secret}, &hansard.Event{})
	f(good, nil)
	for _, s := range []string{`{"a":"anna`, `{"anna":1`, `{"anna"}`, `[1,]x`, `anna`, `{"anna":}`, `[1 2]`, `{]`, `[}`, `1 anna`, `"anna`, `{"a":1}}`} {
		f(good, &hansard.Event{Params: json.RawMessage(s)})
	}
	f(good, &hansard.Event{Params: json.RawMessage(strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001))})
	if _, _, err := e.Text(redact.Keys{}, "x"); err == nil {
		t.Error("Text worked without a key")
	}
	redact.BreakEngine(e)
	f(good, &hansard.Event{Params: json.RawMessage(`"` + join("np", "m_", alnum[:36]) + `"`)})
	if out, _, err := e.Text(keys(), join("np", "m_", alnum[:36])); err == nil || out != "" {
		t.Errorf("Text gave %q, %v after a panic", out, err)
	}
}

func TestLookup(t *testing.T) {
	e := engine(t, redact.Config{})
	old := redact.Key{ID: "k0", Secret: []byte(strings.Repeat("o", 32))}
	both := redact.Keys{Current: keys().Current, Old: []redact.Key{old}}
	f := func(lookup, written string) {
		t.Helper()
		found := e.Lookup(both, lookup)
		for _, k := range []redact.Key{both.Current, old} {
			out, _, err := e.Text(redact.Keys{Current: k}, written)
			if err != nil {
				t.Fatal(err)
			}
			hit := false
			for _, p := range found {
				hit = hit || strings.Contains(out, p)
			}
			if !hit {
				t.Errorf("look-up of %q: %q, none of them in %q", lookup, found, out)
			}
		}
	}
	f("Anna@Example.com ", "to anna@example.com")
	f("anna%40example.com", "to anna@example.com")
	f("+49 171 1234567", "tel 0171/1234567")
	f("+49 171 1234567", "+49 171 1234567")
	f("0171 1234567", "tel 0171/1234567")
	f("(415) 555-2671", "+1 415 555 2671")
	f("4155552671", "+1 415 555 2671")
	f("4111111111111111", "4111 1111 1111 1111")
	f("de89370400440532013000", "DE89 3704 0044 0532 0130 00")
	f("123456789", "123-45-6789")
	f("1990-04-05", "dob: 05.04.1990")
	f("hunter2", "password=hunter2")
	f("Bearer abcdef", "Authorization: Bearer abcdef")
	if got := e.Lookup(keys(), "  "); got != nil {
		t.Errorf("look-up of nothing: %q", got)
	}
	p := e.Lookup(keys(), "x")[0]
	if got := e.Lookup(keys(), p); len(got) != 1 || got[0] != p {
		t.Errorf("look-up of a pseudonym: %q, want itself", got)
	}
	if a, b := e.Lookup(keys(), "123456789"), e.Lookup(keys(), "987654321"); a[0] == b[0] {
		t.Error("two values have one pseudonym")
	}
}

// TestConcurrent uses one engine from many goroutines with two keys.
func TestConcurrent(t *testing.T) {
	e := engine(t, redact.Config{})
	other := redact.Keys{Current: redact.Key{ID: "k2", Secret: []byte(strings.Repeat("z", 40))}}
	want1, _, _ := e.Text(keys(), "anna@example.com")
	want2, _, _ := e.Text(other, "anna@example.com")
	if want1 == want2 {
		t.Fatal("two keys give one pseudonym")
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			k, want := keys(), want1
			if i%2 == 0 {
				k, want = other, want2
			}
			for range 200 {
				if got, _, err := e.Text(k, "anna@example.com"); err != nil || got != want {
					t.Errorf("got %q, %v, want %q", got, err, want)
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestNamesSeenBefore sends names that were clean, and names that differ from them
// in one byte and are not, in turns: what is known of the one is not said of the
// other.
func TestNamesSeenBefore(t *testing.T) {
	e := engine(t, redact.Config{})
	for range 3 {
		for _, name := range []string{"joe1-ab.com", "joe1@ab.com", "billing-worker", strings.Repeat("long ", 20) + "joe1-ab.com", strings.Repeat("long ", 20) + "joe1@ab.com"} {
			r, err := e.Redact(keys(), &hansard.Entry{Event: hansard.Event{EventID: "e", EventType: hansard.TypeToolCall, AgentName: name, Action: name}})
			if err != nil {
				t.Fatal(err)
			}
			ev := r.Entry()
			if found := strings.Contains(name, "@"); found != (ev.AgentName != name) || found != (ev.Action != name) || strings.Contains(ev.AgentName+ev.Action, "@") {
				t.Errorf("%q became %q and %q", name, ev.AgentName, ev.Action)
			}
			if counts := r.Entry().Redactions; strings.Contains(name, "@") && (len(counts) != 1 || counts[0].N != 2) {
				t.Errorf("%q: counts %v", name, counts)
			}
		}
	}
}

// TestStable puts values side by side, and redacts what comes out again: nothing
// may be left that hid the first time.
func TestStable(t *testing.T) {
	k := keys()
	k.Current.ID = "0123456789abcdef0123456789abcdef"[:32] // looks like something itself
	e := engine(t, redact.Config{})
	texts := hardTexts()[:80]
	for _, s := range texts {
		for _, next := range texts {
			in := s + next
			out, _, err := e.Text(k, in)
			if err != nil {
				t.Fatal(err)
			}
			if again, counts, err := e.Text(k, out); err != nil || again != out || counts != nil {
				t.Fatalf("%q gave %q, and that %q, %v, %v", in, out, again, counts, err)
			}
		}
	}
}
