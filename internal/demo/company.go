package demo

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/hansardhq/hansard"
)

// Company is a shop whose work is done by agents: router, support, research,
// billing and code. What happens in an hour follows from the seed and the hour
// alone, so that the same seed and time give the same events, in whichever order
// they are asked for.
type Company struct{ seed uint64 }

// NewCompany returns the company of a seed.
func NewCompany(seed uint64) *Company { return &Company{seed} }

// HistoryLength is how much of the past a History covers.
const HistoryLength = 7 * 24 * time.Hour

// Injection is a run in which a tool's answer told the agent what to do.
type Injection struct {
	TraceID string
	Source  string // id of the event that brought the foreign instruction in
	Sink    string // id of the event that followed it
	Blocked bool   // a policy denied it
}

// History is a company's past, and what is true of it: what detections and root
// causes can be held against.
type History struct {
	Events     []*hansard.Event // in order of time
	Injections []Injection
	// Outage is when the payment provider did not answer, the root cause of
	// RefundTrace and of the other refunds that failed in it.
	OutageFrom, OutageUntil time.Time
	// RootCause is the event that RefundTrace failed by first.
	RootCause string
	// later is what runs that began before the end do after it.
	later []*hansard.Event
}

// History returns the week before end, with the incident of RefundTrace in it.
func (c *Company) History(end time.Time) *History {
	end = end.UTC().Truncate(time.Second)
	h := &History{}
	hour := outageHour(end)
	h.OutageFrom, h.OutageUntil = hour.Add(19*time.Minute), hour.Add(47*time.Minute)
	begin := end.Add(-HistoryLength)
	h.hold(slices.Concat([]*play{c.release(begin)}, c.headline(hour, h), c.runs(begin, end)), end)
	return h
}

// Resume returns what happened between two times, at most a week: the time that
// nobody watched.
func (c *Company) Resume(from, end time.Time) *History {
	end = end.UTC().Truncate(time.Second)
	if week := end.Add(-HistoryLength); from.Before(week) {
		from = week
	}
	h := &History{}
	h.hold(c.runs(from.UTC(), end), end)
	return h
}

// runs returns the runs that begin in a span of time.
func (c *Company) runs(from, end time.Time) []*play {
	var plays []*play
	for slot := from.Truncate(time.Hour); slot.Before(end); slot = slot.Add(time.Hour) {
		for _, p := range c.paced(slot, slot, 1) {
			if !p.start.Before(from) && p.start.Before(end) {
				plays = append(plays, p)
			}
		}
	}
	return plays
}

// hold takes runs in: what happened before end, and what is still to come.
func (h *History) hold(plays []*play, end time.Time) {
	for _, p := range plays {
		for _, e := range p.events {
			if e.Timestamp < end.UnixNano() {
				h.Events = append(h.Events, e)
			} else {
				h.later = append(h.later, e)
			}
		}
		if p.injected != nil {
			h.Injections = append(h.Injections, *p.injected)
		}
	}
	byTime(h.Events)
	byTime(h.later)
}

// outageHour returns the last hour from 14:00 to 15:00 UTC that ended before end.
func outageHour(end time.Time) time.Time {
	day := end.Truncate(24 * time.Hour)
	if hour := day.Add(14 * time.Hour); !hour.Add(time.Hour).After(end) {
		return hour
	}
	return day.Add(-10 * time.Hour)
}

// headline is the incident: RefundTrace, those whom the same outage met, and
// what the provider said of it.
func (c *Company) headline(hour time.Time, h *History) []*play {
	main := &play{scene: refund(hour.Add(22*time.Minute + 49*time.Second))}
	for _, e := range main.events {
		if e.Status == "timeout" {
			h.RootCause = e.EventID
			break
		}
	}
	plays := []*play{main, {scene: parcel(hour.Add(23*time.Minute + 10*time.Second))}, {scene: lookup(hour.Add(24*time.Minute + 24*time.Second))}}
	for i, minute := range []int{20, 26, 31, 38, 44} {
		p := c.play(runKey{hour, hour.Add(time.Duration(minute)*time.Minute + 11*time.Second), 90 + i})
		p.refundInOutage(i)
		plays = append(plays, p)
	}
	status := c.play(runKey{hour, hour.Add(19 * time.Minute), 99})
	status.outageNews()
	return append(plays, status)
}

// byTime puts events in order.
func byTime(events []*hansard.Event) {
	slices.SortStableFunc(events, func(a, b *hansard.Event) int { return cmp.Compare(a.Timestamp, b.Timestamp) })
}

// runKey names a run: the hour that it belongs to, when it begins, and its
// number in the hour.
type runKey struct {
	slot, start time.Time
	n           int
}

