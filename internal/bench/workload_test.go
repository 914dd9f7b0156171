package bench_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/hansardhq/hansard/internal/bench"
	"github.com/hansardhq/hansard/internal/dialect"
)

// TestShape holds the events to what they are said to be.
func TestShape(t *testing.T) {
	w := bench.NewWorkload(1, 1_000_000)
	types, agents, tools, sizes := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	var flat dialect.Flat
	ids := map[string]bool{}
	total, n, errors, personal := 0, 0, 0, 0
	for block := range 4 {
		var b bench.Block
		w.Fill(&b, block)
		if len(b.Ends) != bench.BlockEvents || b.Ends[len(b.Ends)-1] != len(b.Body) {
			t.Fatalf("block %d: %d events, ends at %d of %d", block, len(b.Ends), b.Ends[len(b.Ends)-1], len(b.Body))
		}
		for i := range b.Ends {
			line := b.Lines(i, i+1)
			var members map[string]json.RawMessage
			if err := json.Unmarshal(line, &members); err != nil || len(members) != 23 {
				t.Fatalf("%d members, %v: %s", len(members), err, line)
			}
			e, err := flat.Decode(bytes.TrimSuffix(line, []byte("\n")))
			if err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			if e.Attributes != nil {
				t.Fatalf("not an event's own member: %s", e.Attributes)
			}
			if ids[e.EventID] {
				t.Fatalf("%s comes twice", e.EventID)
			}
			ids[e.EventID] = true
			if e.ParentEventID != "" && !ids[e.ParentEventID] {
				t.Fatalf("%s comes before its parent", e.EventID)
			}
			types[e.EventType]++
			agents[e.AgentName]++
			sizes[e.TraceID]++
			if e.ToolName != "" {
				tools[e.ToolName]++
			}
			if e.Status != "ok" {
				errors++
			}
			if bytes.Contains(line, []byte("@example.com")) {
				personal++
			}
			total += len(line)
			n++
		}
	}
	if len(types) != 10 || len(agents) != 50 || len(tools) != 40 {
		t.Errorf("%d types, %d agents, %d tools", len(types), len(agents), len(tools))
	}
	for id, size := range sizes {
		if size < 5 || size > 35 {
			t.Errorf("trace %s has %d events", id, size)
		}
	}
	if mean := total / n; mean < 600 || mean > 660 {
		t.Errorf("%d bytes an event", mean)
	}
	for name, count := range map[string]int{"errors": errors, "events with addresses": personal} {
		if count < n/100 || count > n/5 {
			t.Errorf("%d %s of %d events", count, name, n)
		}
	}
	t.Logf("%d bytes an event; types %v; %d failed, %d with addresses", total/n, types, errors, personal)
}

// TestSeed: the same seed makes the same events, another one makes others, and
// a block does not depend on what was made before it.
func TestSeed(t *testing.T) {
	fill := func(w *bench.Workload, numbers ...int) []byte {
		var b bench.Block
		for _, n := range numbers {
			w.Fill(&b, n)
		}
		return bytes.Clone(b.Body)
	}
	want := fill(bench.NewWorkload(1, 100_000), 3)
	if !bytes.Equal(want, fill(bench.NewWorkload(1, 100_000), 0, 7, 3)) {
		t.Error("the same seed makes other events")
	}
	if bytes.Equal(want, fill(bench.NewWorkload(2, 100_000), 3)) || bytes.Equal(want, fill(bench.NewWorkload(1, 100_000), 4)) {
		t.Error("another seed or block makes the same events")
	}
}

// TestQueryArguments: what queries ask for is there.
func TestQueryArguments(t *testing.T) {
	w := bench.NewWorkload(5, 1_000_000)
	var b bench.Block
	w.Fill(&b, 24) // events 120,000 and following
	for n := range bench.BlockEvents / 35 {
		if id := w.TraceID(24, n); !bytes.Contains(b.Body, []byte(`"trace_id":"`+id+`"`)) {
			t.Errorf("trace %d, %s, is not in its block", n, id)
		}
	}
	if got := bytes.Count(b.Body, []byte("quokka")); got != 1 {
		t.Errorf("the rare word stands there %d times", got)
	}
	lines := slices.Collect(bytes.Lines(b.Body))
	if len(lines) != bench.BlockEvents || !bytes.Equal(bytes.Join(lines[10:20], nil), b.Lines(10, 20)) {
		t.Error("lines are not where Ends says")
	}
}

func BenchmarkFill(b *testing.B) {
	w := bench.NewWorkload(1, 1_000_000)
	var block bench.Block
	for n := 0; b.Loop(); n++ {
		w.Fill(&block, n)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*bench.BlockEvents), "ns/event")
}
