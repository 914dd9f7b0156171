package client

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hansardhq/hansard/internal/rawjson"
)

// route takes events to one sink.
type route struct {
	sink    Sink
	store   store
	spooled bool
	cfg     *Config
	agent   *Agent // tells of losses
	account account
	notify  func() // something moved

	wake     chan struct{} // capacity 1: there is more, or a hurry
	flushing atomic.Int32  // how many Flush and Close wait
	closing  atomic.Bool
	batch    []Encoded

	told time.Time // the last loss; only the sender's

	mu      sync.Mutex // guards what Stats shows
	stats   SinkStats
	failing bool
}

// poke wakes the sender.
func (r *route) poke() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// add gives the route events of the pump.
func (r *route) add(list []record, lost losses) {
	r.lose(lost)
	if len(list) == 0 {
		return
	}
	r.lose(r.store.add(list))
	if b := r.store.waiting(); b.ready >= r.cfg.BatchEvents || b.events <= len(list) || r.flushing.Load() > 0 {
		r.poke()
	}
}

func (r *route) lose(l losses) {
	if l.total() == 0 {
		return
	}
	r.account.lose(l)
	r.store.keep(r.account.snapshot())
	r.poke() // the sender tells the record, even if nothing else comes
}

// run sends until ctx is done.
func (r *route) run(ctx context.Context) {
	for r.gather(ctx) {
		batch := r.store.take(r.cfg.BatchEvents, batchBytes)
		if len(batch) == 0 {
			continue
		}
		if !r.deliver(ctx, batch) {
			return
		}
		r.store.ack()
		if time.Since(r.told) >= tellEvery {
			r.tellLosses()
		}
		r.notify()
	}
}

// tellEvery is how often the record is told of losses: a sink that is too slow
// must not be given more to do with each event that it misses.
const tellEvery = time.Second

// batchBytes bounds a batch, in bytes before compression.
const batchBytes = 1 << 20

// gather waits until a batch is worth sending, and reports whether to go on.
func (r *route) gather(ctx context.Context) bool {
	var due <-chan time.Time
	for {
		if ctx.Err() != nil {
			return false
		}
		b := r.store.waiting()
		full := b.ready >= r.cfg.BatchEvents || b.size >= batchBytes || r.flushing.Load() > 0 || r.closing.Load()
		if b.ready > 0 && full {
			return true
		}
		if b.ready > 0 && due == nil {
			timer := time.NewTimer(r.cfg.BatchDelay)
			defer timer.Stop()
			due = timer.C
		}
		tell := time.Since(r.told)
		if b.ready == 0 && r.account.pending() && tell >= tellEvery {
			r.tellLosses()
			continue
		}
		if b.ready == 0 && r.closing.Load() {
			return false
		}
		if b.ready == 0 && r.account.pending() {
			timer := time.NewTimer(tellEvery - tell)
			defer timer.Stop()
			due = timer.C
		}
		select {
		case <-ctx.Done():
		case <-r.wake:
		case <-due:
			if due = nil; b.ready > 0 {
				return true
			}
		}
	}
}

// deliver sends records until the sink has all of them, and reports whether it
// has. It has not when ctx ended, or when the client is being closed and they are
// safe in a spool.
func (r *route) deliver(ctx context.Context, list []record) bool {
	for failed := 0; len(list) > 0; {
		rec, err := write(ctx, r.sink, r.encoded(list))
		n := len(list)
		list = r.settle(list, rec, err)
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		if errors.Is(err, ErrRefused) && len(list) > 0 {
			return r.divide(ctx, list, err)
		}
		if failed++; len(list) < n {
			failed = 1 // it takes some: it is busy, not away
		}
		if !r.wait(ctx, failed, err) {
			return false
		}
	}
	return true
}

// divide finds the events for which a batch was refused.
func (r *route) divide(ctx context.Context, list []record, why error) bool {
	if len(list) == 1 {
		r.reject(list[0], why.Error())
		return true
	}
	half := len(list) / 2
	return r.deliver(ctx, list[:half]) && r.deliver(ctx, list[half:])
}

func (r *route) encoded(list []record) []Encoded {
	r.batch = r.batch[:0]
	for i := range list {
		r.batch = append(r.batch, Encoded{JSON: list[i].data})
	}
	return r.batch
}

