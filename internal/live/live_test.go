package live_test

import (
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/live"
)

func entry(tenant string, tier hansard.Tier, position uint64) *hansard.Entry {
	return &hansard.Entry{Position: position, Tier: tier, Log: hansard.LogID{Tenant: tenant, Tier: tier}}
}

func TestWatch(t *testing.T) {
	hub := live.New()
	w := hub.Watch("acme", 4)
	hub.Committed([]*hansard.Entry{
		entry("acme", hansard.TierInfo, 1), entry("acme", hansard.TierMeta, 2), entry("acme", hansard.TierDebug, 3), entry("other", hansard.TierInfo, 1),
	})
	hub.Committed([]*hansard.Entry{entry("acme", hansard.TierMeta, 4)})
	got := <-w.Entries()
	if len(got) != 2 || got[0].Position != 1 || got[1].Position != 3 {
		t.Errorf("got %v", got)
	}
	select {
	case more := <-w.Entries():
		t.Errorf("statements alone were handed on: %v", more)
	default:
	}
	w.Close()
	w.Close()
	if _, open := <-w.Entries(); open || hub.Watchers() != 0 {
		t.Error("closing did not end the watching")
	}
}

func TestSlowWatcherIsDropped(t *testing.T) {
	hub := live.New()
	slow, quick := hub.Watch("acme", 1), hub.Watch("acme", 10)
	for i := range uint64(3) {
		hub.Committed([]*hansard.Entry{entry("acme", hansard.TierInfo, i)})
	}
	if n := len(quick.Entries()); n != 3 || hub.Watchers() != 1 {
		t.Errorf("the quick watcher has %d commits, %d are watching", n, hub.Watchers())
	}
	<-slow.Entries()
	if _, open := <-slow.Entries(); open {
		t.Error("the slow watcher is still there")
	}
}
