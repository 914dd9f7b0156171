package query_test

import (
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
)

func TestZone(t *testing.T) {
	f := func(name, want string) {
		t.Helper()
		loc, err := query.Zone(name)
		if want == "" {
			if hansard.KindOf(err) != hansard.KindInvalid || hansard.HintOf(err) == "" {
				t.Errorf("%q: %v, %v", name, loc, err)
			}
			return
		}
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		if got := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC).In(loc).Format("15:04"); got != want {
			t.Errorf("%q: noon in UTC is %s, want %s", name, got, want)
		}
	}
	f("UTC", "12:00")
	f("Europe/Berlin", "14:00")
	f("+05:30", "17:30")
	f("-08:00", "04:00")
	f("Local", "")
	f("Mars/Base", "")
	f("../etc/passwd", "")
	if loc, err := query.Zone(""); err != nil || loc == nil {
		t.Errorf("local: %v %v", loc, err)
	}
}
