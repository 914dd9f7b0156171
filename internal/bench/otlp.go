package bench

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
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
// own, which is then stopped, so that sealing is in the figure of processor time.
func (b *bench) measureOTLP(ctx context.Context) error {
	events := min(b.cfg.Events, otlpEvents)
	flat, err := b.takes(ctx, "otlp-flat", func(ctx context.Context, s *server) (int, error) {
		l := &load{bench: b, server: s, workload: b.workload, total: events, quiet: true}
		return events, l.run(ctx)
	})
	if err != nil {
		return err
	}
	for _, enc := range []struct {
		name, folder, contentType string
		request                   func(first, n int) ([]byte, int)
	}{
		{"protobuf", "otlp-protobuf", "application/x-protobuf", b.workload.spans},
		{"JSON", "otlp-json", "application/json", b.workload.spansJSON},
	} {
		load := &spanLoad{events: events, contentType: enc.contentType, request: enc.request}
		spans, err := b.takes(ctx, enc.folder, func(ctx context.Context, s *server) (int, error) { return load.run(ctx, s, b.cfg.Connections) })
		if err != nil {
			return err
		}
		b.add(MeasureOTLP, "cost of an event from spans in "+enc.name+" to one from JSON", spans.micros/flat.micros, "x", atMost(1.5, 1.2),
			"us an event: %.2f as spans, %.2f as NDJSON, sealing included", spans.micros, flat.micros)
		b.add(MeasureOTLP, "peak memory at full speed, spans in "+enc.name, float64(spans.peak)/mb, "MB", atMost(600, 300),
			"%d spans a request over %d connections, %d events; as many from NDJSON %.0f MB; busy answers: %d",
			otlpSpans, b.cfg.Connections, events, float64(flat.peak)/mb, load.busy.Load())
	}
	return nil
}

// spanLoad is spans sent at full speed.
type spanLoad struct {
	events      int // to send, about
	contentType string
	request     func(first, n int) ([]byte, int)

	next, sent, busy atomic.Int64
}

// run sends requests over several connections until the spans have become so many
// events, and returns how many they did.
func (l *spanLoad) run(ctx context.Context, s *server, connections int) (int, error) {
	c := newClient(s.url)
	defer c.close()
	group, ctx := errgroup.WithContext(ctx)
	for range connections {
		group.Go(func() error {
			for l.sent.Load() < int64(l.events) {
				body, n := l.request(otlpSpans*int(l.next.Add(1)-1), otlpSpans)
				if err := l.send(ctx, c, body); err != nil {
					return err
				}
				l.sent.Add(int64(n))
			}
			return nil
		})
	}
	err := group.Wait()
	return int(l.sent.Load()), err
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
	own := *b
	own.dir, own.cfg.Data = filepath.Join(b.dir, name), ""
	if err := os.Mkdir(own.dir, 0o700); err != nil {
		return taken{}, err
	}
	b.cfg.Progress("taking in "+name, 0, 0)
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
