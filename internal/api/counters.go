package api

import (
	"encoding/json"
	"net/url"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/live"
)

// Counters are what a live stream says once a second about all that is committed,
// whatever it selects.
type Counters struct {
	Events          uint64  `json:"events"`            // since the stream began
	Errors          uint64  `json:"errors"`            // of them
	Matched         uint64  `json:"matched"`           // of them, selected by the stream's search
	PerSecond       float64 `json:"per_second"`        // events, over the last ten seconds
	ErrorsPerSecond float64 `json:"errors_per_second"` // of them
}

// counterSpan is how many seconds the rates are over.
const counterSpan = 10

// counter counts what a stream sees.
type counter struct {
	all    Counters
	second [counterSpan]struct{ events, errors uint64 } // by seconds; the current one is at now
	now    int
	ticks  int  // seconds since the stream began, up to counterSpan
	quiet  bool // the last thing said was that nothing happens
}

// add counts committed events, of which matched were selected.
func (c *counter) add(events []*live.Event, match func(*hansard.Entry) bool) {
	for _, e := range events {
		c.all.Events++
		c.second[c.now].events++
		if erred(e.Entry) {
			c.all.Errors++
			c.second[c.now].errors++
		}
		if match(e.Entry) {
			c.all.Matched++
		}
	}
}

// erred reports whether e is an error, by the words of the reports.
func erred(e *hansard.Entry) bool {
	return e.EventType == hansard.TypeError || e.Status == "error" || e.Status == "timeout" || e.Error != "" || e.ErrorType != ""
}

// tick ends a second and returns the counters; say is false where nothing has
// changed since they were said.
func (c *counter) tick() (out Counters, say bool) {
	c.ticks = min(c.ticks+1, counterSpan)
	out = c.all
	for _, s := range c.second {
		out.PerSecond += float64(s.events)
		out.ErrorsPerSecond += float64(s.errors)
	}
	out.PerSecond /= float64(c.ticks)
	out.ErrorsPerSecond /= float64(c.ticks)
	c.now = (c.now + 1) % counterSpan
	c.second[c.now] = struct{ events, errors uint64 }{}
	quiet := out.PerSecond == 0
	say = !quiet || !c.quiet
	c.quiet = quiet
	return out, say
}

// counted says what a live stream was asked for: counters beside the events, or
// alone.
type counted struct{ counters, alone bool }

func countedOf(q url.Values) (counted, error) {
	switch q.Get("counters") {
	case "":
		return counted{}, nil
	case "true":
		return counted{counters: true}, nil
	case "only":
		return counted{counters: true, alone: true}, nil
	}
	return counted{}, hansard.Errorf(hansard.KindInvalid, "counters: want true or only")
}

// counters sends the counters of a second that has ended.
func (st *stream) counters() {
	c, say := st.count.tick()
	if !say {
		return
	}
	b, err := json.Marshal(c)
	if err != nil {
		st.err = err
		return
	}
	st.named("counters", string(b))
}

// seconds returns a channel that ticks each second if counters were asked for, and
// how to end it.
func (st *stream) seconds() (<-chan time.Time, func()) {
	if !st.want.counters {
		return nil, func() {}
	}
	t := time.NewTicker(time.Second)
	return t.C, t.Stop
}
