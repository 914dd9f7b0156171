package bench

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/hansardhq/hansard"
)

// otlpSpans is how many spans a request has.
const otlpSpans = 500

// measureOTLP sends as many events as flat JSON, and as OpenTelemetry's spans in
// protobuf, each to a server and a folder of its own, which is then stopped, so
// that sealing is in the figure.
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
	spans, err := b.takes(ctx, "otlp-spans", func(c *client) (int, error) {
		sent := 0
		for first := 0; sent < events; first += otlpSpans {
			body, n := b.workload.spans(first, otlpSpans)
			status, answer, err := c.do(ctx, http.MethodPost, "/v1/traces", "application/x-protobuf", body)
			if err := checked("/v1/traces", status, answer, err); err != nil {
				return sent, err
			}
			if len(answer) > 0 {
				return sent, hansard.Errorf(hansard.KindInternal, "/v1/traces refuses spans: %q", answer)
			}
			sent += n
		}
		return sent, nil
	})
	if err != nil {
		return err
	}
	b.add(MeasureOTLP, "cost of an event from OpenTelemetry to one from JSON", spans/flat, "x", atMost(1.5, 1.2),
		"us an event: %.2f as spans in protobuf, %.2f as NDJSON, sealing included", spans, flat)
	return nil
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

// spans returns a request with spans of agents, models and tools, as their
// instrumentation sends them, and how many events they become.
func (w *Workload) spans(first, n int) (request []byte, events int) {
	r := rand.NewPCG(w.seed, mix(uint64(first)+1))
	var list []byte
	for i := first; i < first+n; i++ {
		span, n := w.span(r, i)
		list = appendBytes(list, 2, span)
		events += n
	}
	scope := appendBytes(nil, 1, []byte("shop.agents"))
	resource := appendText(appendText(nil, 1, "service.name", "shop"), 1, "deployment.environment.name", "prod")
	return appendBytes(nil, 1, append(appendBytes(nil, 1, resource), appendBytes(nil, 2, append(appendBytes(nil, 1, scope), list...))...)), events
}

// tracedSpans is how many spans a trace has: an agent's and those below it.
const tracedSpans = 20

// span returns the i-th span and how many events it becomes.
func (w *Workload) span(r *rand.PCG, i int) (span []byte, events int) {
	n := func(limit uint64) int64 { return int64(r.Uint64() % limit) }
	say := func(words int) string { return string(w.words.append(nil, r, words)) }
	id := func(size, i int) []byte {
		b := make([]byte, size)
		binary.BigEndian.PutUint64(b[size-8:], mix(w.seed^uint64(i)))
		return b
	}
	root := i - i%tracedSpans
	span = appendBytes(appendBytes(nil, 1, id(16, root)), 2, id(8, i))
	if i != root {
		span = appendBytes(span, 4, id(8, root))
	}
	start := uint64(w.start.UnixNano()) + uint64(i)*1e7
	span = protowire.AppendFixed64(protowire.AppendTag(span, 7, protowire.Fixed64Type), start)
	span = protowire.AppendFixed64(protowire.AppendTag(span, 8, protowire.Fixed64Type), start+uint64(n(1e9)))
	put := func(key, value string) { span = appendText(span, 9, key, value) }
	switch {
	case i == root:
		span = appendBytes(span, 5, []byte("invoke_agent"))
		put("gen_ai.operation.name", "invoke_agent")
		put("gen_ai.agent.name", w.agents[n(uint64(len(w.agents)))])
		put("gen_ai.conversation.id", "s-"+strconv.Itoa(i))
		put("gen_ai.input.messages", `[{"role":"user","parts":[{"type":"text","content":"`+say(12)+`"}]}]`)
		return span, 1
	case i%2 == 0:
		span = appendBytes(span, 5, []byte("chat gpt-4o"))
		put("gen_ai.operation.name", "chat")
		put("gen_ai.provider.name", "openai")
		put("gen_ai.request.model", "gpt-4o")
		put("gen_ai.response.id", "chatcmpl-"+strconv.Itoa(i))
		span = appendCount(span, 9, "gen_ai.usage.input_tokens", n(2000))
		span = appendCount(span, 9, "gen_ai.usage.output_tokens", n(500))
		span = appendShare(span, 9, "gen_ai.request.temperature", 0.5)
		put("gen_ai.input.messages", `[{"role":"user","parts":[{"type":"text","content":"`+say(10)+`"}]}]`)
		put("gen_ai.output.messages", `[{"role":"assistant","parts":[{"type":"text","content":"`+say(10)+`"}],"finish_reason":"stop"}]`)
		return span, 1
	}
	span = appendBytes(span, 5, []byte("execute_tool"))
	put("gen_ai.operation.name", "execute_tool")
	put("gen_ai.tool.name", w.tools[n(uint64(len(w.tools)))])
	put("gen_ai.tool.call.id", "call_"+strconv.Itoa(i))
	put("gen_ai.tool.call.arguments", `{"id":"ORD-`+strconv.Itoa(i)+`","query":"`+say(5)+`"}`)
	put("gen_ai.tool.call.result", `{"status":"shipped","note":"`+say(8)+`"}`)
	return span, 2
}

// appendBytes appends a length-delimited field.
func appendBytes(dst []byte, num protowire.Number, b []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(dst, num, protowire.BytesType), b)
}

// appendText, appendCount and appendShare append an attribute.
func appendText(dst []byte, num protowire.Number, key, value string) []byte {
	return appendAttribute(dst, num, key, appendBytes(nil, 1, []byte(value)))
}

func appendCount(dst []byte, num protowire.Number, key string, n int64) []byte {
	return appendAttribute(dst, num, key, protowire.AppendVarint(protowire.AppendTag(nil, 3, protowire.VarintType), uint64(n)))
}

func appendShare(dst []byte, num protowire.Number, key string, x float64) []byte {
	return appendAttribute(dst, num, key, protowire.AppendFixed64(protowire.AppendTag(nil, 4, protowire.Fixed64Type), math.Float64bits(x)))
}

func appendAttribute(dst []byte, num protowire.Number, key string, value []byte) []byte {
	return appendBytes(dst, num, appendBytes(appendBytes(nil, 1, []byte(key)), 2, value))
}
