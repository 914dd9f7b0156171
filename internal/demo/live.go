package demo

import (
	"slices"
	"time"

	"github.com/hansardhq/hansard"
)

// Live is a company's life from a moment on, at a speed.
type Live struct {
	company *Company
	speed   float64
	begin   time.Time // on the wall; the company's clock is the same there
	slot    time.Time // the next hour of the company to begin
	pending []*hansard.Event
}

// Live returns what happens from begin on. Runs begin speed times as often as in
// the history (1 to 3,600), each at its own pace: no timestamp is made up. What
// the history left unfinished goes on; h may be nil. A few runs of each kind open
// it, so that there is something to see at once.
func (c *Company) Live(begin time.Time, speed float64, h *History) *Live {
	begin = begin.UTC().Truncate(time.Second)
	l := &Live{company: c, speed: min(max(speed, 1), 3600), begin: begin, slot: begin.Truncate(time.Hour)}
	if h != nil {
		l.pending = slices.Clone(h.later)
	}
	for i, o := range []struct {
		second int
		act    func(*play)
	}{
		{1, (*play).whereIsMyParcel}, {4, (*play).fixBug}, {9, (*play).largeRefund}, {20, (*play).policyQuestion},
		{32, (*play).leakByTicket}, {45, (*play).smallRefund}, {60, func(p *play) { p.refundInOutage(1) }},
		{85, (*play).marketBrief}, {110, (*play).refundToForeigner},
	} {
		p := c.play(runKey{begin, begin.Add(time.Duration(o.second) * time.Second), 70 + i})
		o.act(p)
		l.pending = append(l.pending, p.events...)
	}
	byTime(l.pending)
	return l
}

// Until returns the events that happened since the last call, up to and with
// now, in order of time.
func (l *Live) Until(now time.Time) []*hansard.Event {
	for from := l.onWall(l.slot); !from.After(now); from = l.onWall(l.slot) {
		for _, p := range l.company.paced(l.slot, from, l.speed) {
			if !p.start.Before(l.begin) {
				l.pending = append(l.pending, p.events...)
			}
		}
		l.slot = l.slot.Add(time.Hour)
		byTime(l.pending)
	}
	n, _ := slices.BinarySearchFunc(l.pending, now.UnixNano()+1, func(e *hansard.Event, t int64) int {
		if e.Timestamp < t {
			return -1
		}
		return 1
	})
	due := slices.Clone(l.pending[:n])
	l.pending = slices.Delete(l.pending, 0, n)
	return due
}

// onWall returns when an hour of the company's life begins on the wall.
func (l *Live) onWall(slot time.Time) time.Time {
	return l.begin.Add(time.Duration(float64(slot.Sub(l.begin)) / l.speed))
}
