package bench

import (
	"encoding/binary"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/hansardhq/hansard"
)

// run is a trace under way: what its agents do next follows from what they did.
type run struct {
	w    *Workload
	r    *rand.PCG
	size int // events in all
	done int

	at   time.Time // of the next event
	rare bool      // the next text holds the rare word

	trace, task, session string
	agent, tool          int
	model                llm
	root, cause          string // event ids: of the invocation, and of what the next event follows from
	call                 uint64 // number of the tool call under way
	last                 string // type of the last event
	failed               bool   // ... was a failure
	input, output        int64  // tokens of the last model call
}

// newRun begins a trace.
func (w *Workload) newRun(r *rand.PCG, block, n, size int) *run {
	t := &run{w: w, r: rand.NewPCG(r.Uint64(), r.Uint64()), size: size, trace: w.TraceID(block, n)}
	t.task = "task-" + strconv.Itoa(block*1000+n)
	t.session = "s-" + string(hexBytes(nil, t.r.Uint64(), 8))
	t.agent, t.model = t.skewed(len(w.agents)), w.models[t.skewed(len(w.models))]
	return t
}

// n returns a number below limit.
func (t *run) n(limit int) int { return int(t.r.Uint64() >> 33 * uint64(limit) >> 31) }

// skewed returns a number below limit, small ones more often.
func (t *run) skewed(limit int) int {
	if t.oneIn(2) {
		return t.n(limit)
	}
	return t.n(t.n(limit) + 1)
}

// oneIn reports true once in n times.
func (t *run) oneIn(n int) bool { return t.n(n) == 0 }

// event appends the next event of the trace.
func (t *run) event(dst []byte) []byte {
	kind := t.next()
	id := t.eventID()
	dst = t.head(dst, kind, id)
	switch kind {
	case hansard.TypeInvocation:
		dst = t.invocation(dst)
	case hansard.TypeReasoning:
		dst = t.reasoning(dst)
	case hansard.TypeToolCall:
		dst = t.toolCall(dst)
	case hansard.TypeToolResult:
		dst = t.toolResult(dst)
	case hansard.TypeDecision:
		dst = t.decision(dst)
	case hansard.TypeLLMResponse:
		dst = t.llmResponse(dst)
	case hansard.TypeTokenUsage:
		dst = t.tokenUsage(dst)
	case hansard.TypeError:
		dst = t.errorEvent(dst)
	case hansard.TypeHandoff:
		dst = t.handoff(dst)
	default:
		dst = t.intervention(dst)
	}
	if t.done == 0 {
		t.root = id
	}
	t.cause, t.last = id, kind
	t.done++
	return append(dst, '}')
}

// next decides what the agents do next, and prepares it.
func (t *run) next() string {
	failed := t.failed
	t.failed = false
	switch {
	case t.done == 0:
		return hansard.TypeInvocation
	case t.last == hansard.TypeToolCall:
		t.failed = t.oneIn(20)
		return hansard.TypeToolResult
	case t.last == hansard.TypeLLMResponse && !t.oneIn(4):
		return hansard.TypeTokenUsage
	case failed && t.oneIn(2):
		return hansard.TypeError
	case t.done == t.size-1:
		return hansard.TypeDecision
	}
	switch roll := t.n(100); {
	case roll < 24:
		return hansard.TypeReasoning
	case roll < 62:
		t.tool, t.call = t.skewed(len(t.w.tools)), t.r.Uint64()
		return hansard.TypeToolCall
	case roll < 86:
		t.input, t.output = int64(200+t.n(4000)), int64(20+t.n(800))
		return hansard.TypeLLMResponse
	case roll < 93:
		return hansard.TypeDecision
	case roll < 97:
		return hansard.TypeHandoff
	}
	return hansard.TypeHumanIntervention
}

// eventID returns a UUIDv7 of the event's time.
func (t *run) eventID() string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], uint64(t.at.UnixMilli())<<16|t.r.Uint64()&0xfff|0x7000)
	binary.BigEndian.PutUint64(b[8:], t.r.Uint64()&(1<<62-1)|1<<63)
	dst := make([]byte, 0, 36)
	high, low := binary.BigEndian.Uint64(b[:]), binary.BigEndian.Uint64(b[8:])
	dst = append(hexBytes(dst, high>>32, 8), '-')
	dst = append(hexBytes(dst, high>>16, 4), '-')
	dst = append(hexBytes(dst, high, 4), '-')
	dst = append(hexBytes(dst, low>>48, 4), '-')
	return string(hexBytes(dst, low, 12))
}

// hexBytes appends the last digits of x in hexadecimal.
func hexBytes(dst []byte, x uint64, digits int) []byte {
	const figures = "0123456789abcdef"
	for i := digits - 1; i >= 0; i-- {
		dst = append(dst, figures[x>>(4*i)&15])
	}
	return dst
}
