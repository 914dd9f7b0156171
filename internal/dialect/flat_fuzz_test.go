package dialect_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/arena"
	"github.com/hansardhq/hansard/internal/bench"
	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// FuzzDecode decodes any bytes. What decodes is valid JSON by the judgement of
// encoding/json too, keeps the promises of an Event, does not share memory
// with its source, and survives being written and read again. A Decoder says the same.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		flatSample, `{}`, `{"event_type":"x.a","timestamp":"2025-11-23T14:23:01.5+01:00","tier":"info"}`,
		`{"foo":1,"foo":2,"attributes":{"foo":3},"version":"1","agent_version":"2"}`,
		`{"error":{"type":"E","message":"m"},"actor":{"type":"human","id":"a","x":1},"resources":["a",{"kind":"k"}]}`,
		`{"task_id":"` + strings.Repeat("é", 300) + `","tags":["` + strings.Repeat("x", 300) + `"]}`,
		`{"duration_ms":1e3,"cost_usd":0.000000001,"rating":-1e-9,"decision_ms":12345.6789,"confidence":1}`,
		`{"action":"decision:\ud83d\ude00\ud83d","params":{"target":"b"},"event_type":"handoff"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) { checkBytes(t, raw) })
}

// checkBytes is what FuzzDecode promises, for one input.
func checkBytes(t *testing.T, raw []byte) {
	t.Helper()
	flat := dialect.Flat{Limits: dialect.Limits{MaxDepth: 20}}
	source := bytes.Clone(raw)
	e, err := flat.Decode(source)
	checkDecoder(t, flat, raw, e, err)
	if err != nil {
		if kind := hansard.KindOf(err); kind != hansard.KindInvalid && kind != hansard.KindTooLarge {
			t.Fatalf("%v: %v", kind, err)
		}
		return
	}
	if !json.Valid(raw) || !utf8.Valid(raw) {
		t.Fatalf("accepted %q", raw)
	}
	checkEvent(t, e)
	text := dialect.AppendEvent(nil, e)
	clear(source)
	if !bytes.Equal(text, dialect.AppendEvent(nil, e)) {
		t.Fatal("the event shares memory with its source")
	}
	// What went to the attributes is one level deeper now.
	again := dialect.Flat{Limits: dialect.Limits{MaxBytes: 1 << 30, MaxDepth: 22}}
	second, err := again.Decode(text)
	if err != nil {
		t.Fatalf("%s, again from %s: %v", raw, text, err)
	}
	second.Truncated = e.Truncated // the one thing that the flat form does not say
	if diff := cmp.Diff(e, second); diff != "" {
		t.Fatalf("%s, again from %s (-first +second):\n%s", raw, text, diff)
	}
}

// checkDecoder checks that a Decoder with an arena makes the same of raw: want, or an
// error like werr. Between tabs it finds nothing as it expects it, and the second
// time everything where it was.
func checkDecoder(t *testing.T, flat dialect.Flat, raw []byte, want *hansard.Event, werr error) {
	t.Helper()
	var memory arena.Arena
	d := dialect.Decoder{Flat: flat, Arena: &memory}
	for _, in := range [][]byte{raw, tabbed(raw), raw} {
		var e hansard.Event
		source := bytes.Clone(in)
		err := d.Decode(&e, source)
		clear(source)
		if bytes.Equal(in, raw) && fmt.Sprint(err) != fmt.Sprint(werr) || hansard.KindOf(err) != hansard.KindOf(werr) {
			t.Fatalf("Decoder: %q: %v, want %v", in, err, werr)
		}
		if err == nil && !reflect.DeepEqual(want, &e) {
			t.Fatalf("Decoder: %q (-want +got):\n%s", in, cmp.Diff(want, &e))
		}
	}
}

// tabbed returns JSON with tabs before and behind each token, as far as it is JSON.
func tabbed(raw []byte) (out []byte) {
	for i := 0; i < len(raw); {
		switch c := raw[i]; c {
		case '"':
			end := i + 1
			for end < len(raw) && raw[end] != '"' {
				if raw[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end+1, len(raw))
			out = append(append(append(out, '\t'), raw[i:end]...), '\t')
			i = end
			continue
		case '{', '}', '[', ']', ':', ',':
			out = append(out, '\t', c, '\t')
		default:
			out = append(out, c)
		}
		i++
	}
	return out
}

// TestDecoderKeepsToItsEvent decodes events of many shapes with one Decoder, so that it
// expects of each what the ones before had.
func TestDecoderKeepsToItsEvent(t *testing.T) {
	var block bench.Block
	bench.NewWorkload(1, 100_000).Fill(&block, 3)
	lines := bytes.Split(bytes.TrimSpace(block.Body), []byte("\n"))
	rng := rand.New(rand.NewPCG(5, 5))
	var memory arena.Arena
	flat := dialect.Flat{Unbounded: true}
	d := dialect.Decoder{Flat: flat, Arena: &memory}
	for _, line := range lines[:2000] {
		switch rng.IntN(8) {
		case 0:
			line = tabbed(line)
		case 1: // the way of json.dumps
			line = bytes.ReplaceAll(bytes.ReplaceAll(line, []byte(`":`), []byte(`": `)), []byte(`,"`), []byte(`, "`))
		case 2: // twice the same fields
			line = append(append(line[:len(line)-1:len(line)-1], ','), line[1:]...)
		case 3: // broken
			line = line[:rng.IntN(len(line))]
		}
		want, werr := flat.Decode(line)
		var e hansard.Event
		if err := d.Decode(&e, line); fmt.Sprint(err) != fmt.Sprint(werr) {
			t.Fatalf("%s: %v, want %v", line, err, werr)
		}
		if werr == nil && !reflect.DeepEqual(want, &e) {
			t.Fatalf("%s (-want +got):\n%s", line, cmp.Diff(want, &e))
		}
	}
}

// TestDecoderComparesKeys sends, where a Decoder expects a key, one that differs in a
// byte.
func TestDecoderComparesKeys(t *testing.T) {
	var flat dialect.Flat
	var memory arena.Arena
	d := dialect.Decoder{Arena: &memory}
	for _, name := range append(slices.Clone(fieldNames), "event_id", "event_type", "timestamp") {
		right := []byte(`{"` + name + `":"x","status":"ok"}`)
		for i := range len(`{"` + name + `":`) {
			wrong := bytes.Clone(right)
			wrong[i] ^= 4
			for _, in := range [][]byte{right, wrong} {
				var e hansard.Event
				err := d.Decode(&e, in)
				want, werr := flat.Decode(in)
				if fmt.Sprint(err) != fmt.Sprint(werr) || err == nil && !reflect.DeepEqual(want, &e) {
					t.Fatalf("%s: %v, want %v (-want +got):\n%s", in, err, werr, cmp.Diff(want, &e))
				}
			}
		}
	}
}

// TestDecoderAttributes sends attributes that can stay as they are, and such that cannot.
func TestDecoderAttributes(t *testing.T) {
	for _, in := range []string{
		`{"attributes":{}}`, `{"attributes":{} ,"status":"ok"}`, `{"attributes":{"a":1}}`, `{"attributes": {"a": 1}}`,
		`{"attributes":{"a":1} ,"status":"ok"}`, `{"attributes":{"a":"\ud800"}}`, `{"attributes":{"a":1},"foo":2}`,
		`{"attributes":{"a":1},"attributes":{"b":2}}`, `{"attributes":{"a":1},"attributes":{}}`, `{"attributes":[1]}`,
		`{"attributes":{"a":1},"attributes":null}`, `{"attributes":{"a":1},"task_id":"` + strings.Repeat("x", 300) + `"}`,
	} {
		var flat dialect.Flat
		want, err := flat.Decode([]byte(in))
		checkDecoder(t, flat, []byte(in), want, err)
	}
}

// TestDecodeRandomObjects is FuzzDecode's check on objects put together from
// known names and values of every kind, many of them twice.
func TestDecodeRandomObjects(t *testing.T) {
	names := append(slices.Clone(fieldNames), "event_id", "event_type", "timestamp", "foo", "foo~2", "overflow.tags")
	values := []string{
		`null`, `""`, `0`, `-1`, `1.50`, `1e3`, `0.00000049`, `true`, `false`, `[]`, `{}`, `"critical"`, `"ok"`, `"read"`,
		`"2025-11-23T14:23:01.5Z"`, `"agent.handoff"`, `"error"`, `"x.y"`, `"tool_call:\ud83d\ude00"`, `"decision: z "`,
		`"` + strings.Repeat("é", 700) + `"`, `[1,"a",null,{"b":[2]}]`, `["` + strings.Repeat("x", 300) + `"]`,
		`[` + strings.Repeat(`"i",`, 70) + `1]`, `{"target":"t","type":"human","id":5,"role":"\u0000","message":"m"}`,
		`{"foo":1,"tier":"info","status":"odd"}`, `[{"kind":"k","id":"i"},{"data_class":{}}]`, ` "\ud800" `,
	}
	rng := rand.New(rand.NewPCG(7, 7))
	most := 5000
	if testing.Short() {
		most = 300 // the race run: one goroutine decodes
	}
	for range most {
		raw := []byte(`{`)
		for n := range rng.IntN(12) {
			if n > 0 {
				raw = append(raw, " , "...)
			}
			raw = append(rawjson.AppendQuote(raw, names[rng.IntN(len(names))]), ':')
			raw = append(raw, values[rng.IntN(len(values))]...)
		}
		checkBytes(t, append(raw, '}'))
	}
}

// checkEvent checks what every reader of an Event may rely on.
func checkEvent(t *testing.T, e *hansard.Event) {
	t.Helper()
	for _, id := range []string{e.EventID, e.TaskID, e.UserID, e.TraceID, e.ActorID, e.Approver, e.EventType} {
		if len(id) > 256 || !utf8.ValidString(id) {
			t.Fatalf("id %q", id)
		}
	}
	for _, name := range []string{e.AgentName, e.AgentVersion, e.Action, e.ToolName, e.Decision, e.ErrorType, e.HandoffTo} {
		if len(name) > 1024 || !utf8.ValidString(name) {
			t.Fatalf("name %q", name)
		}
	}
	for _, v := range []json.RawMessage{e.Params, e.Result, e.Alternatives, e.Messages, e.Response, e.Attributes} {
		if v != nil && (rawjson.Valid(v, 22) != nil || !bytes.Equal(v, rawjson.Compact(nil, v))) {
			t.Fatalf("raw JSON %q", v)
		}
	}
	if len(e.Attributes) > 0 && e.Attributes[0] != '{' {
		t.Fatalf("attributes %s", e.Attributes)
	}
	for _, n := range []hansard.Opt[int64]{e.DurationUS, e.DecisionUS, e.CostNanoUSD, e.InputTokens, e.Attempt} {
		if n.V < 0 || n.V > hansard.MaxSafeInteger || !n.Set && n.V != 0 {
			t.Fatalf("number %+v", n)
		}
	}
	if !strings.HasPrefix(e.EventType, "x.") && !slices.Contains(hansard.EventTypes, e.EventType) {
		t.Fatalf("event type %q", e.EventType)
	}
	if e.Status != "" && !slices.Contains(hansard.Statuses, e.Status) || e.Error != "" && (e.Status == "" || e.Status == "ok") {
		t.Fatalf("status %q", e.Status)
	}
	if len(e.Tags) > 64 || len(e.OnBehalfOf) > 64 || len(e.Resources) > 64 {
		t.Fatal("a list is too long")
	}
	if (e.TimeSource == hansard.TimeFromSender) != (e.Timestamp != 0) || e.Timestamp < 0 {
		t.Fatalf("timestamp %d, source %q", e.Timestamp, e.TimeSource)
	}
}

// fieldNames has the fields that take any value without rejecting the event.
var fieldNames = []string{
	"agent_name", "agent_id", "agent_version", "version", "task_id", "session_id", "user_id", "trace_id", "span_id",
	"parent_event_id", "service", "environment", "tags", "action", "tool_name", "tool_call_id", "side_effect", "params",
	"result", "duration_ms", "status", "reasoning", "decision", "alternatives", "confidence", "source", "actor",
	"on_behalf_of", "provenance", "intervention", "approval_id", "approver", "arguments_hash", "policy_id",
	"policy_version", "decision_ms", "handoff_from", "handoff_to", "context_summary", "model", "provider",
	"input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "token_count",
	"cost_usd", "cost_source", "error", "error_type", "stack_trace", "recovery_action", "attempt", "rating",
	"correction", "comment", "follow_up", "resources", "messages", "response", "attributes", "position", "received_at",
	"submitted_by", "tier", "labels", "redactions", "truncated", "dialect", "time_source", "log", "index", "leaf_hash",
	"statement", "unheard_of",
}

// TestNothingIsLost sends every known field with every kind of value and looks
// for the value: in the event's field, or in the attributes.
func TestNothingIsLost(t *testing.T) {
	long := strings.Repeat("abcdefgh", 200)
	values := map[string]string{ // value: what must be found of it
		`"needle"`: "needle", `8675309`: "8675309", `-8675309.25`: "8675309.25", `true`: "true",
		`{"needle":"pin"}`: "pin", `["needle"]`: "needle", `[[["needle"]]]`: "needle", `"` + long + `"`: long,
		`["` + long + `",{"id":5551212}]`: long, `[{"id":"needle","kind":{"x":5551212}}]`: "5551212",
	}
	for _, name := range fieldNames {
		for value, want := range values {
			raw := `{"` + name + `":` + value + `}`
			e, err := new(dialect.Flat).Decode([]byte(raw))
			if err != nil {
				t.Errorf("Decode(%s) = %v", raw, err)
				continue
			}
			if out := string(dialect.AppendEvent(nil, e)); !strings.Contains(out, want) {
				t.Errorf("%s is lost: %s became %s", want, raw, out)
			}
		}
	}
}

// FuzzAppendEvent builds an event from any texts and numbers and reads back
// what is written of it.
func FuzzAppendEvent(f *testing.F) {
	f.Add("a", "b\"\\\n\x00é", int64(1), int64(hansard.MaxSafeInteger), int64(1763907781123456789), 0.25)
	f.Add("x.custom", "tool_call:x", int64(1000), int64(0), int64(-5), 1e300)
	f.Fuzz(func(t *testing.T, short, text string, a, b, at int64, x float64) {
		short, text = strings.ToValidUTF8(short, "?"), strings.ToValidUTF8(text, "?")
		a, b, at = max(a&hansard.MaxSafeInteger, 1), b&hansard.MaxSafeInteger, at&(1<<62-1)
		if len(short) > 200 || short == "" || text == "" || x != x || x-x != 0 {
			return
		}
		e := event(func(e *hansard.Event) {
			e.EventID, e.TaskID, e.Tags, e.OnBehalfOf = short, short, []string{short, short}, []string{short}
			e.AgentName, e.AgentVersion, e.UserID, e.ToolName, e.Decision = short, short, short, short, short
			e.Reasoning, e.StackTrace, e.Error, e.Status = text, text, text, "timeout"
			e.ActorType, e.ActorID, e.ActorRole = "policy", short, short
			e.Resources = []hansard.Resource{{Kind: short}, {ID: short, Operation: short, DataClass: short}}
			e.DurationUS, e.DecisionUS, e.CostNanoUSD = hansard.Some(a), hansard.Some(b), hansard.Some(b)
			e.InputTokens, e.TokenCount, e.Rating = hansard.Some(b), hansard.Some(a), hansard.Some(x+0)
			e.Params = rawjson.AppendQuote(nil, text)
			e.Attributes = append(rawjson.AppendQuote([]byte("{"), short), []byte(`:[1.50]}`)...)
			if at != 0 {
				e.Timestamp, e.TimeSource = at, hansard.TimeFromSender
			}
		})
		raw := dialect.AppendEvent(nil, e)
		if !json.Valid(raw) {
			t.Fatalf("not JSON: %s", raw)
		}
		got, err := new(dialect.Flat).Decode(raw)
		if err != nil {
			t.Fatalf("Decode(%s) = %v", raw, err)
		}
		if diff := cmp.Diff(e, got); diff != "" {
			t.Fatalf("from %s (-want +got):\n%s", raw, diff)
		}
	})
}
