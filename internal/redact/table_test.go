package redact_test

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hansardhq/hansard/internal/redact"
)

// hardTexts are texts that the table and the look at quiet JSON could be wrong
// about: what is looked for at the very beginning and end, cut off, side by side.
func hardTexts() []string {
	pieces := append(values(), worstPieces()...)
	for _, c := range planted() {
		pieces = append(pieces, strings.ReplaceAll(c[1], "|", ""))
	}
	texts := append([]string(nil), pieces...)
	for i, s := range pieces {
		next := pieces[(i+1)%len(pieces)]
		texts = append(texts, "x"+s, s+" "+next, s+next, "12"+s+"34", s[:len(s)-1], s[1:], strings.ToUpper(s))
	}
	return texts
}

// TestTable lets every detector judge every place of the hard texts: what the
// table passes over must be nothing.
func TestTable(t *testing.T) {
	e := engine(t, redact.Config{Detectors: map[string]redact.Detector{"ip": {Action: redact.ActionHash}}})
	for _, s := range hardTexts() {
		if all, same := redact.FindEverywhere(e, s); !same {
			t.Errorf("%q: everywhere there is %v, found were %v", s, all, redact.Find(e, s))
		}
	}
}

// TestTableByOne holds the look at eight places at a time against one at a time,
// at every distance from the end of a text.
func TestTableByOne(t *testing.T) {
	e := engine(t, redact.Config{Detectors: map[string]redact.Detector{"ip": {Action: redact.ActionHash}}})
	for _, s := range append(hardTexts(), prose, "\x00\x00\x00", "a\x00b\x00c\x00") {
		for from := range min(len(s), 20) {
			for _, wanted := range []uint16{^uint16(0), 1, 0xfff0} {
				places, of := redact.Next(e, s[from:], wanted)
				wantPlaces, wantOf := redact.NextByOne(e, s[from:], wanted)
				if !slices.Equal(places, wantPlaces) || !slices.Equal(of, wantOf) {
					t.Fatalf("%q, of which is wanted %x: at %v there is %x, want %v and %x", s[from:], wanted, places, of, wantPlaces, wantOf)
				}
			}
		}
	}
}

// FuzzTable does the same as both for any text.
func FuzzTable(f *testing.F) {
	for _, s := range hardTexts()[:64] {
		f.Add(s, 3)
	}
	e := engine(f, redact.Config{})
	pieces := hardTexts()
	f.Fuzz(func(t *testing.T, s string, n int) {
		s += pieces[uint(n)%uint(len(pieces))] + s
		places, _ := redact.Next(e, s, ^uint16(0))
		if want, _ := redact.NextByOne(e, s, ^uint16(0)); !slices.Equal(places, want) {
			t.Fatalf("%q: there is something at %v, want %v", s, places, want)
		}
		if all, same := redact.FindEverywhere(e, s); !same {
			t.Fatalf("%q: everywhere there is %v, found were %v", s, all, redact.Find(e, s))
		}
	})
}

// quietIsRight fails if JSON that is passed over has something in it, or is
// malformed. It returns whether it is passed over.
func quietIsRight(t *testing.T, e *redact.Engine, s string) bool {
	t.Helper()
	quiet, changed, err := redact.Quiet(e, s)
	if quiet && (changed || err != nil) {
		t.Fatalf("%s was passed over; walking it changes it (%t) or fails (%v)", s, changed, err)
	}
	return quiet
}

// TestQuiet puts the hard texts where JSON has strings.
func TestQuiet(t *testing.T) {
	if testing.Short() {
		t.Skip("the race run: one goroutine looks at texts")
	}
	quiet := 0
	for _, action := range []redact.Action{redact.ActionKeep, redact.ActionHash} {
		e := engine(t, redact.Config{Detectors: map[string]redact.Detector{"ip": {Action: action}}})
		for _, s := range hardTexts() {
			q, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			for _, form := range []string{`@`, `[@]`, `{"a":@}`, `{@:1}`, `["x",@ , "y y"]`, `{"version":"ver","a" : @,"b":[1,true]}`,
				`{"name":@,"value":"x"}`, `{"value":"x","name":@}`, `{@ : "abc"}`, "[@,\n\"abcd\"]", `["curl","-u",@]`, `{"a":["mysql",@]}`} {
				if quietIsRight(t, e, strings.ReplaceAll(form, "@", string(q))) {
					quiet++
				}
			}
		}
	}
	if quiet < 500 {
		t.Errorf("only %d were passed over", quiet)
	}
}