// hash returns random bytes that belong to a purpose of the run.
func (c *Company) hash(slot time.Time, n int, purpose string) [32]byte {
	return sha256.Sum256(fmt.Appendf(nil, "%d %d %d %s", c.seed, slot.Unix(), n, purpose))
}

func (c *Company) random(slot time.Time, n int, purpose string) *rand.Rand {
	h := c.hash(slot, n, purpose)
	return rand.New(rand.NewPCG(binary.LittleEndian.Uint64(h[:8]), binary.LittleEndian.Uint64(h[8:16])))
}

// play begins a run: its ids, its customer, its chance.
func (c *Company) play(key runKey) *play {
	rng := c.random(key.slot, key.n, "run")
	trace := c.hash(key.slot, key.n, "trace")
	no := 10_000 + int(key.slot.Unix()/3600%4000)*20 + key.n%100
	p := &play{rng: rng, no: no, who: customerAt(rng.IntN(customers)), scene: &scene{
		start: key.start, trace: hex.EncodeToString(trace[:16]), session: fmt.Sprintf("chat-%d", no),
	}}
	p.user = p.who.email
	return p
}

// rate returns how many runs begin in an hour, on average: a shop with customers
// in Europe, quiet at night and at the weekend.
func rate(slot time.Time) float64 {
	day := 1.0
	if wd := slot.Weekday(); wd == time.Saturday || wd == time.Sunday {
		day = 0.55
	}
	busy := [24]float64{1.2, 1, 1, 1, 1, 1.4, 2.2, 3.4, 4.8, 6, 6.6, 6.2, 5.2, 5.6, 6.4, 6.2, 5.6, 5, 4.6, 4.8, 4.4, 3.4, 2.4, 1.6}
	return day * busy[slot.Hour()]
}

// paced returns the runs that begin in the hour slot of the company's life. from
// is when that hour begins on the wall, and runs begin speed times as fast one
// after the other; each takes its own time.
func (c *Company) paced(slot, from time.Time, speed float64) []*play {
	rng := c.random(slot, 0, "hour")
	n := int(rate(slot) + rng.Float64()*1.6 - 0.3)
	var plays []*play
	add := func(second float64, act func(*play)) {
		start := from.Add(time.Duration(second / speed * float64(time.Second))).Truncate(time.Millisecond)
		p := c.play(runKey{slot, start, len(plays)})
		act(p)
		plays = append(plays, p)
	}
	for range n {
		add(rng.Float64()*3600, pick(rng, slot))
	}
	for _, s := range schedule(slot) {
		add(s.second, s.act)
	}
	return plays
}

// act is a kind of run with how often it happens.
type act struct {
	weight int
	play   func(*play)
}

// pick returns what a run is about. The developers work in the day.
func pick(rng *rand.Rand, slot time.Time) func(*play) {
	acts := []act{
		{26, (*play).whereIsMyParcel}, {13, (*play).policyQuestion}, {13, (*play).smallRefund},
		{7, (*play).largeRefund}, {7, (*play).changeOfAddress}, {5, (*play).invoiceCopy},
		{4, (*play).crmUnderLoad}, {4, (*play).wrongArgument}, {3, (*play).modelOverloaded},
		{4, (*play).wrongAnswer}, {5, (*play).marketBrief},
	}
	if h := slot.Hour(); h >= 7 && h < 18 && slot.Weekday() != time.Sunday {
		acts = append(acts, act{9, (*play).fixBug}, act{4, (*play).fixTooLarge})
	}
	total := 0
	for _, a := range acts {
		total += a.weight
	}
	n := rng.IntN(total)
	for _, a := range acts {
		if n -= a.weight; n < 0 {
			return a.play
		}
	}
	return acts[0].play
}

// scheduled is a run that begins at a known second of its hour.
type scheduled struct {
	second float64
	act    func(*play)
}

// schedule lists what happens at set times of the week.
func schedule(slot time.Time) []scheduled {
	var list []scheduled
	at := func(yes bool, second float64, act func(*play)) {
		if yes {
			list = append(list, scheduled{second, act})
		}
	}
	day, hour := slot.Weekday(), slot.Hour()
	at(hour == 2, 300, (*play).nightlyBalance)
	at(hour == 7 && day >= time.Monday && day <= time.Friday, 1800, (*play).morningDigest)
	at(hour == 10 && day == time.Tuesday, 900, (*play).newPrompt)
	at(hour == 13 && day == time.Wednesday, 1800, (*play).newModel)
	at(hour == 11 && (day == time.Wednesday || day == time.Saturday), 1200, (*play).leakByTicket)
	at(hour == 16 && (day == time.Friday || day == time.Monday), 700, (*play).refundToForeigner)
	at(hour == 9 && (day == time.Thursday || day == time.Sunday), 2400, (*play).poisonedPage)
	return list
}
