package query_test

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
)

func equal(a, b query.Node) bool { return reflect.DeepEqual(a, b) }

func TestParsePeriod(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	f := func(since, until, wantSince, wantUntil string) {
		t.Helper()
		p, err := query.ParsePeriod(since, until, now, berlin)
		if err != nil {
			t.Errorf("ParsePeriod(%q, %q): %v", since, until, err)
			return
		}
		show := func(at time.Time) string {
			if at.IsZero() {
				return ""
			}
			return at.Format(time.RFC3339Nano)
		}
		if s, u := show(p.Since), show(p.Until); s != wantSince || u != wantUntil {
			t.Errorf("ParsePeriod(%q, %q) = %s, %s; want %s, %s", since, until, s, u, wantSince, wantUntil)
		}
	}
	f("", "", "", "")
	f("24h", "", "2026-11-22T14:30:00+01:00", "")
	f("-24h", "now", "2026-11-22T14:30:00+01:00", "2026-11-23T14:30:00+01:00")
	f("7d", "1h30m", "2026-11-16T14:30:00+01:00", "2026-11-23T13:00:00+01:00")
	f("2w", "", "2026-11-09T14:30:00+01:00", "")
	f("10y", "", "2016-11-23T14:30:00+01:00", "")
	f("3mo", "", "2026-08-23T14:30:00+02:00", "")
	f("90s", "", "2026-11-23T14:28:30+01:00", "")
	f("1d12h", "", "2026-11-22T02:30:00+01:00", "")
	f("yesterday", "today", "2026-11-22T00:00:00+01:00", "2026-11-23T00:00:00+01:00")
	f("2026-10-25", "2026-10-26", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00")
	f("2026-11", "2026-11-23T08:00", "2026-11-01T00:00:00+01:00", "2026-11-23T08:00:00+01:00")
	f("2026-11-23T08:00:00Z", "", "2026-11-23T09:00:00+01:00", "")
	f("", "2026-11-23T08:00:00.000000001Z", "", "2026-11-23T09:00:00.000000001+01:00")

	bad := func(since, until, mentions string) {
		t.Helper()
		if _, err := query.ParsePeriod(since, until, now, nil); hansard.KindOf(err) != hansard.KindInvalid || err == nil || !strings.Contains(err.Error(), mentions) {
			t.Errorf("ParsePeriod(%q, %q): %v, want invalid and %q", since, until, err, mentions)
		}
	}
	bad("soon", "", "read since: not a time")
	bad("", "24", "read until: not a time")
	bad("7", "", "since")
	bad("h", "", "since")
	bad("1000y", "", "since")
	bad("9999999d", "", "since")
	bad("1fortnight", "", "since")
	bad("2026-02-30", "", "since")
	bad("today", "yesterday", "period is empty")
	bad("2026-11-23", "2026-11-23", "period is empty")
}

func TestPeriodIsHalfOpen(t *testing.T) {
	p := query.Period{Since: time.Unix(0, 10), Until: time.Unix(0, 20)}
	for at, want := range map[int64]bool{9: false, 10: true, 19: true, 20: false} {
		if p.Contains(at) != want {
			t.Errorf("Contains(%d) = %v", at, !want)
		}
	}
	if open := (query.Period{}); !open.Contains(math.MaxInt64) || !open.Contains(math.MinInt64) {
		t.Error("an open period does not contain every time")
	}
}

func TestCursor(t *testing.T) {
	for _, c := range []query.Cursor{{}, {1_700_000_000_000_000_000, 42}, {math.MinInt64, math.MaxUint64}, {-1, 1}} {
		s := c.String()
		if got, err := query.ParseCursor(s); err != nil || got != c || len(s) != 28 {
			t.Errorf("ParseCursor(%q) = %v, %v; want %v", s, got, err, c)
		}
	}
	s := query.Cursor{Timestamp: 5, Position: 6}.String()
	for i := range s {
		changed := s[:i] + string(s[i]^1) + s[i+1:]
		if got, err := query.ParseCursor(changed); hansard.KindOf(err) != hansard.KindInvalid || err == nil {
			t.Errorf("ParseCursor(%q) = %v, %v; want it refused", changed, got, err)
		}
	}
	for _, bad := range []string{"", "x", s + "A", s[1:], s + "\n", strings.Repeat("A", 28)} {
		if _, err := query.ParseCursor(bad); hansard.KindOf(err) != hansard.KindInvalid || err == nil {
			t.Errorf("ParseCursor(%q): %v, want it refused", bad, err)
		}
	}
}

func FuzzParseCursor(f *testing.F) {
	f.Add(query.Cursor{Timestamp: 5, Position: 6}.String())
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := query.ParseCursor(s); err == nil && c.String() != s {
			t.Errorf("%q parses to %v, which is %q", s, c, c.String())
		}
	})
}

func TestQuery(t *testing.T) {
	q, err := query.Query{}.Checked()
	if err != nil || q.Limit != query.DefaultLimit || !query.Match(q.Node, &hansard.Entry{}) {
		t.Errorf("Checked = %v, %v", q, err)
	}
	for _, bad := range []query.Query{{Limit: -1}, {Limit: query.MaxLimit + 1}, {Order: 2}} {
		if _, err := bad.Checked(); err == nil || hansard.KindOf(err) != hansard.KindInvalid {
			t.Errorf("Checked of %+v: %v, want invalid", bad, err)
		}
	}
}

// TestPaging walks a result page by page, in both orders, over entries that
// share timestamps.
func TestPaging(t *testing.T) {
	var entries []*hansard.Entry
	for i := range 25 {
		entries = append(entries, &hansard.Entry{
			Event:    hansard.Event{Timestamp: int64(1 + i/3), AgentName: []string{"a", "b"}[i%2]},
			Position: uint64(i),
		})
	}
	for _, order := range []query.Order{query.NewestFirst, query.OldestFirst} {
		q := query.Query{Node: must(t, "agent:a"), Order: order, Limit: 4, Period: query.Period{Since: time.Unix(0, 2)}}
		var got []uint64
		for {
			var page []*hansard.Entry
			for _, e := range entries {
				if q.Match(e) {
					page = append(page, e)
				}
			}
			slices.SortFunc(page, func(a, b *hansard.Entry) int {
				if order.Before(query.CursorOf(a), query.CursorOf(b)) {
					return -1
				}
				return 1
			})
			if len(page) == 0 {
				break
			}
			for _, e := range page[:min(4, len(page))] {
				got = append(got, e.Position)
				q.After = hansard.Some(query.CursorOf(e))
			}
		}
		want := []uint64{4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24}
		if order == query.NewestFirst {
			slices.Reverse(want)
		}
		if !slices.Equal(got, want) {
			t.Errorf("order %v: got %v, want %v", order, got, want)
		}
	}
}
