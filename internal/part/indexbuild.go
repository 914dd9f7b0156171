package part

import (
	"bytes"
	"slices"

	"github.com/hansardhq/hansard"
)

// IndexBuilder makes the index of a part of what is known of its entries, which
// may come in any order.
type IndexBuilder struct {
	x      Index
	traces map[string]struct{}
	last   string // the trace that was new last
}

// NewIndexBuilder returns a builder for the index of a part of a log with room
// for the ids of rows entries.
func NewIndexBuilder(log hansard.LogID, name Name, rows int) *IndexBuilder {
	b := &IndexBuilder{traces: map[string]struct{}{}}
	b.x.Log, b.x.Name, b.x.IDs = log, name, make([]ID, 0, rows)
	return b
}

// Add adds an entry.
func (b *IndexBuilder) Add(p Place, trace []byte, id ID) {
	b.add(p, trace)
	b.x.IDs = append(b.x.IDs, id)
}

func (b *IndexBuilder) add(p Place, trace []byte) {
	b.place(p)
	if b.last == string(trace) && b.x.Rows > 1 {
		return // rows that are sorted by trace
	}
	if _, ok := b.traces[string(trace)]; !ok {
		b.last = string(trace)
		b.traces[b.last] = struct{}{}
	}
}

func (b *IndexBuilder) place(p Place) {
	x := &b.x
	if x.Rows == 0 {
		x.MinTime, x.MaxTime = p.Timestamp, p.Timestamp
		x.FirstPosition, x.LastPosition = p.Position, p.Position
		x.FirstReceived, x.LastReceived = p.ReceivedAt, p.ReceivedAt
	}
	x.Rows++
	x.MinTime, x.MaxTime = min(x.MinTime, p.Timestamp), max(x.MaxTime, p.Timestamp)
	x.FirstPosition, x.LastPosition = min(x.FirstPosition, p.Position), max(x.LastPosition, p.Position)
	x.FirstReceived, x.LastReceived = min(x.FirstReceived, p.ReceivedAt), max(x.LastReceived, p.ReceivedAt)
}

// Index returns the index, without the file's size and hash. The builder is not
// used again.
func (b *IndexBuilder) Index() *Index {
	b.x.setTraces(b.traces)
	b.x.Date = Date(b.x.LastReceived)
	SortIDs(b.x.IDs)
	b.x.Info.IDs = len(b.x.IDs)
	return &b.x
}

// setTraces makes the filter of the traces.
func (x *Index) setTraces(traces map[string]struct{}) {
	x.Traces = newFilter(len(traces))
	for t := range traces {
		x.Traces.add(t)
	}
}

// SortIDs sorts ids by event, then by fingerprint. Events are hashes, evenly
// spread: their first bytes put each close to its place.
func SortIDs(ids []ID) {
	if len(ids) < 1024 {
		slices.SortFunc(ids, compareIDs)
		return
	}
	bucket := func(id *ID) int { return int(id.Event[0])<<8 | int(id.Event[1]) }
	starts := make([]int, 1<<16+1)
	for i := range ids {
		starts[bucket(&ids[i])+1]++
	}
	for i := 1; i < len(starts); i++ {
		starts[i] += starts[i-1]
	}
	sorted, next := make([]ID, len(ids)), slices.Clone(starts)
	for i := range ids {
		b := bucket(&ids[i])
		sorted[next[b]] = ids[i]
		next[b]++
	}
	for b := range 1 << 16 {
		if few := sorted[starts[b]:starts[b+1]]; len(few) > 1 {
			slices.SortFunc(few, compareIDs)
		}
	}
	copy(ids, sorted)
}

func compareIDs(a, b ID) int {
	if c := bytes.Compare(a.Event[:], b.Event[:]); c != 0 {
		return c
	}
	return bytes.Compare(a.Fingerprint[:], b.Fingerprint[:])
}
