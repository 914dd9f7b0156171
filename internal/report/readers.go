package report

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
)

// ReadersReport is who read the record through the server. Reads straight from
// the files leave nothing to report.
type ReadersReport struct {
	Head
	TotalReads   int64       `json:"total_reads"`   // of all kinds
	NotListed    int64       `json:"not_listed"`    // reads that are on record as a number only, by when they were stated
	RefusedReads int64       `json:"refused_reads"` // denied, not found, not understood or failed
	RowsRead     int64       `json:"rows_read"`     // as far as they were counted
	Readers      []ReaderUse `json:"readers"`       // most reads first
	Routes       Tallies     `json:"routes"`        // most reads first
	Days         Tallies     `json:"days"`          // reads by day, in order
	// Reads are the newest reads, newest first, at most 1,000, or the limit
	// asked for.
	Reads    []ReadLine        `json:"reads"`
	Searches map[string]string `json:"searches"`
}

// ReaderUse is what one reader did.
type ReaderUse struct {
	Reader    string     `json:"reader"` // token id, loopback, or public
	Reads     int64      `json:"reads"`
	Refused   int64      `json:"refused"`
	Rows      int64      `json:"rows"`
	FirstRead *time.Time `json:"first_read"` // nil: none is listed
	LastRead  *time.Time `json:"last_read"`
}

// ReadLine is one read.
type ReadLine struct {
	Position int64     `json:"position"` // of the statement that puts it on record
	Time     time.Time `json:"time"`
	Reader   string    `json:"reader"`
	Route    string    `json:"route"`
	Query    string    `json:"query"`
	Rows     *int64    `json:"rows"` // nil: nobody counted
	Status   int       `json:"status"`
}

// statedReads is a statement of reads.
type statedReads struct {
	Kind  string `json:"kind"`
	Reads []struct {
		At     time.Time `json:"at"`
		Query  string    `json:"query"`
		Reader string    `json:"reader"`
		Route  string    `json:"route"`
		Rows   *int64    `json:"rows"`
		Status int       `json:"status"`
	} `json:"reads"`
	NotListed []struct {
		N      int64  `json:"n"`
		Reader string `json:"reader"`
		Route  string `json:"route"`
	} `json:"not_listed"`
}

// maxReads is how many reads are listed, and statedWithin how long after a read
// its statement comes at the most, where the disk takes it.
const (
	maxReads     = 1000
	statedWithin = time.Hour
	readsPage    = 2000
)

// Readers computes the report on who read the record. It knows no search: a
// read is no event.
func Readers(ctx context.Context, src Source, req Request) (*ReadersReport, error) {
	req, err := req.checked()
	if err != nil {
		return nil, err
	}
	if a, ok := req.Query.Node.(query.And); !ok || len(a.Nodes) > 0 {
		err := hansard.Errorf(hansard.KindInvalid, "the report readers takes no search: reads are no events")
		return nil, hansard.WithHint(err, "narrow it by its period; hansard sql reads the view statements")
	}
	c := &readersCount{req: req, r: &ReadersReport{Readers: []ReaderUse{}, Reads: []ReadLine{}}, by: map[string]*ReaderUse{}, routes: map[string]int64{}, days: map[string]int64{}}
	if c.limit = req.Limit; c.limit == 0 {
		c.limit = maxReads
	}
	if err := c.statements(ctx, src); err != nil {
		return nil, err
	}
	return c.report(), nil
}

// readersCount counts reads.
type readersCount struct {
	req         Request
	r           *ReadersReport
	limit       int
	by          map[string]*ReaderUse
	routes      map[string]int64
	days        map[string]int64
	first, last hansard.Opt[int64]
	position    hansard.Opt[int64]
}

// statements reads the statements of the period, newest first.
func (c *readersCount) statements(ctx context.Context, src Source) error {
	node := query.And{Nodes: []query.Node{is("tier", string(hansard.TierMeta)), is("event_type", "x.hansard.statement")}}
	if c.req.UpTo.Set {
		node.Nodes = append(node.Nodes, upTo(c.req.UpTo.V))
	}
	q := query.Query{Node: node, Period: c.req.Period, Limit: readsPage}
	if !q.Period.Until.IsZero() {
		q.Period.Until = q.Period.Until.Add(statedWithin)
	}
	for {
		page, err := src.Events(ctx, c.req.Tenant, q)
		if err != nil {
			return err
		}
		for _, e := range page.Entries {
			if err := c.add(e); err != nil {
				return err
			}
		}
		if !page.Next.Set {
			return nil
		}
		q.After = page.Next
	}
}

