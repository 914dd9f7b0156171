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
		bytes    int64
	}
	// candidates lists, of those to be joined or of the others, the numbers of the first
	// and last part.
	candidates := func(name string, parts []small, quiet, join bool) (got [][2]int) {
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
			info := part.Info{Log: log, Date: p.date, Rows: p.rows, Name: part.Name{First: first, End: end}, LastReceived: p.received, Bytes: p.bytes}
			infos, number[info.Name] = append(infos, info), i
		}
		l.Load(log, infos, nil)
		for _, c := range l.Candidates(now, quiet) {
			if c.Join != join {
				continue
			}
			got = append(got, [2]int{number[c.Parts[0].Name], number[c.Parts[len(c.Parts)-1].Name]})
			if n := got[len(got)-1]; len(c.Parts) != n[1]-n[0]+1 || c.Log != log {
				t.Errorf("%s: %d parts of %v from %d to %d", name, len(c.Parts), c.Log, n[0], n[1])
			}
		}
		return got
	}
	f := func(name string, parts []small, want ...[2]int) {
		t.Helper()
		if d := cmp.Diff(want, candidates(name, parts, false, false)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	joins := func(name string, parts []small, quiet bool, want ...[2]int) {
		t.Helper()
		if d := cmp.Diff(want, candidates(name, parts, quiet, true)); d != "" {
			t.Errorf("join %s (-want +got):\n%s", name, d)
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

	large := small{rows: part.RowGroup, date: "2025-11-23", received: young, bytes: 4 << 20}
	past := small{rows: part.RowGroup, date: "2025-11-22", received: old, bytes: 4 << 20}
	joins("large ones, under load", times(3, large), false)
	joins("large ones, when it is quiet", times(3, large), true, [2]int{0, 2})
	joins("old ones, under load", times(2, past), false, [2]int{0, 1})
	joins("one", times(1, past), true)
	joins("more than fit", times(4, past), true, [2]int{0, 2})
	joins("several runs", times(7, past), true, [2]int{0, 2}, [2]int{3, 5})
	joins("many rows", times(9, small{rows: part.RowGroup, date: "2025-11-22", received: old}), true, [2]int{0, 7})
	joins("two dates", append(times(2, past), times(2, large)...), true, [2]int{0, 1}, [2]int{2, 3})
	joins("a gap", append(times(2, past), small{rows: part.RowGroup, date: "2025-11-22", received: old, gap: 256}), true, [2]int{0, 1})
	joins("a small one that ends a date of the past", append(times(2, past), small{rows: 256, date: "2025-11-22", received: old}), false, [2]int{0, 2})
	joins("a small one that ends today", append(times(2, large), one), true, [2]int{0, 1})
	joins("a small one between", append(append(times(2, past), aged), past), true, [2]int{0, 1})
	joins("two small ones: they are merged first", append(times(2, past), aged, aged), true)
	joins("what is joined, and ends with a small one", append(times(1, past), aged, large, large), true, [2]int{0, 1}, [2]int{2, 3})
	joins("an unfinished last part", append(times(2, large), small{rows: part.RowGroup + 10, date: "2025-11-23", received: young}), true, [2]int{0, 1})
}
