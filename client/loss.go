package client

import (
	"sync"
	"time"

	"github.com/hansardhq/hansard"
)

// losses counts events that were given up, by reason:
//
//	queue_full        more was logged at once than the queue holds
//	memory_full       a sink without a spool was away for too long
//	spool_full        a sink with a spool was away for too long
//	spool_error       the spool's disk did not take them
//	spool_damaged     the spool's files were damaged
//	too_large         the event is larger than a server takes
//	redaction_failed  the redaction hook panicked, or made no valid event of it
//	encoding_failed   the event could not be encoded
//	closed            the client was closed before the sink took them
type losses map[string]counts

// trim returns nil where nothing was lost.
func (l losses) trim() losses {
	for reason, n := range l {
		if n.total() == 0 {
			delete(l, reason)
		}
	}
	if len(l) == 0 {
		return nil
	}
	return l
}

func (l losses) add(o losses) {
	for reason, n := range o {
		sum := l[reason]
		sum.add(n)
		l[reason] = sum
	}
}

func (l losses) total() uint64 {
	var sum uint64
	for _, n := range l {
		sum += n.total()
	}
	return sum
}

// byReason and byTier are for people.
func (l losses) byReason() map[string]uint64 {
	m := map[string]uint64{}
	for reason, n := range l {
		m[reason] = n.total()
	}
	return m
}

func (l losses) byTier() map[string]uint64 {
	var sum counts
	for _, n := range l {
		sum.add(n)
	}
	return sum.byTier()
}

// lossReport is losses that the record is to be told of. It is kept with a spool,
// so that a crash does not lose the account of what was lost.
type lossReport struct {
	ID    string    `json:"id"`    // of the event that will tell
	Since time.Time `json:"since"` // of the first loss
	Until time.Time `json:"until"` // of the last
	Lost  losses    `json:"lost"`
}

// account keeps count of one sink's losses.
type account struct {
	mu    sync.Mutex // guards all below
	ever  losses     // since the client was made
	open  *lossReport
	older []*lossReport // of a run before this one; told as they are
}

func (a *account) lose(l losses) {
	if l.total() == 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	if a.open == nil {
		a.open = &lossReport{ID: newEventID(now).eventText(), Since: now, Lost: losses{}}
	}
	a.open.Until = now
	a.open.Lost.add(l)
	if a.ever == nil {
		a.ever = losses{}
	}
	a.ever.add(l)
}

// snapshot returns what nobody was told of yet, oldest first.
func (a *account) snapshot() []lossReport {
	a.mu.Lock()
	defer a.mu.Unlock()
	var list []lossReport
	for _, o := range append(a.older[:len(a.older):len(a.older)], a.open) {
		if o != nil {
			c := *o
			c.Lost = losses{}
			c.Lost.add(o.Lost)
			list = append(list, c)
		}
	}
	return list
}

// next takes the oldest report.
func (a *account) next() *lossReport {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.older) > 0 {
		r := a.older[0]
		a.older = a.older[1:]
		return r
	}
	r := a.open
	a.open = nil
	return r
}

func (a *account) pending() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.open != nil || len(a.older) > 0
}

func (a *account) total() losses {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := losses{}
	l.add(a.ever)
	return l
}

// tell makes the event that tells the record of a loss. The same report makes
// the same event, also after a crash.
func (a *Agent) tell(sink string, r *lossReport) record {
	own := []Field{
		text(keyAction, "events_dropped"), Attr("sink", sink), Attr("dropped", r.Lost.total()),
		Attr("dropped_by_tier", r.Lost.byTier()), Attr("dropped_by_reason", r.Lost.byReason()),
		Attr("since", r.Since.UTC()), Attr("until", r.Until.UTC()),
	}
	d := draft{typ: hansard.TypeLifecycle, id: r.ID, now: r.Until, defaults: a.defaults}
	e := encoder{shapes: new(shapes)}
	e.encode(&d, own, nil, logged{}, contentLimit)
	return record{rank: e.tier(d.typ).Rank(), data: e.buf}
}