// settle notes what became of records and returns those that are not done.
func (r *route) settle(list []record, rec Receipt, err error) []record {
	rejected := map[int]string{}
	for _, x := range rec.Rejected {
		if x.Index >= 0 && x.Index < len(list) {
			rejected[x.Index] = x.Reason
		}
	}
	left, sent := list[:0:0], 0
	for i := range list {
		reason, bad := rejected[i]
		switch {
		case bad:
			r.reject(list[i], reason)
		case err == nil || sent < rec.Taken:
			sent++
		default:
			left = append(left, list[i])
		}
	}
	if unnamed := min(rec.Unnamed, sent); err == nil && unnamed > 0 {
		sent -= unnamed
		r.rejectUnnamed(unnamed, rec.Reason)
	}
	r.mu.Lock()
	r.stats.Sent += uint64(sent)
	r.stats.Duplicates += uint64(rec.Duplicates)
	r.stats.Conflicts += uint64(rec.Conflicts)
	back := false
	if err == nil {
		back, r.failing = r.failing, false
		r.stats.Away, r.stats.LastSuccess = false, time.Now()
	}
	r.mu.Unlock()
	if back {
		r.cfg.log(slog.LevelInfo, "the sink takes events again", "sink", r.sink.Name())
	}
	return left
}

// rejectUnnamed counts events that the sink will never take and did not name.
func (r *route) rejectUnnamed(n int, reason string) {
	for range n {
		r.reject(record{}, reason)
	}
}

// reject gives an event up that the sink will never take.
func (r *route) reject(x record, reason string) {
	r.mu.Lock()
	r.stats.Rejected++
	r.mu.Unlock()
	if r.cfg.OnReject == nil {
		return
	}
	defer func() { _ = recover() }() // the callback is the caller's; it is not worth the sender
	id := rawjson.Get(x.data, "event_id")
	r.cfg.OnReject(Rejection{Sink: r.sink.Name(), EventID: string(rawjson.Unquote(nil, id)), Reason: reason})
}

// wait pauses after a failed try and reports whether to try again.
func (r *route) wait(ctx context.Context, failed int, err error) bool {
	r.mu.Lock()
	r.stats.Retries++
	r.stats.LastError = err.Error()
	first := !r.failing
	r.failing, r.stats.Away = true, true
	r.mu.Unlock()
	if first {
		r.cfg.log(slog.LevelWarn, "the sink does not take events; they wait", "sink", r.sink.Name(), "error", err.Error())
	}
	r.notify()
	if r.closing.Load() && r.spooled && failed > 1 {
		return false // the next start sends them
	}
	var asked time.Duration
	var retry *RetryAfterError
	if errors.As(err, &retry) {
		asked = retry.After
	}
	timer := time.NewTimer(pause(failed, r.cfg.MaxBackoff, asked))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-timer.C:
			return true
		case <-r.wake:
			if r.closing.Load() {
				// One more try: the sink may be back.
				return !r.spooled || failed < 2
			}
		}
	}
}

// tellLosses puts the account of what was lost on record, once the sink takes
// events again.
func (r *route) tellLosses() {
	r.told = time.Now()
	for r.account.pending() {
		report := r.account.next()
		if report == nil {
			return
		}
		r.cfg.log(slog.LevelWarn, "events were given up", "sink", r.sink.Name(), "events", report.Lost.total())
		// A crash here, between the two, tells the same loss again by the
		// next start: the same event with the same id.
		r.lose(r.store.add([]record{r.agent.tell(r.sink.Name(), report)}))
		r.store.keep(r.account.snapshot())
	}
}

// idle reports whether all up to seq has left the store.
func (r *route) idle(seq uint64) bool { return r.store.waiting().low > seq }

// snapshot returns the sink's figures.
func (r *route) snapshot() SinkStats {
	b := r.store.waiting()
	lost := r.account.total()
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.stats
	s.Name, s.Waiting, s.WaitingBytes = r.sink.Name(), b.events, b.bytes
	s.Dropped, s.DroppedByTier, s.DroppedByReason = lost.total(), lost.byTier(), lost.byReason()
	return s
}
