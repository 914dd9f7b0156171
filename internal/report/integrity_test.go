package report

import (
	"testing"
	"time"
)

// What the integrity line claims is what was looked at, no more.
func TestIntegrityLine(t *testing.T) {
	at := time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)
	signed := func(v *Verified) *Integrity { return &Integrity{Logs: 4, Entries: 1_204_113, Verified: v} }
	for name, c := range map[string]struct {
		of   *Integrity
		want string
	}{
		"nobody looked":      {nil, "not looked at"},
		"signatures alone":   {signed(nil), "✅ 4 logs signed up to 1,204,113 entries, no gaps (hansard verify reads each entry)"},
		"all verified":       {signed(&Verified{at, 4, 1_204_113, 0}), "✅ 4 logs verified up to 1,204,113 entries, no gaps (2026-11-23T03:00:00Z)"},
		"some came later":    {signed(&Verified{at, 1, 1_000, 0}), "✅ 1 log verified up to 1,000 entries, no gaps (2026-11-23T03:00:00Z; since then 4 logs signed up to 1,204,113 entries)"},
		"something is wrong": {signed(&Verified{at, 4, 1_204_113, 2}), "❌ the verification that ended at 2026-11-23T03:00:00Z has findings: run hansard verify"},
		"a gap comes first":  {&Integrity{Logs: 4, Gaps: []string{"a/info"}, Verified: &Verified{at, 4, 9, 0}}, "❌ there are gaps in a/info: run hansard verify"},
	} {
		if got := c.of.line(); got != c.want {
			t.Errorf("%s: %s\nwant: %s", name, got, c.want)
		}
	}
}
