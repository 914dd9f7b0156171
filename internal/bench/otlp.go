package bench

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hansardhq/hansard"
)

// otlpEvents is how many events are sent in each form, at most.
const otlpEvents = 60 * BlockEvents

// otlpSpans is how many spans a request has.
const otlpSpans = 500

// measureOTLP sends as many events as flat JSON, and as OpenTelemetry's spans in
// protobuf and in JSON, as fast as they are taken, each to a server and a folder of its
// own, which is then stopped, so that sealing is in the figure of processor time. Flat
// JSON is sent before and after the spans: machines get quicker and slower.
func (b *bench) measureOTLP(ctx context.Context) error {
	events := min(b.cfg.Events, otlpEvents)
	flat := func(folder string) (taken, error) {
		return b.takes(ctx, folder, func(ctx context.Context, s *server) (int, error) {
			return events, b.flat(s, events).run(ctx)
		})
	}
	before, err := flat("otlp-flat")
	if err != nil {
		return err
	}
	loads := []*spanLoad{
		{name: "protobuf", folder: "otlp-protobuf", events: events, contentType: "application/x-protobuf", request: b.workload.spans},
		{name: "JSON", folder: "otlp-json", events: events, contentType: "application/json", request: b.workload.spansJSON},
	}
	for _, l := range loads {
		l.prepare(b.cfg.Connections)
		if l.took, err = b.takes(ctx, l.folder, func(ctx context.Context, s *server) (int, error) { return l.run(ctx, s, b.cfg.Connections) }); err != nil {
			return err
		}
	}
	after, err := flat("otlp-flat-again")
	if err != nil {
		return err
	}
	for _, l := range loads {
		b.add(MeasureOTLP, "cost of an event from spans in "+l.name+" to one from JSON", l.took.micros/((before.micros+after.micros)/2), "x", atMost(1.5, 1.2),
			"us an event: %.2f as spans, %.2f and %.2f as NDJSON before and after, sealing included", l.took.micros, before.micros, after.micros)
		b.add(MeasureOTLP, "peak memory at full speed, spans in "+l.name, float64(l.took.peak)/mb, "MB", atMost(600, 300),
			"%d spans a request over %d connections, %d events; as many from NDJSON %.0f MB; busy answers: %d",
			otlpSpans, b.cfg.Connections, events, float64(max(before.peak, after.peak))/mb, l.busy.Load())
	}
	return nil
}

// spanLoad is spans sent at full speed.
type spanLoad struct {
	name, folder string
	events       int // to send, about
	contentType  string
	request      func(first, n int) ([]byte, int)
	took         taken

	next, made, busy atomic.Int64

	mu     sync.Mutex // guards bodies while they are made
	bodies [][]byte
}

// prepare makes the requests, until the spans have become so many events. They are made
// beforehand: a server that waits for its sender reads back all that it seals, one under
// load only some of it.
func (l *spanLoad) prepare(connections int) {
	var group sync.WaitGroup
	for range connections {
		group.Go(func() {
			for l.made.Load() < int64(l.events) {
				body, n := l.request(otlpSpans*int(l.next.Add(1)-1), otlpSpans)
				l.made.Add(int64(n))
				l.mu.Lock()
				l.bodies = append(l.bodies, body)
				l.mu.Unlock()
			}
		})
	}
	group.Wait()
	l.next.Store(0)
}

// run sends the requests over several connections, and returns how many events they
// become.
func (l *spanLoad) run(ctx context.Context, s *server, connections int) (int, error) {
	c := newClient(s.url)
	defer c.close()
	group, ctx := errgroup.WithContext(ctx)
	for range connections {
		group.Go(func() error {
			for i := l.next.Add(1) - 1; i < int64(len(l.bodies)); i = l.next.Add(1) - 1 {
				if err := l.send(ctx, c, l.bodies[i]); err != nil {
					return err
				}
				l.bodies[i] = nil
			}
			return nil
		})
	}
	return int(l.made.Load()), group.Wait()
}

// send sends a request, again while the server says that it is busy.
func (l *spanLoad) send(ctx context.Context, c *client, body []byte) error {
	for {
		status, answer, err := c.do(ctx, http.MethodPost, "/v1/traces", l.contentType, body)
		if err == nil && (status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests) {
			l.busy.Add(1)
			if wait(ctx, time.Now().Add(100*time.Millisecond)) {
				return ctx.Err()
			}
			continue
		}
		if err := checked("/v1/traces", status, answer, err); err != nil {
			return err
		}
		if len(answer) > 0 && string(answer) != "{}" {
			return hansard.Errorf(hansard.KindInternal, "/v1/traces refuses spans: %q", answer)
		}
		return nil
	}
}

// taken is what it took a server to take events in.
type taken struct {
	micros float64 // of processor time, an event
	peak   int64   // bytes of memory, the most until the last was acknowledged
}

// takes starts a server on a folder of its own, has events sent to it and stops it.
func (b *bench) takes(ctx context.Context, name string, send func(context.Context, *server) (events int, err error)) (taken, error) {
	own, err := b.within(name)
	if err != nil {
		return taken{}, err
	}
	s, err := own.startServer(ctx, time.Minute, own.profileTo("."+name)...)
	if err != nil {
		return taken{}, err
	}
	start, err := s.usage()
	var n int
	if err == nil {
		n, err = send(ctx, s)
	}
	var acked Usage
	if err == nil {
		acked, err = s.usage()
	}
	if err != nil {
		return taken{}, errors.Join(err, s.kill())
	}
	cpu, err := s.stop()
	return taken{micros(cpu-start.CPU) / float64(n), acked.Peak}, err
}

// within returns the run with a folder of its own, for a server that is about to take
// events in.
func (b *bench) within(name string) (*bench, error) {
	own := *b
	own.dir, own.cfg.Data = filepath.Join(b.dir, name), ""
	b.cfg.Progress("taking in "+name, 0, 0)
	return &own, os.Mkdir(own.dir, 0o700)
}
