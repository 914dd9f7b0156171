package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hansardhq/hansard"
)

// measureIngest sends the workload's events as fast as the server takes them,
// waits until it has sealed and merged what it wants to, and measures what that
// took. It returns the server that runs then: another one when the first was
// stopped instead of waited for.
func (b *bench) measureIngest(ctx context.Context, s *server) (*server, error) {
	before, err := b.yardstick()
	if err != nil {
		return s, err
	}
	start, err := s.usage()
	if err != nil {
		return s, err
	}
	begin := time.Now()
	load := &load{bench: b, workload: b.workload, server: s, total: b.cfg.Events, mark: begin, cpu: start.CPU}
	if err := load.run(ctx); err != nil {
		return s, err
	}
	took := time.Since(begin)
	acked, err := s.usage()
	if err != nil {
		return s, err
	}
	after, err := b.yardstick()
	if err != nil {
		return s, err
	}
	b.stored = b.cfg.Events
	b.report.Steps = load.steps
	s, settled, err := b.settle(ctx, s)
	if err != nil {
		return s, err
	}
	n, cpu := float64(b.cfg.Events), settled.CPU-start.CPU
	b.add(MeasureIngest, "events per CPU-second of the server", n/cpu.Seconds(), "events/s", atLeast(90_000, 160_000),
		"%.2f us an event: %.2f until the last ack, %.2f after it", micros(cpu)/n, micros(acked.CPU-start.CPU)/n, micros(settled.CPU-acked.CPU)/n)
	b.addYardstick(before, after, n/cpu.Seconds())
	b.add(MeasureIngest, "events per second by the clock", n/took.Seconds(), "events/s", target{},
		"%d connections, batches of %d, the client on the same machine; busy answers: %d", b.cfg.Connections, b.cfg.Batch, load.busy.Load())
	if first, last := load.steps[0], load.steps[len(load.steps)-1]; (acked.CPU-start.CPU)/time.Duration(len(load.steps)) >= leastStep {
		b.add(MeasureIngest, "cost of the last step's events to the first's", last.CPUMicros/first.CPUMicros, "x", target{},
			"us an event, by step: %s", list(load.steps, func(s Step) string { return fmt.Sprintf("%.2f", s.CPUMicros) }))
	}
	b.add(MeasureMemory, "peak memory at full speed", float64(acked.Peak)/mb, "MB", atMost(600, 300), "resident, with the pages of the program itself")
	b.add(MeasureMemory, "memory at rest", float64(settled.RSS)/mb, "MB", atMost(200, 100), "%s", settled.how)
	return s, b.measureDisk()
}

// leastStep is how much processor time a step takes at least on the average of which
// steps are compared: the system counts it in hundredths of a second.
const leastStep = 200 * time.Millisecond

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// load is events sent at full speed.
type load struct {
	bench    *bench
	server   *server
	workload *Workload
	first    int  // number of the first block
	total    int  // events to send; 0: until the context ends
	quiet    bool // no steps are noted, and no progress
	// send is how a batch is sent; nil: by (*client).send.
	send func(c *client, ctx context.Context, lines []byte, events int) (busy int, err error)

	block atomic.Int64 // blocks handed out
	acked atomic.Int64
	busy  atomic.Int64

	mu    sync.Mutex // guards what follows: a step ends in whichever goroutine reaches it
	steps []Step
	mark  time.Time     // of the last step's end
	cpu   time.Duration // ... what the server had used then
}

// run sends events over several connections at once.
func (l *load) run(ctx context.Context) error {
	c := newClient(l.server.url)
	defer c.close()
	if l.send == nil {
		l.send = (*client).send
	}
	group, ctx := errgroup.WithContext(ctx)
	for range l.bench.cfg.Connections {
		group.Go(func() error { return l.connection(ctx, c) })
	}
	return group.Wait()
}

// connection sends block after block, batch after batch.
func (l *load) connection(ctx context.Context, c *client) error {
	var b Block
	for {
		n := int(l.block.Add(1)) - 1
		left := BlockEvents
		if l.total > 0 {
			left = min(left, l.total-n*BlockEvents)
		}
		if left <= 0 {
			return nil
		}
		l.workload.Fill(&b, l.first+n)
		for from := 0; from < left; from += l.bench.cfg.Batch {
			to := min(from+l.bench.cfg.Batch, left)
			busy, err := l.send(c, ctx, b.Lines(from, to), to-from)
			l.busy.Add(int64(busy))
			if err != nil {
				return err
			}
			if err := l.ack(to - from); err != nil {
				return err
			}
		}
	}
}

