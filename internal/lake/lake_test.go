package lake_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/query"
)

// world is a lake beside the entries that it should hold.
type world struct {
	*lake.Lake
	dir string
	enc *part.Encoder
	all []*hansard.Entry
}

// newWorld spreads the entries over parts of at most perPart rows for each log;
// about a quarter of each log stays fresh.
func newWorld(t testing.TB, all []*hansard.Entry, perPart int) *world {
	t.Helper()
	w := &world{dir: t.TempDir(), enc: part.NewEncoder(), all: all}
	var err error
	if w.Lake, err = lake.New(lake.Config{Dir: w.dir, WorkerCommand: []string{workerVerb}, WorkersAhead: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	logs := map[hansard.LogID][]*hansard.Entry{}
	for _, e := range all {
		logs[e.Log] = append(logs[e.Log], e)
	}
	for log, entries := range logs {
		sealed, infos := len(entries)*3/4, []part.Info(nil)
		for i := 0; i < sealed; i += perPart {
			infos = append(infos, writePart(t, w.enc, w.dir, entries[i:min(i+perPart, sealed)]))
		}
		w.Load(log, infos, w.enc.RowsOf(entries[sealed:]))
	}
	return w
}

// selected returns what the query selects on all pages, by the plain rule.
func (w *world) selected(q query.Query) []*hansard.Entry {
	var found []*hansard.Entry
	for _, e := range w.all {
		if e.Tier != hansard.TierMeta && q.Match(e) {
			found = append(found, e)
		}
	}
	slices.SortFunc(found, func(a, b *hansard.Entry) int {
		if q.Order.Before(query.CursorOf(a), query.CursorOf(b)) {
			return -1
		}
		return 1
	})
	return found
}

func parse(t testing.TB, search string) query.Node {
	t.Helper()
	n, err := query.Parse(search, time.Unix(0, epoch).UTC())
	if err != nil {
		t.Fatalf("%s: %v", search, err)
	}
	return n
}

// pages reads all pages of a query and compares them with the plain rule.
func (w *world) pages(t *testing.T, q query.Query, what string) {
	t.Helper()
	want := w.selected(q)
	var got []*hansard.Entry
	for {
		page, err := w.Events(context.Background(), tenant, q)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		got = append(got, page.Entries...)
		if len(page.Entries) > q.Limit {
			t.Fatalf("%s: page of %d entries, limit %d", what, len(page.Entries), q.Limit)
		}
		if !page.Next.Set {
			break
		}
		q.After = page.Next
	}
	same(t, want, got, what)
}

func same(t *testing.T, want, got []*hansard.Entry, what string) {
	t.Helper()
	if len(want) != len(got) {
		t.Errorf("%s: %d entries, want %d", what, len(got), len(want))
	}
	for i := range min(len(want), len(got)) {
		if d := cmp.Diff(want[i], got[i]); d != "" {
			t.Fatalf("%s: entry %d (-want +got):\n%s", what, i, d)
		}
	}
}

var searches = []string{
	"", "*", "agent:billing", "agent:Écho tool:get_order", "-tier:debug", "tier:critical", "tier:critical,debug status:timeout",
	"tool:*_refund", "-tool:*_refund", "tool:get\\_order", "status:error OR cost:>0.5", "NOT (status:ok OR has:duration)",
	"duration:>1s", "duration:1s..1500ms", "-duration:<1s", "cost:0.1..0.2", "confidence:0.87", "confidence:>=0.5", "-confidence:<0.5",
	"tokens:>1", "input_tokens:>4000 -label:aggregate", "label:aggregate", "label:aggr*", "-tag:vip", "tag:Ünï", "has:tags",
	"resources.kind:order", "resources.kind:cust*", "resources.data_class:pii", "-resource:pii:x", "has:resources.id", "redaction:secret", "has:redactions", "-redaction:email",
	"refund", "ZOË", "über", `"REFUND of their order; policy 3"`, "error:*", "error:RESET", `error:"reset` + "\n" + `by"`, "reasoning:refund -reasoning:\"policy 1\"",
	"params:zoë", "params.order_id:7", "params.amount:7.5", "params.amount:>50", "params.amount:10..20.5", "params.nested.ok:true", "params.nested:*", "has:params.note",
	"attributes.http.route:/x", "attributes.http.route:/y", "attributes.retries:2", "attributes.retries:>1", "has:attributes.retries", "-attributes.flag:false",
	"truncated:true", "truncated:false", "has:truncated", "-has:truncated", "user:pii:person:1:00112233aabbccdd", "has:user",
	"trace:trace-000003", "-trace:trace-000003", "trace:trace-00000*", "log:acme/info", "log:*/debug", "index:<5", "position:10..30", "position:>400", "received:>2025-11-23T14:23:01Z",
	"timestamp:>2025-11-23T14:23:01Z", "timestamp:<=2025-11-23T14:23:00.5Z", "timestamp:2025-11-23", "-timestamp:2025-11-23", "time_source:synthetic", "dialect:f*t",
	"event_type:tool_call,tool_result (agent:billing OR agent:support) -status:ok", "statement:x", "has:approval", "env:prod env:dev",
}

func TestEvents(t *testing.T) {
	w := newWorld(t, newSource(1).entries(700), 90)
	for _, s := range searches {
		n := parse(t, s)
		w.pages(t, query.Query{Node: n, Limit: 400}, s)
		w.pages(t, query.Query{Node: n, Limit: 300, Order: query.OldestFirst}, s+" (oldest first)")
	}
}

// TestEventsTextInOneColumn looks for a text that is in another column of each event,
// all of which have values.
func TestEventsTextInOneColumn(t *testing.T) {
	s := newSource(31)
	var all []*hansard.Entry
	for i := range 120 {
		e := s.event()
		e.EventType, e.Params = hansard.TypeError, nil
		columns := []*string{&e.Action, &e.Reasoning, &e.Decision, &e.Error, &e.StackTrace}
		for _, c := range columns {
			*c = fmt.Sprintf("nothing %d", i)
		}
		*columns[i%len(columns)] = fmt.Sprintf("a wordToFind %d", i)
		all = append(all, s.seal(e, hansard.TierCritical))
	}
	w := newWorld(t, all, 50)
	for _, search := range []string{"WORDTOFIND", "wordToFind reasoning:wordtofind", "wordtofind -decision:wordtofind", "nothing"} {
		w.pages(t, query.Query{Node: parse(t, search), Limit: 17}, search)
	}
}

// TestEventsRandom holds the compiled searches against query.Match.
func TestEventsRandom(t *testing.T) {
	w := newWorld(t, newSource(2).entries(500), 60)
	r := rand.New(rand.NewPCG(3, 3))
	for range 120 {
		n := randomNode(t, r, 3)
		since := time.Unix(0, epoch-r.Int64N(2e9)).UTC()
		q := query.Query{Node: n, Limit: 20 + r.IntN(300), Order: query.Order(r.IntN(2))}
		if r.IntN(2) == 0 {
			q.Period = query.Period{Since: since, Until: since.Add(time.Duration(r.Int64N(3e9)))}
		}
		w.pages(t, q, n.String())
	}
}

func randomNode(t *testing.T, r *rand.Rand, depth int) query.Node {
	if depth == 0 || r.IntN(3) == 0 {
		return parse(t, pick(r, searches))
	}
	var nodes []query.Node
	for range 1 + r.IntN(3) {
		nodes = append(nodes, randomNode(t, r, depth-1))
	}
	switch r.IntN(3) {
	case 0:
		return query.And{Nodes: nodes}
	case 1:
		return query.Or{Nodes: nodes}
	}
	return query.Not{Node: nodes[0]}
}

func TestEventsRefused(t *testing.T) {
	w := newWorld(t, newSource(1).entries(20), 10)
	f := func(q query.Query, want hansard.Kind) {
		t.Helper()
		if _, err := w.Events(context.Background(), tenant, q); err == nil || hansard.KindOf(err) != want {
			t.Errorf("%v: error %v, want kind %v", q.Node, err, want)
		}
	}
	f(query.Query{Limit: -1}, hansard.KindInvalid)
	f(query.Query{Node: parse(t, "leaf:00*")}, hansard.KindInvalid)
	f(query.Query{Node: parse(t, "-has:leaf")}, hansard.KindInvalid)
	if page, err := w.Events(context.Background(), "nobody", query.Query{}); err != nil || len(page.Entries) > 0 {
		t.Errorf("unknown tenant: %d entries, %v", len(page.Entries), err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := w.Events(ctx, tenant, query.Query{}); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
}

func TestEventAndTrace(t *testing.T) {
	w := newWorld(t, newSource(4).entries(600), 70)
	ctx := context.Background()
	for i := 0; i < len(w.all); i += 37 {
		got, err := w.Event(ctx, tenant, w.all[i].EventID)
		if err != nil {
			t.Fatal(err)
		}
		same(t, w.all[i:i+1], []*hansard.Entry{got}, w.all[i].EventID)
	}
	if _, err := w.Event(ctx, tenant, "ev-none' OR 1=1"); hansard.KindOf(err) != hansard.KindNotFound {
		t.Errorf("unknown event: %v", err)
	}
	for _, id := range []string{"trace-000000", "trace-000020", "trace-000049", "none"} {
		want := w.selected(query.Query{Node: parse(t, "trace:"+id), Order: query.OldestFirst})
		for _, limit := range []int{100_000, 5} {
			got, err := w.Trace(ctx, tenant, id, limit)
			if err != nil {
				t.Fatal(err)
			}
			same(t, want[:min(limit, len(want))], got, id)
		}
	}
	got, err := w.TracesOfTask(ctx, tenant, "task-3")
	if want := []string{"trace-000009", "trace-000010", "trace-000011"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("traces of a task: %v %v, want %v", got, err, want)
	}
}

// TestNanoseconds fails when the engine reads a part's times more coarsely than
// the record keeps them.
func TestNanoseconds(t *testing.T) {
	s := newSource(5)
	s.step = 1
	var all []*hansard.Entry
	for i := range 40 {
		e := s.event()
		e.Timestamp = epoch + int64(i*7%40) // 40 events within a microsecond
		all = append(all, s.seal(e, hansard.TierInfo))
	}
	w := newWorld(t, all, 10)
	w.pages(t, query.Query{Limit: 7}, "nanoseconds")
	w.pages(t, query.Query{Limit: 7, Node: parse(t, "timestamp:>2025-11-23T14:23:01.250000015Z")}, "after a nanosecond")
}
