package redact_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/bench"
	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/rawjson"
	"github.com/hansardhq/hansard/internal/redact"
)

// prose is ordinary text of an agent at work, without anything to redact.
const prose = `The customer asked to change the cabin of both flights to economy and to keep the baggage as it is.
I looked at the reservation first: it was booked on May 12 for two passengers, and the fare rules allow one change
within 24 hours. The difference comes to $254 per person, which goes back to the original payment method within
5 to 7 business days. Before I make the change, I should list the details and get an explicit yes from the user.
Policy says that basic economy cannot be modified, but this fare is not basic economy; the tool returned "economy".
Next step: call update_reservation_flights with the new cabin, then confirm the refund and close the conversation.
`

func BenchmarkText(b *testing.B) {
	e := engine(b, redact.Config{})
	text := strings.Repeat(prose, 16)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if out, _, err := e.Text(keys(), text); err != nil || out != text {
			b.Fatal("the prose was changed", err)
		}
	}
}

// BenchmarkTextHits has an address and a number in each paragraph.
func BenchmarkTextHits(b *testing.B) {
	e := engine(b, redact.Config{})
	text := strings.Repeat(prose+"Write to anna.schmidt@example.com or call +49 30 901820.\n", 16)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, _, err := e.Text(keys(), text); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTranscript runs over recorded agents at work, JSON and code.
func BenchmarkTranscript(b *testing.B) {
	for _, name := range transcripts {
		b.Run(name[strings.LastIndexByte(name, '/')+1:], func(b *testing.B) {
			text, err := os.ReadFile(sharedData + name)
			if err != nil {
				b.Skipf("the transcripts are not here: %v", err)
			}
			e := engine(b, redact.Config{})
			lines := bytes.Split(bytes.TrimSpace(text[:min(len(text), 8<<20)]), []byte("\n"))
			if len(lines) > 1 {
				lines = lines[:len(lines)-1]
			}
			b.SetBytes(int64(len(text[:min(len(text), 8<<20)])))
			for b.Loop() {
				for _, l := range lines {
					if _, err := e.Redact(keys(), &hansard.Entry{Event: hansard.Event{Params: json.RawMessage(l)}}); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// BenchmarkRedact redacts an event of about 600 bytes.
func BenchmarkRedact(b *testing.B) {
	e := engine(b, redact.Config{})
	entry := hansard.Entry{Event: hansard.Event{
		EventID: "0193a5b2-7c1e-7d3a-9b1e-2f4c6d8e0a1b", EventType: hansard.TypeToolCall, AgentName: "support",
		SessionID: "sess-2024-11-05-a", TraceID: "4bf92f3577b34da6a3ce929d0e0e4736", SpanID: "00f067aa0ba902b7",
		Action: "tool_call:get_reservation", ToolName: "get_reservation", ToolCallID: "call_oIHazX6yQrB8hUwl4cRilFKj",
		Params:    json.RawMessage(`{"reservation_id":"8JX2WO","include":["flights","payment_history"],"limit":20}`),
		Result:    json.RawMessage(`{"reservation_id":"8JX2WO","origin":"SFO","destination":"JFK","flights":[{"flight_number":"HAT268","date":"2024-05-24","price":149}],"cabin":"economy","created_at":"2024-05-14T17:31:55"}`),
		Reasoning: "I look at the reservation before I change the cabin, because basic economy cannot be changed.",
		Model:     "gpt-4o", Provider: "openai", Status: "ok",
	}}
	k := keys()
	b.ReportAllocs()
	for b.Loop() {
		c := entry
		if _, err := e.Redact(k, &c); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEvents redacts the events of the invented team of hansard bench as
// they come, one after the other through one engine: ids that are new each time,
// names that recur, JSON, prose, now and then what is looked for.
func BenchmarkEvents(b *testing.B) {
	events := workload(b, 2)
	e, k := engine(b, redact.Config{}), keys()
	var entry hansard.Entry
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		entry = *events[n]
		if _, err := e.RedactDecoded(k, &entry); err != nil {
			b.Fatal(err)
		}
		if n++; n == len(events) {
			n = 0
		}
	}
}

// BenchmarkPersons redacts an event that names a user and an approver by their addresses.
func BenchmarkPersons(b *testing.B) {
	e, k := engine(b, redact.Config{}), keys()
	b.ReportAllocs()
	for b.Loop() {
		entry := hansard.Entry{Event: hansard.Event{UserID: "anna.schmidt@example.com", Approver: "Bob.Miller@example.com"}}
		if _, err := e.RedactDecoded(k, &entry); err != nil {
			b.Fatal(err)
		}
	}
}

// workload returns the events of so many blocks of hansard bench. What redaction
// writes to are their fields only: a copy of one can be redacted.
func workload(tb testing.TB, blocks int) []*hansard.Entry {
	tb.Helper()
	w := bench.NewWorkload(1, 1_000_000)
	var flat dialect.Flat
	var block bench.Block
	var events []*hansard.Entry
	for n := range blocks {
		w.Fill(&block, n)
		for i := range block.Ends {
			entry := new(hansard.Entry)
			if err := flat.DecodeInto(&entry.Event, bytes.TrimSpace(block.Lines(i, i+1))); err != nil {
				tb.Fatal(err)
			}
			events = append(events, entry)
		}
	}
	return events
}

// BenchmarkStrings runs over the texts of recorded agents at work, taken out of
// their JSON: what people and models write, results of tools, code, logs.
func BenchmarkStrings(b *testing.B) {
	for _, name := range transcripts {
		b.Run(name[strings.LastIndexByte(name, '/')+1:], func(b *testing.B) {
			text, err := os.ReadFile(sharedData + name)
			if err != nil {
				b.Skipf("the transcripts are not here: %v", err)
			}
			var texts []string
			size := int64(0)
			for _, l := range bytes.Split(bytes.TrimSpace(text), []byte("\n")) {
				leaves(l, func(s string) { texts, size = append(texts, s), size+int64(len(s)) })
			}
			e, k := engine(b, redact.Config{}), keys()
			b.SetBytes(size)
			for b.Loop() {
				for _, s := range texts {
					if _, _, err := e.Text(k, s); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// leaves calls f with every decoded string value in the JSON b.
func leaves(b []byte, f func(string)) {
	switch b[rawjson.SkipSpace(b, 0)] {
	case '"':
		f(string(rawjson.Unquote(nil, bytes.TrimSpace(b))))
	case '{':
		_ = rawjson.Object(b, func(_, v []byte) error { leaves(v, f); return nil })
	case '[':
		_ = rawjson.Array(b, func(v []byte) error { leaves(v, f); return nil })
	}
}

// BenchmarkNew lays out an engine: part of every start.
func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := redact.New(redact.Config{}); err != nil {
			b.Fatal(err)
		}
	}
}
