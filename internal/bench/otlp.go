package bench

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/hansardhq/hansard"
)

// otlpSpans is how many spans a request has.
const otlpSpans = 500

// measureOTLP sends as many events as flat JSON, and as OpenTelemetry's spans in
// protobuf and in JSON, each to a server and a folder of its own, which is then
// stopped, so that sealing is in the figure.
func (b *bench) measureOTLP(ctx context.Context) error {
	events := min(b.cfg.Events, 20*BlockEvents)
	flat, err := b.takes(ctx, "otlp-flat", func(c *client) (int, error) {
		var block Block
		for n := range events / BlockEvents {
			b.workload.Fill(&block, n)
			for from := 0; from < BlockEvents; from += 1000 {
				if _, err := c.send(ctx, block.Lines(from, from+1000), 1000); err != nil {
					return 0, err
				}
			}
		}
		return events, nil
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
		spans, err := b.takes(ctx, enc.folder, func(c *client) (int, error) {
			return sendSpans(ctx, c, events, enc.contentType, enc.request)
		})
		if err != nil {
			return err
		}
		b.add(MeasureOTLP, "cost of an event from spans in "+enc.name+" to one from JSON", spans/flat, "x", atMost(1.5, 1.2),
			"us an event: %.2f as spans, %.2f as NDJSON, sealing included", spans, flat)
	}
	return nil
}

// sendSpans sends requests with spans that become so many events, and returns how
// many they did.
func sendSpans(ctx context.Context, c *client, events int, contentType string, request func(first, n int) ([]byte, int)) (sent int, err error) {
	for first := 0; sent < events; first += otlpSpans {
		body, n := request(first, otlpSpans)
		status, answer, err := c.do(ctx, http.MethodPost, "/v1/traces", contentType, body)
		if err := checked("/v1/traces", status, answer, err); err != nil {
			return sent, err
		}
		if len(answer) > 0 && string(answer) != "{}" {
			return sent, hansard.Errorf(hansard.KindInternal, "/v1/traces refuses spans: %q", answer)
		}
		sent += n
	}
	return sent, nil
}

// takes starts a server on a folder of its own, has events sent to it and stops it.
// It returns the server's processor time for an event, in microseconds.
func (b *bench) takes(ctx context.Context, name string, send func(*client) (events int, err error)) (float64, error) {
	own := *b
	own.dir, own.cfg.Data = filepath.Join(b.dir, name), ""
	if err := os.Mkdir(own.dir, 0o700); err != nil {
		return 0, err
	}
	b.cfg.Progress("taking in "+name, 0, 0)
	s, err := own.startServer(ctx, time.Minute)
	if err != nil {
		return 0, err
	}
	start, err := s.usage()
	if err != nil {
		return 0, errors.Join(err, s.kill())
	}
	c := newClient(s.url)
	defer c.close()
	n, err := send(c)
	if err != nil {
		return 0, errors.Join(err, s.kill())
	}
	cpu, err := s.stop()
	return micros(cpu-start.CPU) / float64(n), err
}
