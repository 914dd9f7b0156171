package lake

import (
	"context"
	"sync"
	"sync/atomic"
)

// tracePass reads groups and hands over what it finds trace by trace, so that
// events of a trace can be held against each other with no more in memory than
// the traces that are not complete yet.
type tracePass[T any] struct {
	lake   *Lake
	groups []*group
	only   map[uint64]bool // keys of the traces to look at; nil: all
	// read returns what is of interest in a group, with the row of each, rows
	// ascending.
	read func(r *rows) (items []T, at []int, err error)
	// done takes all items of a trace. It is called by several goroutines at
	// once, each with a worker's number from 0 below the lake's threads.
	done func(worker int, trace uint64, items []T)

	mu sync.Mutex // guards what follows
	// left counts the groups that a trace is still expected in.
	left map[uint64]int32
	open map[uint64][]T
}

// run reads all groups.
func (p *tracePass[T]) run(ctx context.Context) error {
	p.left, p.open = map[uint64]int32{}, map[uint64][]T{}
	if err := p.each(ctx, p.count); err != nil {
		return err
	}
	if err := p.each(ctx, p.group); err != nil {
		return err
	}
	for trace, items := range p.open { // none, unless a part is sorted otherwise
		p.done(0, trace, items)
	}
	return nil
}

// each calls f for every group, as many at once as the engine has threads.
func (p *tracePass[T]) each(ctx context.Context, f func(worker int, gr *group) error) error {
	var next atomic.Int64
	errs := make(chan error, p.lake.config.Threads)
	for worker := range p.lake.config.Threads {
		go func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(p.groups) || ctx.Err() != nil {
					errs <- ctx.Err()
					return
				}
				if err := f(worker, p.groups[i]); err != nil {
					next.Store(int64(len(p.groups)))
					errs <- err
					return
				}
			}
		}()
	}
	var first error
	for range p.lake.config.Threads {
		if err := <-errs; err != nil && first == nil {
			first = err
		}
	}
	return first
}

// count notes which traces are in a group.
func (p *tracePass[T]) count(_ int, gr *group) error {
	keys, err := p.lake.traceKeys(gr)
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, k := range keys {
		if p.only == nil || p.only[k] {
			p.left[k]++
		}
	}
	return err
}

// traceRun is what a group holds of a trace.
type traceRun[T any] struct {
	trace uint64
	items []T
}

// group reads a group and hands over the traces that are complete with it.
func (p *tracePass[T]) group(worker int, gr *group) error {
	var runs []traceRun[T]
	err := p.lake.read(gr, func(r *rows) (err error) {
		runs, err = p.runs(r)
		return err
	})
	if err != nil {
		return err
	}
	p.mu.Lock()
	complete := runs[:0]
	for _, run := range runs {
		k := run.trace
		if before, ok := p.open[k]; ok {
			run.items = append(before, run.items...)
		}
		if p.left[k]--; p.left[k] == 0 {
			delete(p.open, k)
			delete(p.left, k)
			complete = append(complete, run)
		} else if len(run.items) > 0 {
			p.open[k] = run.items[:len(run.items):len(run.items)]
		}
	}
	p.mu.Unlock()
	for _, run := range complete {
		if len(run.items) > 0 {
			p.done(worker, run.trace, run.items)
		}
	}
	return nil
}

// runs returns the traces of a group.
func (p *tracePass[T]) runs(r *rows) ([]traceRun[T], error) {
	v := r.vector()
	if err := r.keys("trace_id", v); err != nil {
		return nil, err
	}
	r.only = p.rowsOf(v.Keys)
	items, at, err := p.read(r)
	if err != nil {
		return nil, err
	}
	var runs []traceRun[T]
	next := 0
	for i := 0; i < len(v.Keys); {
		k, end := v.Keys[i], i+1
		for end < len(v.Keys) && v.Keys[end] == k {
			end++
		}
		from := next
		for next < len(at) && at[next] < end {
			next++
		}
		if p.only == nil || p.only[k] {
			runs = append(runs, traceRun[T]{k, items[from:next:next]})
		}
		i = end
	}
	return runs, nil
}

// rowsOf returns which rows are of the traces to look at, by the keys of their traces;
// nil: all.
func (p *tracePass[T]) rowsOf(keys []uint64) []bool {
	if p.only == nil {
		return nil
	}
	rows := make([]bool, len(keys))
	for i, k := range keys {
		if i > 0 && k == keys[i-1] {
			rows[i] = rows[i-1]
		} else {
			rows[i] = p.only[k]
		}
	}
	return rows
}

// again runs the pass once more over some of its traces, if there are any: those
// that the first run could not decide.
func (p *tracePass[T]) again(ctx context.Context, only map[uint64]bool) error {
	if len(only) == 0 {
		return nil
	}
	p.only = only
	return p.run(ctx)
}
