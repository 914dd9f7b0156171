package ledger_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/arena"
	"github.com/hansardhq/hansard/internal/classify"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/redact"
)

// recorder is a Follower that keeps what a reader would see.
type recorder struct {
	mu    sync.Mutex
	parts map[hansard.LogID][]part.Name
	infos map[hansard.LogID][]part.Info // of the same parts
	fresh map[hansard.LogID][]*part.Row
}

func newRecorder() *recorder {
	return &recorder{parts: map[hansard.LogID][]part.Name{}, infos: map[hansard.LogID][]part.Info{}, fresh: map[hansard.LogID][]*part.Row{}}
}

func (r *recorder) Load(id hansard.LogID, parts []part.Info, fresh []*part.Row) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range parts {
		r.parts[id] = append(r.parts[id], p.Name)
	}
	r.infos[id] = append(r.infos[id], parts...)
	r.fresh[id] = fresh
}

func (r *recorder) Committed(rows []*part.Row) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range rows {
		r.fresh[e.Log] = append(r.fresh[e.Log], e)
	}
}

func (r *recorder) Sealed(id hansard.LogID, added []part.Info, removed []part.Name, end uint64) func() {
	r.mu.Lock()
	defer r.mu.Unlock()
	gone := map[part.Name]bool{}
	for _, n := range removed {
		gone[n] = true
	}
	var names []part.Name
	for _, n := range r.parts[id] {
		if !gone[n] {
			names = append(names, n)
		}
	}
	for _, p := range added {
		names = append(names, p.Name)
	}
	r.parts[id] = names
	infos := slices.DeleteFunc(slices.Clone(r.infos[id]), func(p part.Info) bool { return gone[p.Name] })
	r.infos[id] = append(infos, added...)
	for len(r.fresh[id]) > 0 && r.fresh[id][0].Place.Index < end {
		r.fresh[id] = r.fresh[id][1:]
	}
	return func() {}
}

// entriesOf returns rows as entries.
func entriesOf(t *testing.T, rows []*part.Row) []*hansard.Entry {
	t.Helper()
	enc := part.NewEncoder()
	var entries []*hansard.Entry
	for _, r := range rows {
		e, err := enc.Entry(r)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
	}
	return entries
}

// desk makes records as intake does.
type desk struct {
	t          testing.TB
	engine     *redact.Engine
	classifier *classify.Classifier
	l          *ledger.Ledger
}

func newDesk(t testing.TB, l *ledger.Ledger) *desk {
	t.Helper()
	s, err := stages()
	if err != nil {
		t.Fatal(err)
	}
	return &desk{t, s.engine, s.classifier, l}
}

// staged is what a record goes through ahead of the ledger.
type staged struct {
	engine     *redact.Engine
	classifier *classify.Classifier
}

// stages returns the stages that all tests share: they take longer to make than most
// lives of a ledger.
var stages = sync.OnceValues(func() (s staged, err error) {
	if s.engine, err = redact.New(redact.Config{}); err != nil {
		return s, err
	}
	s.classifier, err = classify.New(classify.Config{})
	return s, err
})

// TestMain has the garbage of many small ledgers collected less often.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}

func (d *desk) record(tenant string, ev hansard.Event) classify.Record {
	d.t.Helper()
	return d.recordIn(new(arena.Lasting), tenant, ev)
}

// recordIn makes a record in memory that others share, whose blocks are large.
func (d *desk) recordIn(memory *arena.Lasting, tenant string, ev hansard.Event) classify.Record {
	d.t.Helper()
	k, key, err := d.l.Pseudonyms(tenant)
	if err != nil {
		d.t.Fatal(err)
	}
	redacted, err := d.engine.Redact(k, &hansard.Entry{Event: ev})
	if err != nil {
		d.t.Fatal(err)
	}
	rec, err := d.classifier.Classify(memory, redacted, "loopback", key)
	if err != nil {
		d.t.Fatal(err)
	}
	return rec
}

func event(i int) hansard.Event {
	types := []string{hansard.TypeToolCall, hansard.TypeReasoning, hansard.TypeDecision, hansard.TypeError}
	return hansard.Event{
		EventID: fmt.Sprintf("e-%d", i), EventType: types[i%4], AgentName: "billing", TraceID: fmt.Sprintf("t-%d", i/10),
		ToolName: "process_refund", Params: json.RawMessage(fmt.Sprintf(`{"order_id":%d,"note":"hello"}`, i)), Reasoning: "because it is so",
		Timestamp: 1763907781000000000 + int64(i)*1e9,
	}
}

func open(t *testing.T, dir string, follower ledger.Follower, change func(*ledger.Config)) *ledger.Ledger {
	t.Helper()
	cfg := ledger.Config{
		Dir: dir, Name: "test", JournalSize: 1 << 18, CheckpointEvery: 20 * time.Millisecond, Follower: follower,
		Fatal: func(err error) { t.Errorf("fatal: %v", err) },
	}
	if change != nil {
		change(&cfg)
	}
	l, err := ledger.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (d *desk) append(l *ledger.Ledger, tenant string, from, to int) []ledger.Result {
	d.t.Helper()
	var memory arena.Lasting
	var records []classify.Record
	for i := from; i < to; i++ {
		records = append(records, d.recordIn(&memory, tenant, event(i)))
	}
	results, err := l.Append(context.Background(), tenant, records)
	if err != nil {
		d.t.Fatal(err)
	}
	return results
}

func closeLedger(t *testing.T, l *ledger.Ledger) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// checkLedger verifies the folder as an outsider would and returns what is in
// it: the count of entries that are no statements.
func checkLedger(t *testing.T, dir string) *ledger.Verification {
	t.Helper()
	v, err := ledger.Verify(ledger.VerifyConfig{Dir: dir, KeyDir: dir + ".keys"})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range v.Findings {
		t.Errorf("finding: %s", f)
	}
	return v
}

// readAll returns every event in the folder by its id, from parts and journal.
func readAll(t *testing.T, dir string) map[string]*hansard.Entry {
	t.Helper()
	r, err := ledger.OpenReader(durable.OS{}, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	f := newPartReader(t, dir)
	r.Follow(f)
	return f.events
}

// partReader is a Follower that reads the parts it is told of.
type partReader struct {
	*recorder
	t      *testing.T
	dir    string
	events map[string]*hansard.Entry
}

func newPartReader(t *testing.T, dir string) *partReader {
	return &partReader{newRecorder(), t, dir, map[string]*hansard.Entry{}}
}

func (p *partReader) Load(id hansard.LogID, parts []part.Info, fresh []*part.Row) {
	all := entriesOf(p.t, fresh)
	for _, info := range parts {
		f, err := os.Open(info.Path(p.dir))
		if err != nil {
			p.t.Fatal(err)
		}
		pf, err := part.NewEncoder().Open(f, info.Bytes, id)
		if err != nil {
			p.t.Fatal(err)
		}
		entries, err := pf.ReadAll()
		if err != nil {
			p.t.Fatal(err)
		}
		all = append(all, entries...)
		f.Close()
	}
	for _, e := range all {
		if id.Tier == hansard.TierMeta {
			continue
		}
		key := id.Tenant + "/" + e.EventID
		if p.events[key] != nil {
			p.t.Errorf("%s is there twice", key)
		}
		p.events[key] = e
	}
}
