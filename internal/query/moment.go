package query

import (
	"strconv"
	"strings"
	"time"
)

// moments says how a time may be written.
const moments = "24h, 7d, 2w, 10y, a date such as 2026-11-23, an RFC 3339 time, now, today or yesterday"

// moment is a time as a person wrote it: the nanoseconds from first to last,
// both included. An instant has equal ends.
type moment struct{ first, last int64 }

// parseMoment reads a time against now, in loc. ok is false when it is none, or
// not between the years 1678 and 2261.
func parseMoment(s string, now time.Time, loc *time.Location) (m moment, ok bool) {
	now = now.In(loc)
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, loc)
	switch strings.ToLower(s) {
	case "now":
		return during(now, now.Add(1))
	case "today":
		return during(today, today.AddDate(0, 0, 1))
	case "yesterday":
		return during(today.AddDate(0, 0, -1), today)
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return during(t, t.Add(1))
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04"} {
		if t, err := time.ParseInLocation(layout, s, loc); err == nil {
			return during(t, t.Add(1))
		}
	}
	if t, err := time.ParseInLocation("2006-01-02", s, loc); err == nil {
		return during(t, t.AddDate(0, 0, 1))
	}
	if t, err := time.ParseInLocation("2006-01", s, loc); err == nil {
		return during(t, t.AddDate(0, 1, 0))
	}
	if t, ok := ago(s, now); ok {
		return during(t, t.Add(1))
	}
	return moment{}, false
}

// during returns the nanoseconds from begin to just before end, ok when both
// fit.
func during(begin, end time.Time) (m moment, ok bool) {
	if begin.UTC().Year() < 1678 || end.UTC().Year() > 2261 {
		return moment{}, false
	}
	return moment{begin.UnixNano(), end.UnixNano() - 1}, true
}

// ago reads a time before now: numbers with the units s, m, h, d (24 hours), w,
// mo and y (calendar months and years), the largest first or not; a minus sign
// in front says the same.
func ago(s string, now time.Time) (t time.Time, ok bool) {
	s = strings.TrimPrefix(s, "-")
	t = now
	for s != "" {
		n := len(s) - len(strings.TrimLeft(s, "0123456789"))
		if n == 0 || n > 6 {
			return t, false
		}
		count, err := strconv.Atoi(s[:n])
		if err != nil {
			return t, false
		}
		s = s[n:]
		n = len(s) - len(strings.TrimLeft(s, "smhdwoy"))
		if t, ok = back(t, count, s[:n]); !ok {
			return t, false
		}
		s = s[n:]
	}
	return t, ok
}

// back returns the time that is count units before t.
func back(t time.Time, count int, unit string) (time.Time, bool) {
	step := time.Duration(count)
	switch unit {
	case "s":
		return t.Add(-step * time.Second), true
	case "m":
		return t.Add(-step * time.Minute), true
	case "h":
		return t.Add(-step * time.Hour), true
	case "d", "w":
		// As hours, but without the bound of time.Duration at 292 years.
		if unit == "w" {
			count *= 7
		}
		return time.Unix(t.Unix()-int64(count)*24*60*60, int64(t.Nanosecond())).In(t.Location()), true
	case "mo":
		return t.AddDate(0, -count, 0), true
	case "y":
		return t.AddDate(-count, 0, 0), true
	}
	return t, false
}

// moment reads a time of the search.
func (p *parser) moment(tok token) (moment, error) {
	m, ok := parseMoment(tok.text, p.now, p.now.Location())
	if !ok {
		return m, refuse(tok.pos, "bad time", moments)
	}
	return m, nil
}

func (p *parser) timeEquality(ref Ref, tok token) (Node, error) {
	m, err := p.moment(tok)
	if err != nil {
		return nil, err
	}
	if m.first == m.last {
		return Compare{ref, In, []Value{{Int: m.first}}}, nil
	}
	return Compare{ref, Range, []Value{{Int: m.first}, {Int: m.last}}}, nil
}

func (p *parser) timeComparison(ref Ref, op Op, tok token) (Node, error) {
	m, err := p.moment(tok)
	if err != nil {
		return nil, err
	}
	end := m.first
	if op == GT || op == LE {
		end = m.last
	}
	return Compare{ref, op, []Value{{Int: end}}}, nil
}

func (p *parser) timeRange(low, high token) (from, to Value, err error) {
	a, err := p.moment(low)
	if err != nil {
		return from, to, err
	}
	b, err := p.moment(high)
	return Value{Int: a.first}, Value{Int: b.last}, err
}
