package report_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/report"
)

// stating is a record with statements in its meta log, a page of one each.
type stating struct {
	*lake.Lake
	statements []*hansard.Entry // newest first
	asked      []string
}

func (s *stating) Events(_ context.Context, _ string, q query.Query) (lake.Page, error) {
	s.asked = append(s.asked, q.Node.String())
	for i, e := range s.statements {
		if !q.Match(e) {
			continue
		}
		page := lake.Page{Entries: []*hansard.Entry{e}}
		if i+1 < len(s.statements) {
			page.Next = hansard.Some(query.CursorOf(e))
		}
		return page, nil
	}
	return lake.Page{}, nil
}

func statement(position int, at time.Time, text string) *hansard.Entry {
	return &hansard.Entry{
		Event:    hansard.Event{EventType: "x.hansard.statement", Timestamp: at.UnixNano()},
		Position: uint64(position), ReceivedAt: at.UnixNano(), Tier: hansard.TierMeta, Statement: json.RawMessage(text),
	}
}

func reads() *stating {
	at := func(minute, second int) string {
		return start.Add(time.Duration(minute)*time.Minute + time.Duration(second)*time.Second).Format("2006-01-02T15:04:05.000Z")
	}
	return &stating{statements: []*hansard.Entry{
		statement(90, start.Add(26*time.Hour), `{"count":1,"kind":"reads","reads":[{"at":"`+at(26*60, -1)+`","query":"q=agent_name:billing","reader":"desk","route":"GET /v1/events","rows":20,"status":200}]}`),
		statement(70, start.Add(5*time.Minute), `{"count":12,"kind":"reads","not_listed":[{"n":9,"reader":"public","route":"GET /log/"}],"reads":[`+
			`{"at":"`+at(4, 59)+`","query":"id=refund-7731","reader":"night-desk","route":"GET /v1/traces/{id}","rows":47,"status":200},`+
			`{"at":"`+at(4, 59)+`","reader":"ci","route":"GET /v1/events","status":403},`+
			`{"at":"`+at(5, 0)+`","query":"query=select 1","reader":"desk","route":"POST /v1/sql","status":400}]}`),
		statement(60, start.Add(3*time.Minute), `{"kind":"seal","log":"acme/info"}`),
		statement(50, start.Add(time.Minute), `{"count":2,"kind":"reads","reads":[`+
			`{"at":"`+at(0, 58)+`","query":"since=24h","reader":"desk","route":"GET /v1/events","rows":100,"status":200},`+
			`{"at":"`+at(0, 59)+`","query":"value=pii:email:k1:0011","reader":"desk","route":"POST /v1/events/search","rows":0,"status":200}]}`),
	}}
}

func TestReaders(t *testing.T) {
	src := reads()
	r, err := report.Readers(context.Background(), src, report.Request{Tenant: tenant, Now: start.Add(27 * time.Hour), Checkpoints: checkpoints()})
	if err != nil {
		t.Fatal(err)
	}
	if r.TotalReads != 15 || r.NotListed != 9 || r.RefusedReads != 2 || r.RowsRead != 167 || len(r.Reads) != 6 || *r.LastPosition != 90 {
		t.Errorf("%+v", r)
	}
	if got := fmt.Sprint(r.Days); got != "[{2026-11-23 14} {2026-11-24 1}]" {
		t.Errorf("days %s", got)
	}
	if u := r.Readers[0]; u.Reader != "public" || u.Reads != 9 || u.FirstRead != nil {
		t.Errorf("most reads: %+v", u)
	}
	if u := r.Readers[1]; u.Reader != "desk" || u.Reads != 4 || u.Refused != 1 || u.Rows != 120 || !u.FirstRead.Equal(start.Add(58*time.Second)) {
		t.Errorf("then: %+v", u)
	}
	for i := range r.Reads[1:] {
		if r.Reads[i].Time.Before(r.Reads[i+1].Time) {
			t.Errorf("the reads are not in order: %+v", r.Reads)
		}
	}
	for _, f := range report.Formats() {
		golden(t, "reads."+string(f), render(t, r, f))
	}
}

// TestReadersOfAPeriod holds that reads count by when they were, not by when they
// were put on record.
func TestReadersOfAPeriod(t *testing.T) {
	f := func(since, until time.Time, limit int, want int64, listed int) {
		t.Helper()
		r, err := report.Readers(context.Background(), reads(), report.Request{Tenant: tenant, Now: now, Limit: limit, Period: query.Period{Since: since, Until: until}})
		if err != nil || r.TotalReads != want || len(r.Reads) != listed {
			t.Errorf("since %s until %s: %d reads, %d listed, %v; want %d and %d", since, until, r.TotalReads, len(r.Reads), err, want, listed)
		}
	}
	f(start.Add(time.Minute-2*time.Second), start.Add(time.Minute-time.Second), 0, 1, 1)
	f(start, start.Add(time.Minute), 0, 2, 2)
	f(start, start.Add(time.Minute), 1, 2, 1)
	f(start.Add(time.Minute), start.Add(time.Hour), 0, 12, 3)
	f(start.Add(-time.Hour), start, 0, 0, 0)
}

func TestReadersTakeNoSearch(t *testing.T) {
	node, err := query.Parse("agent:billing", now)
	if err != nil {
		t.Fatal(err)
	}
	_, err = report.Readers(context.Background(), reads(), report.Request{Tenant: tenant, Query: report.Filter{Node: node}})
	if hansard.KindOf(err) != hansard.KindInvalid || hansard.HintOf(err) == "" {
		t.Error(err)
	}
	bad := &stating{statements: []*hansard.Entry{statement(1, start, `{"kind":"reads","reads":7}`)}}
	if _, err = report.Readers(context.Background(), bad, report.Request{Tenant: tenant}); hansard.KindOf(err) != hansard.KindCorrupt {
		t.Error(err)
	}
}
