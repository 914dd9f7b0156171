package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// ReindexState is how far the reindex of a running server is.
type ReindexState struct {
	Running bool
	Done    int64 // entries
	Total   int64
	Result  Reindexed // of the last run that ended; Parts is 0 before the first
	Err     error     // of that run
}

// reindexJob is the reindex of a running server.
type reindexJob struct {
	// mu guards the state. It is never held while anything waits.
	mu    sync.Mutex
	state ReindexState
}

// StartReindex begins to make anew, in the background, what is derived from the
// parts: of one tenant's logs, or of all with the empty name. Events are taken in
// and read meanwhile; a seal or a merge waits for the writing of one part's index
// at most. It returns an error of KindBusy if one is under way. When the server
// stops, the next reindex goes on where this one was.
func (l *Ledger) StartReindex(tenantName string) error {
	j := &l.reindex
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.state.Running {
		return hansard.WithHint(hansard.Errorf(hansard.KindBusy, "a reindex is under way"), "wait for its end")
	}
	run := &reindexing{l: l, every: saveEvery, progress: j.progress, record: record{}, rooted: map[hansard.LogID]uint64{}}
	run.install = run.installServing
	var logs []*log
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return errBusy("the server is stopping")
	}
	for _, t := range l.tenants {
		for _, lg := range t.logs {
			if tenantName == "" || t.name == tenantName {
				run.parts, logs = append(run.parts, lg.parts...), append(logs, lg)
				run.rooted[lg.id] = lg.signed.size
			}
		}
	}
	l.wg.Add(1)
	l.mu.Unlock()
	j.state = ReindexState{Running: true}
	go func() {
		defer l.wg.Done()
		j.end(run, l.reindexServing(run, logs))
	}()
	return nil
}

// ReindexState returns how far the reindex is.
func (l *Ledger) ReindexState() ReindexState {
	l.reindex.mu.Lock()
	defer l.reindex.mu.Unlock()
	return l.reindex.state
}

func (j *reindexJob) progress(done, total int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.state.Done, j.state.Total = done, total
}

func (j *reindexJob) end(run *reindexing, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.state = ReindexState{Done: j.state.Done, Total: j.state.Total, Result: run.out, Err: err}
}

// reindexServing runs until the ledger closes, and takes the ids that it found
// into the filter that new events are looked up in.
func (l *Ledger) reindexServing(run *reindexing, logs []*log) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-l.stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	for _, lg := range logs {
		if lg.id.Tier == hansard.TierMeta {
			l.mu.Lock()
			src := statementSource{fs: l.cfg.FS, dir: l.cfg.Dir, enc: l.enc, parts: lg.parts, fresh: lg.fresh[:len(lg.fresh):len(lg.fresh)]}
			l.mu.Unlock()
			run.record.read(src)
		}
	}
	err := run.run(ctx)
	// Parts that replaced others meanwhile are done too: their tiles are older
	// than they are.
	for n := 0; err == nil && len(run.gone) > 0 && n < maxPasses; n++ {
		run.parts, run.gone, run.done = l.replacing(run.gone), nil, map[hansard.LogID]uint64{}
		err = run.run(ctx)
	}
	if errors.Is(err, context.Canceled) {
		err = hansard.WithHint(hansard.Errorf(hansard.KindBusy, "the server stopped; %d entries were done", run.out.Entries), "reindex again: it goes on from there")
	}
	if run.out.Made > 0 {
		err = errors.Join(err, l.refilter())
	}
	for _, lg := range logs {
		if err == nil {
			err = l.checkServing(lg)
		}
	}
	l.check("reindexing failed", err)
	return err
}

// checkServing cuts what is beyond the sealed entries off the tiles, and holds
// them against the log's checkpoint.
func (l *Ledger) checkServing(lg *log) error {
	l.sealMu.Lock() // nothing is written to the tiles
	defer l.sealMu.Unlock()
	l.mu.Lock()
	view, point := lg.hashes(), lg.signed
	l.mu.Unlock()
	if err := view.tiles.trim(view.sealedEnd); err != nil {
		return err
	}
	root, err := view.root(point.size)
	if err == nil && root != point.root {
		err = tampered(lg.id, fmt.Sprintf("the first %d entries are not those that the checkpoint covers", point.size))
	}
	return err
}

// maxPasses bounds how often a reindex follows seals and merges.
const maxPasses = 100

// replacing returns the parts that hold entries of those that are gone.
func (l *Ledger) replacing(gone []part.Info) []part.Info {
	l.mu.Lock()
	defer l.mu.Unlock()
	var parts []part.Info
	seen := map[string]bool{}
	for _, g := range gone {
		for _, p := range l.tenants[g.Log.Tenant].logs[g.Log.Tier].parts {
			path := p.Path(l.cfg.Dir)
			if p.Name.First < g.Name.End && g.Name.First < p.Name.End && !seen[path] {
				seen[path] = true
				parts = append(parts, p)
			}
		}
	}
	return parts
}

// refilter makes the filters of all tenants anew from the indexes.
func (l *Ledger) refilter() error {
	l.sealMu.Lock() // no file of ids comes or goes
	defer l.sealMu.Unlock()
	l.mu.Lock()
	var all []*dedup
	for _, t := range l.tenants {
		all = append(all, t.dedup)
	}
	l.mu.Unlock()
	return l.makeFilters(all)
}

// installServing installs what was derived from a part that is still live, and
// tells the follower of an index that was another one.
func (r *reindexing) installServing(d *derivation) error {
	l := r.l
	l.sealMu.Lock() // the part stays where it is
	defer l.sealMu.Unlock()
	lg, err := l.log(d.p.Log)
	if err != nil {
		return err
	}
	if !l.holds(lg, d.p) {
		return errGone
	}
	changed, err := r.installDerived(d)
	if err != nil || !changed {
		return err
	}
	x := d.rows.index
	l.mu.Lock()
	parts := make([]part.Info, len(lg.parts))
	for i, p := range lg.parts {
		if parts[i] = p; p.Name == x.Name {
			parts[i] = x.Info
		}
	}
	lg.parts = parts
	l.tenants[lg.id.Tenant].dedup.seal(l.cfg.Dir, []*part.Index{x}, []part.Info{x.Info})
	end := lg.sealedEnd
	l.mu.Unlock()
	if l.cfg.Follower != nil {
		l.cfg.Follower.Sealed(lg.id, []part.Info{x.Info}, []part.Name{x.Name}, end)
	}
	return nil
}

// holds reports whether the part is one of the log's.
func (l *Ledger) holds(lg *log, p part.Info) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, q := range lg.parts {
		if q.Name == p.Name && q.Date == p.Date {
			return true
		}
	}
	return false
}
