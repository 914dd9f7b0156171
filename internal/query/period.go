package query

import (
	"math"
	"time"

	"github.com/hansardhq/hansard"
)

// Period is a span of event timestamps, from Since up to but not including
// Until. A zero time leaves that side open.
type Period struct {
	Since time.Time
	Until time.Time
}

// ParsePeriod reads the two ends of a period against now, in loc: a time before
// now (24h, 7d, 2w, 3mo, 10y, 1d12h), a date, a month, an RFC 3339 time, or
// "now", "today", "yesterday". A day or a month stands for its begin, at both
// ends: since yesterday until today is yesterday. "" leaves a side open; a nil
// loc is UTC. The error is of KindInvalid.
func ParsePeriod(since, until string, now time.Time, loc *time.Location) (Period, error) {
	if loc == nil {
		loc = time.UTC
	}
	var p Period
	var err error
	if p.Since, err = parseEnd("since", since, now, loc); err != nil {
		return Period{}, err
	}
	if p.Until, err = parseEnd("until", until, now, loc); err != nil {
		return Period{}, err
	}
	if !p.Since.IsZero() && !p.Until.IsZero() && !p.Since.Before(p.Until) {
		err := hansard.Errorf(hansard.KindInvalid, "period is empty: since %s is not before until %s",
			p.Since.Format(time.RFC3339), p.Until.Format(time.RFC3339))
		return Period{}, hansard.WithHint(err, "a day as until stands for its begin; name the day after it to include it")
	}
	return p, nil
}

func parseEnd(name, s string, now time.Time, loc *time.Location) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	m, ok := parseMoment(s, now, loc)
	if !ok {
		return time.Time{}, hansard.Errorf(hansard.KindInvalid, "read %s: not a time: expected %s", name, moments)
	}
	return time.Unix(0, m.first).In(loc), nil
}

// Bounds returns the period in Unix nanoseconds, from since up to but not
// including until. An open side is the least or the greatest int64.
func (p Period) Bounds() (since, until int64) {
	since, until = math.MinInt64, math.MaxInt64
	if !p.Since.IsZero() {
		since = p.Since.UnixNano()
	}
	if !p.Until.IsZero() {
		until = p.Until.UnixNano()
	}
	return since, until
}

// Contains reports whether a timestamp in Unix nanoseconds is in the period.
func (p Period) Contains(timestamp int64) bool {
	since, until := p.Bounds()
	return timestamp >= since && (timestamp < until || p.Until.IsZero())
}
