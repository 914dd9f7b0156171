package dialect_test

import (
	"math/rand/v2"
	"testing"

	"github.com/hansardhq/hansard/internal/dialect"
)

// TestShapes maps spans whose keys are chosen, repeated, swapped and left out at random,
// with what is remembered of the spans before, and without. It must not matter.
func TestShapes(t *testing.T) {
	keys, texts := vocabulary(t)
	keys = append(keys, "gen_ai.prompt.0.content", "gen_ai.prompt.0.role", "gen_ai.operation.namf", "gen_ai.operatioo.name", "")
	r := rand.New(rand.NewPCG(1, 2))
	var lists [][]string
	mapper, ids := dialect.OTel{LeftOver: true}, []string{"", "t", "u"}
	for i := range 3000 {
		if i%3 == 0 || len(lists) == 0 {
			list := make([]string, r.IntN(12))
			for k := range list {
				list[k] = keys[r.IntN(len(keys))]
			}
			lists = append(lists, list)
		}
		list := append([]string(nil), lists[r.IntN(len(lists))]...)
		if n := len(list); n > 1 && i%2 == 0 {
			a, b := r.IntN(n), r.IntN(n)
			list[a], list[b] = list[b], list[a]
		}
		if n := len(list); n > 0 && i%5 == 0 {
			list[r.IntN(n)] = keys[r.IntN(len(keys))]
		}
		var attrs []dialect.Attr
		if i%4 > 0 {
			ops := []string{"chat", "execute_tool", "execute_task", "invoke_agent", "Chat", "none"}
			attrs = append(attrs, dialect.Attr{Key: []byte("gen_ai.operation.name"), Value: dialect.StringValue(ops[r.IntN(len(ops))])})
		}
		for _, key := range list {
			v := dialect.StringValue(texts[r.IntN(len(texts))])
			switch r.IntN(4) {
			case 0:
				v = dialect.IntValue(int64(r.IntN(1000)))
			case 1:
				v = dialect.StringValue("")
			}
			attrs = append(attrs, dialect.Attr{Key: []byte(key), Value: v})
		}
		b := &dialect.Batch{Spans: []dialect.Span{{TraceID: "t", SpanID: "s", ParentID: ids[r.IntN(3)], Name: "x", Start: 1, End: 2, Attrs: attrs, Resource: &dialect.Resource{}}}}
		b.Spans = append(b.Spans, b.Spans[0], b.Spans[0])
		b.Spans[1].TraceID, b.Spans[2].ParentID = ids[r.IntN(3)], ids[r.IntN(3)]
		want := describe(mapper.Map(b))
		_ = mapper.Lend(b, func(readings []dialect.Reading) error {
			if got := describe(readings); got != want {
				t.Fatalf("%q: it became\n%s\nwith what was remembered, and\n%s\nwithout", list, got, want)
			}
			return nil
		})
	}
}
