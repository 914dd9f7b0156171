package live_test

import (
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/live"
)

// TestTap: a tap hears of all tenants' events and of no statement, and never
// holds a commit up.
func TestTap(t *testing.T) {
	hub := live.New()
	tap := hub.Tap(1)
	hub.Committed(rows(entry("acme", hansard.TierInfo, 1), entry("acme", hansard.TierMeta, 2), entry("other", hansard.TierDebug, 1)))
	hub.Committed(rows(entry("acme", hansard.TierMeta, 3))) // nothing to hand over
	hub.Committed(rows(entry("acme", hansard.TierInfo, 4), entry("acme", hansard.TierInfo, 5)))
	if tap.Missed() != 2 || tap.Waiting() != 1 {
		t.Errorf("%d missed, %d waiting", tap.Missed(), tap.Waiting())
	}
	got := <-tap.Rows()
	if len(got) != 2 || got[0].Log.Tenant != "acme" || got[1].Log.Tenant != "other" {
		t.Errorf("got %d rows", len(got))
	}
	tap.Done(got)
	hub.Committed(rows(entry("acme", hansard.TierInfo, 6)))
	tap.Done(<-tap.Rows())
	tap.Close()
	hub.Committed(rows(entry("acme", hansard.TierInfo, 7)))
	if tap.Waiting() != 0 || tap.Missed() != 2 {
		t.Errorf("after its end: %d waiting, %d missed", tap.Waiting(), tap.Missed())
	}
}
