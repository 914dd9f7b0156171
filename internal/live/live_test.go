package live_test

import (
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/live"
	"github.com/hansardhq/hansard/internal/part"
)

func entry(tenant string, tier hansard.Tier, position uint64) *hansard.Entry {
	return &hansard.Entry{Position: position, Tier: tier, Log: hansard.LogID{Tenant: tenant, Tier: tier}}
}

func watch(t *testing.T, hub *live.Hub, tenant string, depth int) *live.Watcher {
	t.Helper()
	w, err := hub.Watch(tenant, depth)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestTooManyWatchers(t *testing.T) {
	hub := live.New()
	for range live.MaxWatchers {
		watch(t, hub, "acme", 1)
	}
	if _, err := hub.Watch("acme", 1); hansard.KindOf(err) != hansard.KindBusy {
		t.Errorf("one more: %v", err)
	}
	watch(t, hub, "other", 1)
}

// rows returns the entries as the ledger hands them over.
func rows(entries ...*hansard.Entry) []*part.Row { return part.NewEncoder().RowsOf(entries) }

func TestWatch(t *testing.T) {
	hub := live.New()
	w := watch(t, hub, "acme", 4)
	hub.Committed(rows(
		entry("acme", hansard.TierInfo, 1), entry("acme", hansard.TierMeta, 2), entry("acme", hansard.TierDebug, 3), entry("other", hansard.TierInfo, 1),
	))
	hub.Committed(rows(entry("acme", hansard.TierMeta, 4)))
	got := <-w.Events()
	if len(got) != 2 || got[0].Position != 1 || got[1].Position != 3 {
		t.Errorf("got %v", got)
	}
	select {
	case more := <-w.Events():
		t.Errorf("statements alone were handed on: %v", more)
	default:
	}
	w.Close()
	w.Close()
	if _, open := <-w.Events(); open || hub.Watchers() != 0 {
		t.Error("closing did not end the watching")
	}
}

func TestSlowWatcherIsDropped(t *testing.T) {
	hub := live.New()
	slow, quick := watch(t, hub, "acme", 1), watch(t, hub, "acme", 10)
	for i := range uint64(3) {
		hub.Committed(rows(entry("acme", hansard.TierInfo, i)))
	}
	if n := len(quick.Events()); n != 3 || hub.Watchers() != 1 {
		t.Errorf("the quick watcher has %d commits, %d are watching", n, hub.Watchers())
	}
	<-slow.Events()
	if _, open := <-slow.Events(); open {
		t.Error("the slow watcher is still there")
	}
}