// add counts a statement's reads.
func (c *readersCount) add(e *hansard.Entry) error {
	var s statedReads
	if err := json.Unmarshal(e.Statement, &s); err != nil {
		return hansard.Errorf(hansard.KindCorrupt, "statement %d of %s is malformed", e.Index, e.Log)
	}
	if s.Kind != "reads" {
		return nil
	}
	if p := int64(e.Position); !c.position.Set || p > c.position.V {
		c.position = hansard.Some(p)
	}
	for i := len(s.Reads) - 1; i >= 0; i-- {
		r := s.Reads[i]
		if at := r.At.UnixNano(); c.req.Period.Contains(at) {
			c.seen(at)
			c.count(r.Reader, r.Route, 1, at)
			u := c.by[r.Reader]
			at := r.At.In(c.req.Location)
			if u.LastRead == nil || at.After(*u.LastRead) {
				u.LastRead = &at
			}
			if u.FirstRead == nil || at.Before(*u.FirstRead) {
				u.FirstRead = &at
			}
			if r.Rows != nil {
				u.Rows, c.r.RowsRead = u.Rows+*r.Rows, c.r.RowsRead+*r.Rows
			}
			if r.Status >= 400 {
				u.Refused, c.r.RefusedReads = u.Refused+1, c.r.RefusedReads+1
			}
			c.r.Reads = append(c.r.Reads, ReadLine{int64(e.Position), at, r.Reader, r.Route, r.Query, r.Rows, r.Status})
		}
	}
	c.trim()
	if at := e.ReceivedAt; c.req.Period.Contains(at) {
		for _, g := range s.NotListed {
			c.seen(at)
			c.count(g.Reader, g.Route, g.N, at)
			c.r.NotListed += g.N
		}
	}
	return nil
}

// seen widens the time from the first read to the last.
func (c *readersCount) seen(at int64) {
	if !c.first.Set || at < c.first.V {
		c.first = hansard.Some(at)
	}
	if !c.last.Set || at > c.last.V {
		c.last = hansard.Some(at)
	}
}

func (c *readersCount) count(reader, route string, n, at int64) {
	u := c.by[reader]
	if u == nil {
		u = &ReaderUse{Reader: reader}
		c.by[reader] = u
	}
	u.Reads += n
	c.r.TotalReads += n
	c.routes[route] += n
	c.days[time.Unix(0, at).In(c.req.Location).Format(time.DateOnly)] += n
}

// trim keeps the newest reads, with room, so that memory is bounded.
func (c *readersCount) trim() {
	if len(c.r.Reads) > 4*c.limit+4096 {
		c.sort()
	}
}

func (c *readersCount) sort() {
	slices.SortStableFunc(c.r.Reads, func(a, b ReadLine) int { return b.Time.Compare(a.Time) })
	c.r.Reads = c.r.Reads[:min(c.limit, len(c.r.Reads))]
}

// report puts the report together.
func (c *readersCount) report() *ReadersReport {
	r := c.r
	c.sort()
	for _, u := range c.by {
		r.Readers = append(r.Readers, *u)
	}
	slices.SortFunc(r.Readers, func(a, b ReaderUse) int {
		return cmp.Or(cmp.Compare(b.Reads, a.Reads), cmp.Compare(a.Reader, b.Reader))
	})
	r.Routes, r.Days = ranked(c.routes), ranked(c.days)
	slices.SortFunc(r.Days, func(a, b Tally) int { return cmp.Compare(a.Name, b.Name) })
	req := c.req
	r.Head = Head{
		Report: "readers", Tenant: req.Tenant, Filter: req.Query.Text, Period: req.period(c.first, c.last), TimeZone: req.Location.String(),
		GeneratedAt: req.Now, Checkpoints: req.Checkpoints,
	}
	stated := query.And{Nodes: []query.Node{is("tier", string(hansard.TierMeta)), is("event_type", "x.hansard.statement")}}
	if c.position.Set {
		r.LastPosition = &c.position.V
		stated.Nodes = append(stated.Nodes, upTo(c.position.V))
	}
	r.Searches = map[string]string{"total_reads": stated.String()}
	return r
}
