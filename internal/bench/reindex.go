package bench

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hansardhq/hansard"
)

// measureReindex makes everything anew that is derived, with no server running.
func (b *bench) measureReindex(ctx context.Context) error {
	b.cfg.Progress("reindexing", 0, 0)
	_, took, cpu, err := b.verb(ctx, "reindex")
	if err != nil {
		return err
	}
	n := float64(b.stored)
	b.add(MeasureReindex, "reindex", n/took.Seconds(), "events/s", reindexTarget(),
		"%.1f s, no server running; %.2f us of processor time an event", took.Seconds(), micros(cpu)/n)
	return nil
}

func reindexTarget() target { return atLeast(500_000, 1_000_000) }

// What else a server does while it reindexes: it takes events in at this rate, and
// answers a question of each kind after the other.
const (
	meanwhileEvery = 100 * time.Millisecond // from one request with events to the next
	meanwhileFor   = time.Minute            // at most: the events are made beforehand
	reindexPoll    = 10 * time.Millisecond
)

// measureReindexServing has the server reindex everything while events come in at a
// steady rate and questions are asked.
func (b *bench) measureReindexServing(ctx context.Context, s *server) error {
	b.cfg.Progress("reindexing while serving", 0, 0)
	c := newClient(s.url)
	defer c.close()
	m := &meanwhile{bench: b, client: c, source: b.batches(int(meanwhileFor / meanwhileEvery))}
	if err := m.ask(ctx); err != nil { // what is kept of the record is kept then
		return err
	}
	m.answers = nil
	before, err := s.usage()
	if err != nil {
		return err
	}
	begin := time.Now()
	var at reindexing
	group, ctx := errgroup.WithContext(ctx)
	working, stop := context.WithCancel(ctx)
	defer stop()
	group.Go(func() error { return m.send(working) })
	group.Go(func() error { return m.askOn(working) })
	at, err = c.reindex(ctx)
	took := time.Since(begin)
	stop()
	if group := group.Wait(); err == nil {
		err = group
	}
	b.stored += len(m.acks) * b.cfg.RateBatch
	if err != nil {
		return err
	}
	after, err := s.usage()
	if err != nil {
		return err
	}
	slices.Sort(m.acks)
	slices.Sort(m.answers)
	n := float64(at.Entries)
	b.add(MeasureReindex, "reindex, while serving", n/took.Seconds(), "events/s", reindexTarget(),
		"%.1f s; %.2f us of the server's processor time an event, all that it did in it; meanwhile it took in %d events (ack p50 %.2f, p99 %.2f, most %.2f ms) and answered %d questions (a trace, one day's summary; p50 %.1f, most %.1f ms)",
		took.Seconds(), micros(after.CPU-before.CPU)/n, len(m.acks)*b.cfg.RateBatch, millis(percentile(m.acks, 50)), millis(percentile(m.acks, 99)), millis(percentile(m.acks, 100)),
		len(m.answers), millis(percentile(m.answers, 50)), millis(percentile(m.answers, 100)))
	return nil
}

// meanwhile is what a server has to do beside something else.
type meanwhile struct {
	bench   *bench
	client  *client
	source  func(i int) []byte
	acks    []time.Duration
	answers []time.Duration
}

// send sends a request with events at each tick until the context ends, the first at
// once. Its latency counts from the moment at which it was due.
func (m *meanwhile) send(ctx context.Context) error {
	begin := time.Now()
	for i := range int(meanwhileFor / meanwhileEvery) {
		due := begin.Add(time.Duration(i) * meanwhileEvery)
		if i > 0 && wait(ctx, due) {
			return nil
		}
		// Not under ctx: what was sent is to be counted.
		if _, err := m.client.send(context.WithoutCancel(ctx), m.source(i), m.bench.cfg.RateBatch); err != nil {
			return err
		}
		m.acks = append(m.acks, time.Since(due))
	}
	return nil
}

// askOn asks one question after the other until the context ends.
func (m *meanwhile) askOn(ctx context.Context) error {
	for {
		if err := m.ask(context.WithoutCancel(ctx)); err != nil {
			return err
		}
		if wait(ctx, time.Now().Add(meanwhileEvery)) {
			return nil
		}
	}
}

// ask asks for a trace, and for the summary of a day, as a page does again and again.
func (m *meanwhile) ask(ctx context.Context) error {
	w := m.bench.workload
	block := rand.IntN(max(m.bench.cfg.Events/BlockEvents, 1))
	day := m.bench.oneDay("reports/summary?")
	for _, ask := range []func() ([]byte, error){
		func() ([]byte, error) {
			return m.client.get(ctx, "/v1/traces/"+w.TraceID(block, rand.IntN(BlockEvents/maxTrace)))
		},
		func() ([]byte, error) { return day(ctx, m.client, 0) },
	} {
		begin := time.Now()
		if _, err := ask(); err != nil {
			return err
		}
		m.answers = append(m.answers, time.Since(begin))
	}
	return nil
}

// wait waits for a moment and reports whether the context ended before it.
func wait(ctx context.Context, until time.Time) (ended bool) {
	select {
	case <-ctx.Done():
		return true
	case <-time.After(time.Until(until)):
		return false
	}
}

// reindexing is what the server says of a reindex.
type reindexing struct {
	Running bool   `json:"running"`
	Entries int64  `json:"entries"`
	Error   string `json:"error"`
}

// reindex has the server reindex and waits until it has.
func (c *client) reindex(ctx context.Context) (at reindexing, err error) {
	const path = "/v1/reindex"
	status, answer, err := c.do(ctx, http.MethodPost, path, "", nil)
	if err == nil && status != http.StatusAccepted {
		err = checked(path, status, answer, nil)
	}
	for err == nil {
		if answer, err = c.get(ctx, path); err != nil {
			break
		}
		if err = json.Unmarshal(answer, &at); err != nil || !at.Running {
			break
		}
		if wait(ctx, time.Now().Add(reindexPoll)) {
			err = ctx.Err()
		}
	}
	if err == nil && at.Error != "" {
		err = hansard.Errorf(hansard.KindInternal, "reindex: %s", at.Error)
	}
	return at, err
}
