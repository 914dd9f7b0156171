package bench

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
)

// otlpSpan is a span of an invented agent, model or tool, as its instrumentation
// sends it.
type otlpSpan struct {
	trace, id, parent []byte // parent is nil at the root of a trace
	name              string
	start, end        uint64 // Unix nanoseconds
	attrs             []otlpAttr
	events            int // how many events it becomes
}

// otlpAttr is an attribute: a text, a count, or a share where that is not 0.
type otlpAttr struct {
	key, text string
	count     int64
	share     float64
}

// tracedSpans is how many spans a trace has: an agent's and those below it.
const tracedSpans = 20

// span returns the i-th span.
func (w *Workload) span(r *rand.PCG, i int) otlpSpan {
	n := func(limit uint64) int64 { return int64(r.Uint64() % limit) }
	say := func(words int) string { return string(w.words.append(nil, r, words)) }
	id := func(size, i int) []byte {
		b := make([]byte, size)
		binary.BigEndian.PutUint64(b[size-8:], mix(w.seed^uint64(i)))
		return b
	}
	root := i - i%tracedSpans
	s := otlpSpan{trace: id(16, root), id: id(8, i), start: uint64(w.start.UnixNano()) + uint64(i)*1e7, events: 1}
	s.end = s.start + uint64(n(1e9))
	if i != root {
		s.parent = id(8, root)
	}
	put := func(key, value string) { s.attrs = append(s.attrs, otlpAttr{key: key, text: value}) }
	switch {
	case i == root:
		s.name = "invoke_agent"
		put("gen_ai.operation.name", "invoke_agent")
		put("gen_ai.agent.name", w.agents[n(uint64(len(w.agents)))])
		put("gen_ai.conversation.id", "s-"+strconv.Itoa(i))
		put("gen_ai.input.messages", `[{"role":"user","parts":[{"type":"text","content":"`+say(12)+`"}]}]`)
	case i%2 == 0:
		s.name = "chat gpt-4o"
		put("gen_ai.operation.name", "chat")
		put("gen_ai.provider.name", "openai")
		put("gen_ai.request.model", "gpt-4o")
		put("gen_ai.response.id", "chatcmpl-"+strconv.Itoa(i))
		s.attrs = append(s.attrs, otlpAttr{key: "gen_ai.usage.input_tokens", count: n(2000)},
			otlpAttr{key: "gen_ai.usage.output_tokens", count: n(500)}, otlpAttr{key: "gen_ai.request.temperature", share: 0.5})
		put("gen_ai.input.messages", `[{"role":"user","parts":[{"type":"text","content":"`+say(10)+`"}]}]`)
		put("gen_ai.output.messages", `[{"role":"assistant","parts":[{"type":"text","content":"`+say(10)+`"}],"finish_reason":"stop"}]`)
	default:
		s.name, s.events = "execute_tool", 2
		put("gen_ai.operation.name", "execute_tool")
		put("gen_ai.tool.name", w.tools[n(uint64(len(w.tools)))])
		put("gen_ai.tool.call.id", "call_"+strconv.Itoa(i))
		put("gen_ai.tool.call.arguments", `{"id":"ORD-`+strconv.Itoa(i)+`","query":"`+say(5)+`"}`)
		put("gen_ai.tool.call.result", `{"status":"shipped","note":"`+say(8)+`"}`)
	}
	return s
}

// spans returns a request with n spans in protobuf, and how many events they become.
func (w *Workload) spans(first, n int) (request []byte, events int) {
	r := rand.NewPCG(w.seed, mix(uint64(first)+1))
	var list []byte
	for i := first; i < first+n; i++ {
		s := w.span(r, i)
		list = appendBytes(list, 2, s.protobuf())
		events += s.events
	}
	scope := appendBytes(nil, 1, []byte("shop.agents"))
	resource := appendAttr(appendAttr(nil, 1, otlpAttr{key: "service.name", text: "shop"}), 1, otlpAttr{key: "deployment.environment.name", text: "prod"})
	return appendBytes(nil, 1, append(appendBytes(nil, 1, resource), appendBytes(nil, 2, append(appendBytes(nil, 1, scope), list...))...)), events
}

