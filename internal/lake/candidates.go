package lake

import (
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// When a merge is worth it.
const (
	MinMerge = 8                // parts that are merged at once, at least,
	MergeAge = 10 * time.Minute // unless the last of them is this old
	// alignment is what a part's end is a multiple of, but for the last of a
	// log, which the ledger still writes anew.
	alignment = 256
)

// Candidate names parts of one log that are worth merging into one: contiguous
// and of one date.
type Candidate struct {
	Log   hansard.LogID
	Parts []part.Info // by index, two at least
	// Join says that their row groups are large enough to be copied as they are, but
	// for those of the last part.
	Join bool
}

// Candidates returns what is worth merging now, for each log and date one run of parts
// to be written anew, or those to be joined. Parts that follow a much larger one are
// merged without it, so that a row is written a few times a day, not once for every
// merge. Large ones are joined when nothing else is to do, which quiet says, or some
// time later.
func (l *Lake) Candidates(now time.Time, quiet bool) []Candidate {
	l.mu.Lock()
	logs := map[hansard.LogID][]*livePart{}
	for tenant, t := range l.tenants {
		for tier, parts := range t.current.parts {
			logs[hansard.LogID{Tenant: tenant, Tier: tier}] = parts
		}
	}
	l.mu.Unlock() // a version's parts do not change
	var found []Candidate
	for log, parts := range logs {
		dates := map[string]bool{}
		for _, run := range runs(parts) {
			if run = worth(run, now); run != nil && !dates[run[0].Date] {
				dates[run[0].Date] = true
				found = append(found, Candidate{Log: log, Parts: run})
			}
		}
		for _, run := range joins(parts, now) {
			if len(run) > 1 && !dates[run[0].Date] && (quiet || aged(run, now)) {
				found = append(found, Candidate{Log: log, Parts: run, Join: true})
			}
		}
	}
	return found
}

// runs cuts the parts of a log where a merged part would end: at another date,
// at a gap, or when it is full. Parts of a row group or more are left as they are,
// and a last part that is not finished is left out.
func runs(parts []*livePart) [][]part.Info {
	var c cutter
	for _, p := range finished(parts) {
		if p.Rows >= part.RowGroup {
			c.end() // large enough: to write it anew would gain nothing
			continue
		}
		c.add(p.Info)
	}
	return c.runs
}

// joins cuts the parts of a log where a joined part would end: as runs does, and around
// small parts; but the one that a date of the past ends with is joined too.
func joins(parts []*livePart, now time.Time) [][]part.Info {
	var c cutter
	parts = finished(parts)
	for i, p := range parts {
		large := p.Rows >= part.RowGroup
		last := p.Date < part.Date(now.UnixNano()) && (i+1 == len(parts) || parts[i+1].Date != p.Date)
		if large || last {
			c.add(p.Info)
		}
		if !large {
			c.end()
		}
	}
	return c.runs
}

// cutter cuts parts into runs that may become one part each.
type cutter struct {
	runs        [][]part.Info
	rows, bytes int64 // of the last run
	open        bool  // it may go on
}

// add adds a part to the last run, or begins another one: at another date, at a gap, or
// when that is full.
func (c *cutter) add(p part.Info) {
	if !c.open || !c.fits(p) {
		c.runs, c.rows, c.bytes, c.open = append(c.runs, nil), 0, 0, true
	}
	run := &c.runs[len(c.runs)-1]
	*run = append(*run, p)
	c.rows += p.Rows
	c.bytes += p.Bytes
}

func (c *cutter) fits(p part.Info) bool {
	run := c.runs[len(c.runs)-1]
	before := run[len(run)-1]
	return p.Date == before.Date && p.Name.First == before.Name.End && c.rows+p.Rows <= part.MaxRows && c.bytes+p.Bytes <= part.MaxMergeBytes
}

// end ends the last run.
func (c *cutter) end() { c.open = false }

// finished returns the parts without the last one if the ledger still writes it anew.
func finished(parts []*livePart) []*livePart {
	if n := len(parts); n > 0 && parts[n-1].Name.End%alignment != 0 {
		return parts[:n-1]
	}
	return parts
}

// aged reports whether the last entry of a run is some time old.
func aged(run []part.Info, now time.Time) bool {
	return now.UnixNano()-run[len(run)-1].LastReceived > int64(MergeAge)
}

// worth returns the parts of a run to merge now, nil if there are none.
func worth(run []part.Info, now time.Time) []part.Info {
	if len(run) < 2 {
		return nil
	}
	if aged(run, now) {
		return run
	}
	var rows int64
	for _, p := range run {
		rows += p.Rows
	}
	for len(run) >= MinMerge && run[0].Rows > rows-run[0].Rows {
		rows -= run[0].Rows
		run = run[1:]
	}
	if len(run) < MinMerge {
		return nil
	}
	return run
}
