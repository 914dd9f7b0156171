package bench

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// BlockEvents is how many events a block holds.
const BlockEvents = 5000

// The events of a trace: from 5 to 35.
const (
	minTrace = 5
	maxTrace = 35
)

// openTraces is how many traces of a block run at the same time.
const openTraces = 48

// Workload makes the events of an invented team: 50 agents with 40 tools, at
// work on traces of 5 to 35 events of ten types. An event has 23 members and,
// on average, some 650 bytes in the flat form; texts follow Zipf's law; some
// hold personal data, some tools fail, agents hand over to each other, humans
// approve.
//
// The events come in blocks of BlockEvents. A block is made from the seed and its
// number alone, so that many may make them at once, and queries know what is in
// a block without keeping it. A Workload is safe for concurrent use.
type Workload struct {
	seed   uint64
	events int
	start  time.Time
	step   time.Duration // between two events

	words  *vocabulary
	agents []string
	tools  []string
	models []llm
}

// llm is a language model with its prices in nano-dollars per token.
type llm struct {
	name, provider string
	input, output  int64
}

// Of rareEvery events one holds rareWord: the one at rareAt, or soon after it.
const (
	rareEvery = 500_000
	rareAt    = 123_457
)

// days is how many days the events are spread over.
const days = 10

// NewWorkload returns the workload of a seed: so many events, of ten days from
// 5 January 2026 on. Blocks beyond them exist and follow in time.
func NewWorkload(seed uint64, events int) *Workload {
	w := &Workload{
		seed: seed, events: events, words: newVocabulary(),
		start: time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC),
		step:  days * 24 * time.Hour / time.Duration(max(events, 1)),
		models: []llm{
			{"gpt-4.1-mini", "openai", 400, 1600}, {"claude-sonnet-4-5", "anthropic", 3000, 15_000},
			{"gemini-2.5-flash", "google", 300, 2500}, {"mistral-large-2", "mistral", 2000, 6000},
		},
	}
	for _, team := range []string{"support", "billing", "research", "shipping", "returns", "fraud", "planning", "sales", "catalog", "legal"} {
		for _, role := range []string{"lead", "worker", "checker", "writer", "router"} {
			w.agents = append(w.agents, team+"-"+role)
		}
	}
	for _, verb := range []string{"get", "list", "update", "send", "check"} {
		for _, object := range []string{"order", "customer", "invoice", "refund", "shipment", "policy", "message", "ticket"} {
			w.tools = append(w.tools, verb+"_"+object)
		}
	}
	return w
}

// Events returns how many events the workload has.
func (w *Workload) Events() int { return w.events }

// Day returns the begin of the n-th day, counted from 0 and wrapping around.
func (w *Workload) Day(n int) time.Time { return w.start.AddDate(0, 0, n%days) }

// Agent returns the name of the n-th agent, counted from 0 and wrapping around;
// the first are the busiest.
func (w *Workload) Agent(n int) string { return w.agents[n%len(w.agents)] }

// Word returns the word of a rank in the vocabulary, the most frequent first.
func (w *Workload) Word(rank int) string { return w.words.words[rank%len(w.words.words)] }

// TraceID returns the id of the n-th trace of a block. There are at least
// BlockEvents/35 in each.
func (w *Workload) TraceID(block, n int) string {
	a := mix(w.seed ^ mix(uint64(block)<<20|uint64(n)))
	return fmt.Sprintf("%016x%016x", a, mix(a))
}

// mix is the finaliser of SplitMix64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Block is a run of events as NDJSON.
type Block struct {
	Number int
	Body   []byte
	// Ends holds where each event's line ends in Body.
	Ends []int
}

// Lines returns the lines of the events from to (excluding) to.
func (b *Block) Lines(from, to int) []byte {
	begin := 0
	if from > 0 {
		begin = b.Ends[from-1]
	}
	return b.Body[begin:b.Ends[to-1]]
}

// Fill makes block number n, in the memory that b has.
func (w *Workload) Fill(b *Block, n int) {
	b.Number, b.Body, b.Ends = n, b.Body[:0], b.Ends[:0]
	r := rand.NewPCG(w.seed, mix(uint64(n)))
	left := BlockEvents
	next := 0 // the next trace's number in the block
	var open []*run
	rare := false
	for len(b.Ends) < BlockEvents {
		for len(open) < openTraces && left > 0 {
			size := traceSize(r, left)
			left -= size
			open = append(open, w.newRun(r, n, next, size))
			next++
		}
		i := int(r.Uint64() % uint64(len(open)))
		t := open[i]
		line := n*BlockEvents + len(b.Ends)
		t.at = w.start.Add(time.Duration(line)*w.step + time.Duration(r.Uint64()%uint64(w.step)))
		t.rare = rare || line%rareEvery == rareAt
		b.Body = append(t.event(b.Body), '\n')
		b.Ends = append(b.Ends, len(b.Body))
		rare, t.rare = t.rare, false // an event without a text leaves it to the next
		if t.done == t.size {
			open[i] = open[len(open)-1]
			open = open[:len(open)-1]
		}
	}
}

// traceSize returns how many events a trace has, when left are to be shared out;
// what remains is none, or enough for another.
func traceSize(r *rand.PCG, left int) int {
	size := minTrace + int(r.Uint64()%(maxTrace-minTrace+1))
	switch {
	case left <= maxTrace:
		return left
	case left-size < minTrace:
		return left - minTrace
	}
	return size
}