// TestQuietNumbers puts numbers of each length, a card's among them, where JSON can
// have them. Times in nanoseconds, which all of OpenTelemetry's spans have, are
// passed over.
func TestQuietNumbers(t *testing.T) {
	e := engine(t, redact.Config{})
	allowing := engine(t, redact.Config{Detectors: map[string]redact.Detector{"card": {Action: redact.ActionHash, Allow: []string{"4111111111111111"}}}})
	const card, time = "4111111111111111", "1767571200419844133"
	for _, n := range []string{card, time, "36227206271667", "6011000990139424", "411111111111111", "41111111111111111", "0004111111111111111", "4111111111111111000"} {
		for _, form := range []string{`N`, `[N]`, `{"a":N}`, `[12,N]`, `[1234567,N,N]`, `[-N]`, `[N.5]`, `[1.N]`, `[Ne3]`, `[ N ]`, `["N"]`, `["1 N"]`, `["a",N]`, `{"card":N}`, "[1\n,N\n]"} {
			s := strings.ReplaceAll(form, "N", n)
			quietIsRight(t, allowing, s)
			if quietIsRight(t, e, s) && n == card && strings.Contains(s, "["+card+"]") {
				t.Errorf("%s was passed over", s)
			}
		}
	}
	if s := `{"otel":{"start_time_unix_nano":"` + time + `"},"n":` + time + `}`; !quietIsRight(t, e, s) {
		t.Errorf("%s was not passed over", s)
	}
}

// TestQuietNames puts each name of a key where JSON can have it.
func TestQuietNames(t *testing.T) {
	e := engine(t, redact.Config{})
	for _, name := range []string{"password", "DB_Password", "password2", "password_22", "api-key", "x.api.key", "userPin", "cc", "c_c", "CVV", "Authorization", "dob", "otp"} {
		for _, value := range []string{`"hunter2"`, `4111111111111111`, `["x y",{"a":12345678}]`, `"1990-04-05"`, `"a=b; c=d"`} {
			for _, form := range []string{`{"N":V}`, `{"N" : V}`, "{\"N\"\n:\tV}", `["N",V]`, `["--N",V]`, `["N:",V]`, `{"key":"N","value":V}`, `{"value":V,"key":"N"}`, `{"value":V ,"a":1,"name": "N" }`, "[\"N\"\n,V]"} {
				quietIsRight(t, e, strings.NewReplacer("N", name, "V", value).Replace(form))
			}
		}
	}
}

// TestQuietMalformed cuts and damages JSON at each byte: what is passed over is
// well-formed by the walker's measure.
func TestQuietMalformed(t *testing.T) {
	e := engine(t, redact.Config{})
	const whole = `{"a":[1,-2.5e+3,true,null,{}],"b":{"c":[],"d":"x y"},"e":""}`
	if !quietIsRight(t, e, whole) {
		t.Error("the whole is not passed over")
	}
	for i := range whole {
		quietIsRight(t, e, whole[:i])
		quietIsRight(t, e, whole[i:])
		for _, c := range `{}[],:" 1tx` {
			quietIsRight(t, e, whole[:i]+string(c)+whole[i+1:])
			quietIsRight(t, e, whole[:i]+string(c)+whole[i:])
		}
	}
	deep := strings.Repeat(`{"a":`, 70) + "1" + strings.Repeat("}", 70)
	quietIsRight(t, e, deep)
	quietIsRight(t, e, strings.Repeat("[", 64)+strings.Repeat("]", 64))
}

// TestQuietTranscripts compares the look at quiet JSON with the walk on every
// line of recorded agents, and each of its members.
func TestQuietTranscripts(t *testing.T) {
	if testing.Short() {
		t.Skip("the race run: one goroutine looks at texts")
	}
	e := engine(t, redact.Config{})
	for _, name := range transcripts {
		text, err := os.ReadFile(sharedData + name)
		if err != nil {
			t.Skipf("the transcripts are not here: %v", err)
		}
		n, quiet := 0, 0
		for _, l := range bytes.Split(bytes.TrimSpace(text), []byte("\n"))[:10] {
			strs(l, func(s string) {
				n++
				q, _ := json.Marshal(s)
				if quietIsRight(t, e, string(q)) {
					quiet++
				}
				if json.Valid([]byte(s)) {
					quietIsRight(t, e, s)
				}
			})
		}
		t.Logf("%s: %d of %d strings were passed over", name, quiet, n)
	}
}

// FuzzQuiet does the same for any JSON.
func FuzzQuiet(f *testing.F) {
	f.Add(`{"a":["x",1],"b":{"c":"d"}}`, 1)
	f.Add(`["curl","-u","a:b"]`, 2)
	f.Add(`{"value":"x","name":"otp"}`, 3)
	e := engine(f, redact.Config{})
	pieces := hardTexts()
	f.Fuzz(func(t *testing.T, s string, n int) {
		quietIsRight(t, e, s)
		if q, err := json.Marshal(pieces[uint(n)%uint(len(pieces))]); err == nil && json.Valid([]byte(s)) {
			quietIsRight(t, e, `{"x":`+s+`,"y":`+string(q)+`,"z":`+s+`}`)
		}
	})
}
