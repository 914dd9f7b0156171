package bench

import (
	"context"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// measureLatency sends events at a steady rate, whatever the server does, and
// measures from the moment at which each request was due: a server that stalls
// makes all that were due meanwhile late, and none of them is left out.
func (b *bench) measureLatency(ctx context.Context, s *server) error {
	c := newClient(s.url)
	defer c.close()
	cfg := b.cfg
	every := time.Second * time.Duration(cfg.RateBatch) / time.Duration(cfg.Rate)
	requests := max(int(cfg.RateFor/every), 1)
	before, err := s.usage()
	if err != nil {
		return err
	}
	var mu sync.Mutex // guards what follows
	var took []time.Duration
	busy := 0

	group, ctx := errgroup.WithContext(ctx)
	source := b.batches(requests)
	begin := time.Now().Add(every)
	for i := range requests {
		due := begin.Add(time.Duration(i) * every)
		lines := source(i)
		select {
		case <-time.After(time.Until(due)):
		case <-ctx.Done():
			return group.Wait()
		}
		group.Go(func() error {
			refused, err := c.send(ctx, lines, cfg.RateBatch)
			late := time.Since(due)
			mu.Lock()
			defer mu.Unlock()
			took, busy = append(took, late), busy+refused
			return err
		})
		if i%100 == 0 {
			cfg.Progress("measuring latency", int64(i), int64(requests))
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	after, err := s.usage()
	if err != nil {
		return err
	}
	b.stored += requests * cfg.RateBatch
	slices.Sort(took)
	b.add(MeasureLatency, "ack p99 at a steady rate", millis(percentile(took, 99)), "ms", atMost(25, 5),
		"p50 %.2f, p90 %.2f, p99.9 %.2f, most %.2f; %d events/s in batches of %d for %s, from the moment that each was due; busy answers: %d; %.2f us an event",
		millis(percentile(took, 50)), millis(percentile(took, 90)), millis(percentile(took, 99.9)), millis(took[len(took)-1]),
		cfg.Rate, cfg.RateBatch, cfg.RateFor, busy, micros(after.CPU-before.CPU)/float64(requests*cfg.RateBatch))
	return nil
}

// batches returns the workload's next events, by request.
func (b *bench) batches(requests int) func(i int) []byte {
	var made []Block
	each := BlockEvents / b.cfg.RateBatch
	for range (requests + each - 1) / each {
		var next Block
		b.more.Fill(&next, b.next)
		b.next++
		made = append(made, next)
	}
	return func(i int) []byte {
		from := i % each * b.cfg.RateBatch
		return made[i/each].Lines(from, from+b.cfg.RateBatch)
	}
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// percentile returns the p-th percentile of what is sorted: the smallest value
// that p percent do not exceed.
func percentile(sorted []time.Duration, p float64) time.Duration {
	i := int(float64(len(sorted))*p/100+0.9999999) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}
