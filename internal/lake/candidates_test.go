package lake_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/part"
)

func TestCandidates(t *testing.T) {
	now := time.Unix(0, epoch)
	young, old := now.Add(-time.Minute).UnixNano(), now.Add(-11*time.Minute).UnixNano()
	type small struct {
		rows     int64
		date     string
		received int64
		gap      uint64 // indexes missing before it
	}
	// f lists the parts; want lists the numbers of the first and last part of
	// each candidate.
	f := func(name string, parts []small, want ...[2]int) {
		t.Helper()
		l, err := lake.New(lake.Config{Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		log := hansard.LogID{Tenant: tenant, Tier: hansard.TierInfo}
		var infos []part.Info
		number, end := map[part.Name]int{}, uint64(0)
		for i, p := range parts {
			first := end + p.gap
			end = first + uint64(p.rows)
			info := part.Info{Log: log, Date: p.date, Rows: p.rows, Name: part.Name{First: first, End: end}, LastReceived: p.received}
			infos, number[info.Name] = append(infos, info), i
		}
		l.Load(log, infos, nil)
		var got [][2]int
		for _, c := range l.Candidates(now) {
			got = append(got, [2]int{number[c.Parts[0].Name], number[c.Parts[len(c.Parts)-1].Name]})
			if n := got[len(got)-1]; len(c.Parts) != n[1]-n[0]+1 || c.Log != log {
				t.Errorf("%s: %d parts of %v from %d to %d", name, len(c.Parts), c.Log, n[0], n[1])
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	times := func(n int, p small) []small {
		var list []small
		for range n {
			list = append(list, p)
		}
		return list
	}
	one := small{rows: 256, date: "2025-11-23", received: young}
	aged := small{rows: 256, date: "2025-11-22", received: old}
	f("none", nil)
	f("too few and young", times(7, one))
	f("eight", times(8, one), [2]int{0, 7})
	f("one old part", times(1, aged))
	f("two old parts", times(2, aged), [2]int{0, 1})
	f("two dates", append(times(3, aged), times(8, one)...), [2]int{0, 2}, [2]int{3, 10})
	f("a gap", append(times(4, one), append([]small{{rows: 256, date: "2025-11-23", received: young, gap: 256}}, times(7, one)...)...), [2]int{4, 11})
	f("a large part first", append([]small{{rows: 40960, date: "2025-11-23", received: young}}, times(8, one)...), [2]int{1, 8})
	f("a large part first, then too few", append([]small{{rows: 40960, date: "2025-11-23", received: young}}, times(7, one)...))
	f("as large as the rest", append([]small{{rows: 2048, date: "2025-11-23", received: young}}, times(8, one)...), [2]int{0, 8})
	f("full", times(10, small{rows: 117 * 256, date: "2025-11-23", received: young}), [2]int{0, 7})
	f("parts that are large enough", append(times(4, small{rows: part.RowGroup, date: "2025-11-22", received: old}), times(2, aged)...), [2]int{4, 5})
	f("small ones on both sides", append(append(times(2, aged), small{rows: part.RowGroup, date: "2025-11-22", received: old}), times(3, aged)...), [2]int{0, 1})
	f("an unfinished last part", append(times(8, one), small{rows: 10, date: "2025-11-23", received: young}), [2]int{0, 7})
	f("too few finished", append(times(7, one), small{rows: 10, date: "2025-11-23", received: young}))
	f("full parts", times(3, small{rows: 781 * 256, date: "2025-11-22", received: old}))
}