// spansJSON is spans in OTLP/JSON. Its texts are plain ones, which Go and JSON quote
// alike.
func (w *Workload) spansJSON(first, n int) (request []byte, events int) {
	r := rand.NewPCG(w.seed, mix(uint64(first)+1))
	b := append([]byte(nil), `{"resourceSpans":[{"resource":{"attributes":[`...)
	b = appendAttrJSON(b, otlpAttr{key: "service.name", text: "shop"})
	b = appendAttrJSON(append(b, ','), otlpAttr{key: "deployment.environment.name", text: "prod"})
	b = append(b, `]},"scopeSpans":[{"scope":{"name":"shop.agents"},"spans":[`...)
	for i := first; i < first+n; i++ {
		if i > first {
			b = append(b, ',')
		}
		s := w.span(r, i)
		b = s.appendJSON(b)
		events += s.events
	}
	return append(b, `]}]}]}`...), events
}

func (s *otlpSpan) protobuf() []byte {
	b := appendBytes(appendBytes(nil, 1, s.trace), 2, s.id)
	if s.parent != nil {
		b = appendBytes(b, 4, s.parent)
	}
	b = protowire.AppendFixed64(protowire.AppendTag(b, 7, protowire.Fixed64Type), s.start)
	b = protowire.AppendFixed64(protowire.AppendTag(b, 8, protowire.Fixed64Type), s.end)
	b = appendBytes(b, 5, []byte(s.name))
	for _, a := range s.attrs {
		b = appendAttr(b, 9, a)
	}
	return b
}

func (s *otlpSpan) appendJSON(b []byte) []byte {
	b = append(hex.AppendEncode(append(b, `{"traceId":"`...), s.trace), `","spanId":"`...)
	b = hex.AppendEncode(b, s.id)
	if s.parent != nil {
		b = hex.AppendEncode(append(b, `","parentSpanId":"`...), s.parent)
	}
	b = strconv.AppendQuote(append(b, `","name":`...), s.name)
	b = strconv.AppendUint(append(b, `,"startTimeUnixNano":"`...), s.start, 10)
	b = strconv.AppendUint(append(b, `","endTimeUnixNano":"`...), s.end, 10)
	b = append(b, `","attributes":[`...)
	for i, a := range s.attrs {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendAttrJSON(b, a)
	}
	return append(b, `]}`...)
}

// appendBytes appends a length-delimited field.
func appendBytes(dst []byte, num protowire.Number, b []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(dst, num, protowire.BytesType), b)
}

// appendAttr appends an attribute as a field with a number.
func appendAttr(dst []byte, num protowire.Number, a otlpAttr) []byte {
	var value []byte
	switch {
	case a.text != "":
		value = appendBytes(nil, 1, []byte(a.text))
	case a.share != 0:
		value = protowire.AppendFixed64(protowire.AppendTag(nil, 4, protowire.Fixed64Type), math.Float64bits(a.share))
	default:
		value = protowire.AppendVarint(protowire.AppendTag(nil, 3, protowire.VarintType), uint64(a.count))
	}
	return appendBytes(dst, num, appendBytes(appendBytes(nil, 1, []byte(a.key)), 2, value))
}

func appendAttrJSON(b []byte, a otlpAttr) []byte {
	b = append(strconv.AppendQuote(append(b, `{"key":`...), a.key), `,"value":{`...)
	switch {
	case a.text != "":
		b = strconv.AppendQuote(append(b, `"stringValue":`...), a.text)
	case a.share != 0:
		b = strconv.AppendFloat(append(b, `"doubleValue":`...), a.share, 'f', -1, 64)
	default:
		b = append(strconv.AppendInt(append(b, `"intValue":"`...), a.count, 10), '"')
	}
	return append(b, `}}`...)
}
