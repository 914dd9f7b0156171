package otlp_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/otlp"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// seed adds the golden fixtures, as JSON and as protobuf.
func seed(f *testing.F) {
	files, err := filepath.Glob("../dialect/testdata/otel/*.json")
	if err != nil || len(files) == 0 {
		f.Fatal("no fixtures", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		signal, _ := otlp.Sniff(b)
		f.Add(b, signal == otlp.Logs, true)
		var pb []byte
		if signal == otlp.Logs {
			req := plogotlp.NewExportRequest()
			err = req.UnmarshalJSON(b)
			if err == nil {
				pb, err = req.MarshalProto()
			}
		} else {
			req := ptraceotlp.NewExportRequest()
			err = req.UnmarshalJSON(b)
			if err == nil {
				pb, err = req.MarshalProto()
			}
		}
		if err != nil {
			f.Fatal(file, err)
		}
		f.Add(pb, signal == otlp.Logs, false)
	}
}

// FuzzDecode reads requests: nothing panics, each record is refused or becomes at
// least one event, all that is JSON is valid, and what the collector's library can
// read has as many records here. JSON means the same with and without white space.
func FuzzDecode(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, body []byte, logs, isJSON bool) {
		signal, enc := otlp.Traces, otlp.Protobuf
		if logs {
			signal = otlp.Logs
		}
		if isJSON {
			enc = otlp.JSON
		}
		taken := 0
		mapper := dialect.OTel{LeftOver: true}
		d, err := otlp.Decode(signal, enc, body, otlp.Limits{}, func(b *otlp.Batch) error {
			readings := mapper.Map(&b.Batch)
			if len(readings) != len(b.Places) {
				t.Fatalf("%d readings of %d records", len(readings), len(b.Places))
			}
			taken += len(readings)
			for i := range readings {
				checkReading(t, &readings[i])
			}
			return nil
		})
		if taken+d.Refused != d.Records {
			t.Fatalf("%d records, %d taken, %d refused", d.Records, taken, d.Refused)
		}
		if isJSON {
			checkJSON(t, body, taken, err)
			checkSpellings(t, signal, body)
		}
		if n, ok := countWithPdata(signal, enc, body); ok && err == nil && n != d.Records {
			t.Fatalf("%d records, the collector's library reads %d", d.Records, n)
		}
	})
}

// checkJSON holds that a request in JSON is refused as a whole if it is no JSON, and
// that one which is JSON, and no deeper than all may be, is not.
func checkJSON(t *testing.T, body []byte, taken int, err error) {
	switch isObject := bytes.HasPrefix(bytes.TrimLeft(body, " \n\r\t"), []byte("{")); {
	case rawjson.Valid(body, 1000) != nil && (err == nil || taken > 0):
		t.Fatalf("%d records are taken of what is no JSON, with the error %v", taken, err)
	case rawjson.Valid(body, 100) == nil && (err == nil) != isObject:
		t.Fatalf("of what is JSON it says: %v", err)
	}
}

// checkSpellings compares what a request in JSON becomes without white space, which
// programs write and which is read by a shorter way, with what it becomes with it.
func checkSpellings(t *testing.T, signal otlp.Signal, body []byte) {
	var compact, indented bytes.Buffer
	if rawjson.Valid(body, 200) != nil || json.Compact(&compact, body) != nil || json.Indent(&indented, body, "", " ") != nil {
		return
	}
	read := func(b []byte) (events []*hansard.Event, d *otlp.Decoded) {
		var mapper dialect.OTel
		d, err := otlp.Decode(signal, otlp.JSON, b, otlp.Limits{}, func(b *otlp.Batch) error {
			for _, r := range mapper.Map(&b.Batch) {
				events = append(events, r.Events...)
			}
			return nil
		})
		if err != nil {
			events = nil
		}
		return events, d
	}
	plain, d := read(compact.Bytes())
	spaced, of := read(indented.Bytes())
	if d.String() != of.String() {
		t.Fatalf("%q\nwith white space: %q", d, of)
	}
	if diff := cmp.Diff(spaced, plain); diff != "" {
		t.Fatalf("with white space, without it: %s", diff)
	}
}

func countWithPdata(signal otlp.Signal, enc otlp.Encoding, body []byte) (int, bool) {
	if enc == otlp.JSON {
		return 0, false // it is more lenient with what is no JSON
	}
	if signal == otlp.Logs {
		req := plogotlp.NewExportRequest()
		err := req.UnmarshalProto(body)
		return req.Logs().LogRecordCount(), err == nil
	}
	req := ptraceotlp.NewExportRequest()
	err := req.UnmarshalProto(body)
	return req.Traces().SpanCount(), err == nil
}

func checkReading(t *testing.T, r *dialect.Reading) {
	if len(r.Events) == 0 {
		t.Fatal("a record without an event")
	}
	for _, e := range r.Events {
		if e.EventID == "" || e.EventType == "" || e.Dialect == "" {
			t.Fatalf("id %q, type %q, dialect %q", e.EventID, e.EventType, e.Dialect)
		}
		for _, raw := range [][]byte{e.Params, e.Result, e.Messages, e.Response, e.Attributes} {
			if len(raw) > 0 && rawjson.Valid(raw, 200) != nil {
				t.Fatalf("not JSON: %q", raw)
			}
		}
		for _, n := range []hansard.Opt[int64]{
			e.InputTokens, e.OutputTokens, e.CacheReadTokens, e.CacheWriteTokens, e.ReasoningTokens, e.TokenCount, e.DurationUS, e.CostNanoUSD,
		} {
			if n.V < 0 || n.V > hansard.MaxSafeInteger {
				t.Fatalf("a figure of %d", n.V)
			}
		}
	}
}