// stepEvents returns how many events make a step.
func (l *load) stepEvents() int64 {
	if l.total >= 2_000_000 {
		return 1_000_000
	}
	return int64(max(l.total/4, 1))
}

// ack counts events that were acknowledged, and ends a step with them.
func (l *load) ack(n int) error {
	acked := l.acked.Add(int64(n))
	if l.total == 0 || l.quiet {
		return nil
	}
	l.bench.cfg.Progress("sending events", acked, int64(l.total))
	step := l.stepEvents()
	if acked/step == (acked-int64(n))/step {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	u, err := l.server.usage()
	if err != nil {
		return err
	}
	events := acked
	if len(l.steps) > 0 {
		events -= int64(l.steps[len(l.steps)-1].Events)
	}
	if events <= 0 {
		return nil // two steps ended at once, and the later came first
	}
	now := time.Now()
	l.steps = append(l.steps, Step{
		Events: int(acked), CPUMicros: micros(u.CPU-l.cpu) / float64(events), RSS: u.RSS,
		PerSecond: float64(events) / now.Sub(l.mark).Seconds(),
	})
	l.mark, l.cpu = now, u.CPU
	return nil
}

// settlement is what a server has used when it has settled.
type settlement struct {
	Usage
	how string
}

// settleLimit is how long we wait for a server to settle at most.
const settleLimit = 10 * time.Minute

// settle waits until the server has sealed every entry, has used next to no
// processor time for five seconds, and has had Settle for merging. Where Settle
// is 0, it stops the server, which seals, and starts it again.
func (b *bench) settle(ctx context.Context, s *server) (*server, settlement, error) {
	if b.cfg.Settle == 0 {
		cpu, err := s.stop()
		if err != nil {
			return s, settlement{}, err
		}
		if s, err = b.startServer(ctx, time.Minute); err != nil {
			return s, settlement{}, err
		}
		u, err := s.usage()
		u.CPU = cpu
		return s, settlement{u, "after a restart"}, err
	}
	begin := time.Now()
	before, err := s.usage()
	if err != nil {
		return s, settlement{}, err
	}
	for {
		b.cfg.Progress("waiting for the server to settle", int64(time.Since(begin).Seconds()), int64(max(b.cfg.Settle, time.Minute).Seconds()))
		select {
		case <-time.After(5 * time.Second):
		case <-ctx.Done():
			return s, settlement{}, ctx.Err()
		}
		now, err := s.usage()
		if err != nil {
			return s, settlement{}, err
		}
		sealed, err := s.sealed(ctx)
		if err != nil {
			return s, settlement{}, err
		}
		waited := time.Since(begin)
		quiet := now.CPU-before.CPU < 250*time.Millisecond
		if sealed && quiet && waited >= b.cfg.Settle {
			return s, settlement{now, fmt.Sprintf("%d s after the last ack; 5 s at rest took %d ms of processor time", int(waited.Seconds()), (now.CPU - before.CPU).Milliseconds())}, nil
		}
		if waited > settleLimit {
			return s, settlement{}, hansard.Errorf(hansard.KindInternal, "the server had not settled after %s", settleLimit)
		}
		before = now
	}
}

// logSizes asks the server for the sizes of its logs, apart from the one about
// the others, which grows at rest.
func (s *server) logSizes(ctx context.Context) (size, sealed uint64, err error) {
	c := newClient(s.url)
	defer c.close()
	answer, err := c.get(ctx, "/v1/logs")
	if err != nil {
		return 0, 0, err
	}
	var logs struct {
		Logs []struct {
			Log    string `json:"log"`
			Size   uint64 `json:"size"`
			Sealed uint64 `json:"sealed"`
		} `json:"logs"`
	}
	err = json.Unmarshal(answer, &logs)
	for _, l := range logs.Logs {
		if !strings.HasSuffix(l.Log, "/"+string(hansard.TierMeta)) {
			size += l.Size
			sealed += l.Sealed
		}
	}
	return size, sealed, err
}

// sealed reports whether every entry is in a part.
func (s *server) sealed(ctx context.Context) (bool, error) {
	size, sealed, err := s.logSizes(ctx)
	return size == sealed, err
}
