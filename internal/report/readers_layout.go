package report

import (
	"net/http"
	"strconv"
	"time"

	"github.com/hansardhq/hansard/internal/trace"
)

// layout lays the report out for people.
func (r *ReadersReport) layout() layout {
	l := r.Head.layout("Readers")
	l.Sections = append(l.Sections, figuresSection(r.Searches,
		"Reads", "total_reads", trace.Count(r.TotalReads),
		"Refused reads", "", trace.Count(r.RefusedReads),
		"Rows read", "", trace.Count(r.RowsRead),
		"Readers", "", trace.Count(int64(len(r.Readers))),
		"Reads that are counted only", "", trace.Count(r.NotListed),
	))
	who := section{Columns: []column{
		{Title: "Reader"}, {Title: "Reads", Numeric: true}, {Title: "Refused", Numeric: true}, {Title: "Rows", Numeric: true}, {Title: "First read"}, {Title: "Last read"},
	}}
	for _, u := range r.Readers {
		who.Rows = append(who.Rows, row{
			Cells: []string{u.Reader, trace.Count(u.Reads), trace.Count(u.Refused), trace.Count(u.Rows), r.moment(u.FirstRead), r.moment(u.LastRead)},
			Share: int(max(1, 100*float64(u.Reads)/float64(max(r.TotalReads, 1)))),
		})
	}
	l.add("Who read", who)
	l.add("What was asked", readTallies("Route", r.Routes, r.TotalReads))
	l.add("By day", readTallies("Day", r.Days, r.TotalReads))
	l.add("Newest reads", r.newest())
	r.end(&l)
	l.Notes = append(l.Notes, "Reads straight from the files (--data) leave no trace; a crash loses the reads of the last second.")
	return l
}

// moment writes a time; "-" where there is none.
func (r *ReadersReport) moment(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return r.when(t.UnixNano())
}

func readTallies(name string, tallies []Tally, total int64) section {
	s := section{Columns: []column{{Title: name}, {Title: "Reads", Numeric: true}, {Title: "Share", Numeric: true}}}
	for _, t := range tallies {
		s.Rows = append(s.Rows, row{Cells: []string{t.Name, trace.Count(t.N), percent(t.N, total)}, Share: int(max(1, 100*float64(t.N)/float64(max(total, 1))))})
	}
	return s
}

// newest lists the newest reads.
func (r *ReadersReport) newest() section {
	s := section{Told: true, Columns: []column{
		{Title: "Time"}, {Title: "Reader"}, {Title: "Rows", Numeric: true}, {Title: "Answer"}, {Title: "Route", Code: true}, {Title: "Asked", Code: true},
	}}
	for _, l := range r.Reads {
		rows := "unknown"
		if l.Rows != nil {
			rows = trace.Count(*l.Rows)
		}
		answer := "ok"
		switch {
		case l.Status == http.StatusForbidden || l.Status == http.StatusUnauthorized:
			answer = "denied"
		case l.Status >= http.StatusBadRequest:
			answer = "error " + strconv.Itoa(l.Status)
		}
		s.Rows = append(s.Rows, row{Cells: []string{r.when(l.Time.UnixNano()), l.Reader, rows, answer, l.Route, l.Query}})
	}
	return s
}

// figures lists the report for CSV.
func (r *ReadersReport) figures() ([]figure, error) { return flatten(r) }
