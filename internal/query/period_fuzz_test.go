package query_test

import (
	"testing"
	"time"

	"github.com/hansardhq/hansard/internal/query"
)

// FuzzParsePeriod reads any two ends: a period that is taken has an order, and
// fits into nanoseconds.
func FuzzParsePeriod(f *testing.F) {
	for _, s := range []string{"", "now", "yesterday", "24h", "1d12h", "999999y", "-3mo", "2026-11-23", "2026-02", "2261-12-31", "1677-01-01", "2026-11-23T14:23:01.25Z", "2026-03-29 02:30"} {
		f.Add(s, "now")
		f.Add("10y", s)
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		berlin = time.FixedZone("CET", 3600)
	}
	now := time.Date(2026, 11, 25, 12, 0, 0, 5, time.UTC)
	f.Fuzz(func(t *testing.T, since, until string) {
		for _, loc := range []*time.Location{nil, berlin} {
			p, err := query.ParsePeriod(since, until, now, loc)
			if err != nil {
				continue
			}
			if from, to := p.Bounds(); from >= to {
				t.Fatalf("%q to %q: %d to %d", since, until, from, to)
			}
			if since != "" && p.Since.IsZero() || until != "" && p.Until.IsZero() {
				t.Fatalf("%q to %q: an end is open", since, until)
			}
		}
	})
}
