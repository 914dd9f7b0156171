package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/proof"
)

// textRows is from how many entries on a part has text filters, which take a
// microsecond an entry: a search of smaller ones is quick without. What is sealed
// under load gets its filters when it is merged, or by AddTexts.
const textRows = 8192

// start begins the goroutines.
func (l *Ledger) start() {
	go l.runCommitter()
	go l.runSealer()
}

// runSealer seals what is due and signs checkpoints, until the ledger closes.
func (l *Ledger) runSealer() {
	defer close(l.sealed)
	tick := time.NewTicker(l.cfg.CheckpointEvery)
	defer tick.Stop()
	for {
		force := false
		select {
		case <-l.stop:
			return
		case <-l.sealNow:
			force = l.pressed()
		case <-tick.C:
		}
		l.check("sealing failed; the entries stay in the journal", l.sealDue(force, force))
		l.check("publishing checkpoints failed", l.PublishCheckpoints())
		l.check("stating a clock jump failed", l.lookAtClock())
	}
}

// check reports what went wrong in the background.
func (l *Ledger) check(what string, err error) {
	if l.ifSynced(err) != nil {
		l.cfg.Logger.Error(what, "error", err)
	}
}

// ifSynced returns the error. A failed sync ends the process: what the disk holds
// is not known any more.
func (l *Ledger) ifSynced(err error) error {
	if durable.SyncFailed(err) {
		l.cfg.Fatal(err)
	}
	return err
}

// maxClockJump is how far the wall clock may move against the monotonic clock
// before it is put on record.
const maxClockJump = time.Hour

// wallClock is what the wall clock showed when it was last looked at.
type wallClock struct {
	mu    sync.Mutex // guards what follows, held while a jump is stated
	last  time.Time
	since time.Duration // by the monotonic clock
}

// lookAtClock states a jump of the wall clock since it was last looked at. What was
// not stated is looked at again.
func (l *Ledger) lookAtClock() error {
	w := &l.wall
	w.mu.Lock()
	defer w.mu.Unlock()
	now, elapsed := l.cfg.Now(), l.cfg.Elapsed()
	if err := l.stateClockJump(w.last, now, elapsed-w.since); err != nil {
		return err
	}
	w.last, w.since = now, elapsed
	return nil
}

// stateClockJump puts a jump of the wall clock on record for each tenant: between
// two looks at it more or less time went by than elapsed by the monotonic clock.
func (l *Ledger) stateClockJump(from, to time.Time, elapsed time.Duration) error {
	jump := to.Round(0).Sub(from.Round(0)) - elapsed
	if jump.Abs() < maxClockJump {
		return nil
	}
	l.mu.Lock()
	moves := map[string]int64{}
	for name := range l.tenants {
		moves[name] = from.UnixNano()
	}
	l.mu.Unlock()
	return l.stateClockMoves(moves, to)
}

// stateClockBack puts on record, at a start, that the clock is behind the last
// entry of a tenant. A clock that is ahead is not told from a server that was off.
func (l *Ledger) stateClockBack() error {
	now := l.cfg.Now()
	moves := map[string]int64{}
	l.mu.Lock()
	for name, t := range l.tenants {
		if time.Duration(t.lastReceived-now.UnixNano()) >= maxClockJump {
			moves[name] = t.lastReceived
		}
	}
	l.mu.Unlock()
	return l.stateClockMoves(moves, now)
}

// stateClockMoves states, by tenant, from where the clock moved.
func (l *Ledger) stateClockMoves(from map[string]int64, to time.Time) error {
	var errs error
	for name, ns := range from {
		errs = errors.Join(errs, l.State(name, "clock_jump", map[string]any{
			"from": time.Unix(0, ns).UTC().Format(time.RFC3339Nano), "to": to.UTC().Format(time.RFC3339Nano),
		}))
	}
	return errs
}

// pressed reports whether so much is unsealed that all logs should seal.
func (l *Ledger) pressed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.unsealed > l.cfg.MaxUnsealed/2
}

// Seal moves all committed entries into parts and signs a checkpoint over them.
func (l *Ledger) Seal() error {
	if err := l.sealDue(true, false); err != nil {
		return l.ifSynced(err)
	}
	return l.PublishCheckpoints()
}

// sealDue seals the logs that are due, or all with something to seal.
func (l *Ledger) sealDue(all, loaded bool) error {
	l.sealMu.Lock()
	defer l.sealMu.Unlock()
	due := l.due(all)
	l.dropBuffers(len(due) > 0)
	var errs error
	for _, lg := range due {
		if err := l.sealLog(lg, all, loaded); err != nil {
			errs = errors.Join(errs, fmt.Errorf("seal %s: %w", lg.id, err))
		}
	}
	return errors.Join(errs, l.growFilters(), l.freeJournal(false))
}

// freeJournal unlinks the journal files whose entries are all sealed, oldest first. The
// current one stays unless all is set. Nobody else does so meanwhile: sealMu is
// held, or the ledger is closing. Commits do not wait for it.
func (l *Ledger) freeJournal(all bool) error {
	l.mu.Lock()
	files := l.journal.sealedFiles(l.sealedEnd, all)
	l.mu.Unlock()
	for _, f := range files {
		// A crash here leaves a file of which recovery skips every entry. The
		// name goes for good before the next one does: a later file must not
		// be gone where an earlier one is left.
		if err := l.journal.unlink(f); err != nil {
			return fmt.Errorf("free journal file: %w", err)
		}
		l.mu.Lock()
		l.journal.files = l.journal.files[1:]
		l.mu.Unlock()
	}
	return nil
}

// bufferTime is how long the memory that parts are written with is kept for the next.
const bufferTime = 10 * time.Second

// dropBuffers gives that memory back when nothing was sealed for a while. busy says
// that something is about to be. l.sealMu is held.
func (l *Ledger) dropBuffers(busy bool) {
	switch now := time.Now(); {
	case busy:
		l.lastSeal = now
	case now.Sub(l.lastSeal) > bufferTime:
		l.enc.DropBuffers()
	}
}

// sealedEnd returns the index below which the log's entries are sealed. l.mu is
// held.
func (l *Ledger) sealedEnd(id hansard.LogID) uint64 {
	return l.tenants[id.Tenant].logs[id.Tier].sealedEnd
}

// due lists the logs to seal, meta logs last: sealing the others adds statements
// to them.
func (l *Ledger) due(all bool) []*log {
	l.mu.Lock()
	defer l.mu.Unlock()
	var logs, meta []*log
	for _, t := range l.tenants {
		for tier, lg := range t.logs {
			switch n := len(lg.fresh); {
			case n == 0:
			case !all && n < l.cfg.SealRows && time.Since(lg.fresh[0].at) < l.cfg.SealAfter:
			case tier == hansard.TierMeta:
				meta = append(meta, lg)
			default:
				logs = append(logs, lg)
			}
		}
	}
	return append(logs, meta...)
}

// sealLog moves the committed entries of one log into parts: all of them, or as
// many as make a part of the usual size where there are more. loaded says that it
// is load that makes the log seal: not all that is written is read back then.
//
// A crash at any point is clean: entries leave the journal only when their parts
// have their names, and a part that covers another one replaces it, whether or
// not the other was unlinked.
func (l *Ledger) sealLog(lg *log, all, loaded bool) error {
	l.mu.Lock()
	fresh := lg.fresh[:len(lg.fresh):len(lg.fresh)]
	items := append(lg.tail[:len(lg.tail):len(lg.tail)], fresh...)
	much := readAll
	if (loaded || len(fresh) >= l.cfg.SealRows) && !l.cfg.ReadBackAll {
		much = readSample
	}
	if !all && len(fresh) >= l.cfg.SealRows {
		fresh, items = wholeGroups(items, len(lg.tail), l.cfg.SealRows)
	}
	first, end := lg.sealedEnd, lg.sealedEnd+uint64(len(fresh))
	l.mu.Unlock()
	if len(fresh) == 0 {
		return nil
	}
	// A crash here leaves hashes beyond the sealed entries. They are those of
	// entries in the journal and are written again.
	if err := lg.tiles.append(first, itemHashes(fresh), tileRoots(fresh)); err != nil {
		return err
	}
	added, err := l.writeSegments(items, much)
	if err != nil {
		return err
	}
	// A crash here leaves unfinished files, which the next start removes.
	if err := l.stateSeal(lg, added); err != nil {
		return errors.Join(err, l.dropUnfinished(added))
	}
	// A crash here leaves a statement about parts that are not there. Their
	// entries are in the journal and are sealed again, into the same bytes or
	// into parts of their own statement.
	for i, x := range added {
		if err := l.finishPart(x.Info); err != nil {
			return errors.Join(err, l.dropUnnamed(err, added[i:]))
		}
	}
	l.install(lg, items, fresh, added, end)
	return nil
}

// wholeGroups cuts items, of which the first tail ones are sealed already, after
// as many bundles as make a part of about rows entries: what is over is the begin of
// the next part, and no small one at the end of this.
func wholeGroups(items []*sealable, tail, rows int) (fresh, cut []*sealable) {
	if n := max(rows, tileWidth) / tileWidth * tileWidth; n < len(items) && n > tail {
		items = items[:n]
	}
	return items[tail:], items
}

// writeSegments writes the parts that the entries become, unfinished. On an error
// it leaves none.
func (l *Ledger) writeSegments(items []*sealable, much readBack) ([]*part.Index, error) {
	var added []*part.Index
	for _, seg := range segments(items) {
		x, err := l.writePart(part.Name{First: seg[0].Place.Index, End: seg[len(seg)-1].Place.Index + 1}, seg, much, much == readAll && len(seg) >= textRows)
		if err != nil {
			return nil, errors.Join(err, l.dropUnfinished(added))
		}
		added = append(added, x)
	}
	return added, nil
}

// segments cuts entries that begin at a multiple of 256 into the parts that they
// become. A part ends at a multiple of 256 and holds entries of one date, by its
// last one; what is left over becomes a part of its own, which the next seal
// replaces.
func segments(items []*sealable) [][]*sealable {
	var segs [][]*sealable
	for len(items) >= tileWidth {
		n := tileWidth
		date := part.Date(items[n-1].Place.ReceivedAt)
		for n+tileWidth <= min(len(items), part.MaxRows) && part.Date(items[n+tileWidth-1].Place.ReceivedAt) == date {
			n += tileWidth
		}
		segs, items = append(segs, items[:n]), items[n:]
	}
	if len(items) > 0 {
		segs = append(segs, items)
	}
	return segs
}

// install makes the new parts those of the log, and takes the entries in them
// from the journal's to the sealed ones.
func (l *Ledger) install(lg *log, items, fresh []*sealable, added []*part.Index, end uint64) {
	l.mu.Lock()
	lg.sealedEnd = end
	lg.fresh = append([]*sealable(nil), lg.fresh[len(fresh):]...)
	lg.tail = ownRows(items[len(items)-int(end%tileWidth):])
	d := l.tenants[lg.id.Tenant].dedup
	d.seal(l.cfg.Dir, added, nil)
	l.mu.Unlock()
	l.forgetSealed(d, fresh)
	l.replace(lg, added)
}

// forgetAtOnce is how many sealed entries are forgotten while a commit may wait.
const forgetAtOnce = 512

// forgetSealed takes the ids of entries out of memory that are found in an index now,
// and the entries out of what waits to be sealed.
func (l *Ledger) forgetSealed(d *dedup, fresh []*sealable) {
	for some := range slices.Chunk(fresh, forgetAtOnce) {
		l.mu.Lock()
		for i, it := range some {
			if i%near == 0 {
				for _, next := range some[i:min(i+near, len(some))] {
					d.seen += d.fresh.near(next.id.Event)
				}
			}
			d.fresh.remove(it.id.Event)
			l.unsealed -= it.size()
		}
		l.mu.Unlock()
	}
}

// ownRows copies entries that stay in memory for long: a row, or an entry, keeps
// all of its commit there.
func ownRows(items []*sealable) []*sealable {
	own := make([]*sealable, len(items))
	for i, it := range items {
		c := *it
		c.Bytes = bytes.Clone(it.Bytes)
		own[i] = &c
	}
	return own
}

// replace adds parts to a log. Those that they cover are unlinked when no reader
// needs them any more.
func (l *Ledger) replace(lg *log, added []*part.Index) {
	removed, wait := l.swap(lg, added)
	l.unlinkParts(lg, removed, wait)
}

// swap adds parts to a log and returns those that they cover, which must stay until
// wait has returned.
func (l *Ledger) swap(lg *log, added []*part.Index) (removed []part.Info, wait func()) {
	l.mu.Lock()
	infos := make([]part.Info, len(added))
	for i, x := range added {
		infos[i] = x.Info
	}
	live, removed := supersede(append(lg.parts[:len(lg.parts):len(lg.parts)], infos...))
	lg.parts = live
	lg.noteWritten(infos, removed)
	names := make([]part.Name, len(removed))
	for i, p := range removed {
		names[i] = p.Name
	}
	l.tenants[lg.id.Tenant].dedup.seal(l.cfg.Dir, added, removed)
	end := lg.sealedEnd
	l.mu.Unlock()
	wait = func() {}
	if l.cfg.Follower != nil {
		wait = l.cfg.Follower.Sealed(lg.id, infos, names, end)
	}
	return removed, wait
}

// noteWritten takes note of the parts that the process has written. l.mu is held.
func (lg *log) noteWritten(added, removed []part.Info) {
	if lg.written == nil {
		lg.written = map[part.Name]hansard.Hash{}
	}
	for _, p := range added {
		lg.written[p.Name] = p.SHA256
	}
	for _, p := range removed {
		delete(lg.written, p.Name)
	}
}

// stateSeal signs a checkpoint over what is being sealed and puts it on record
// in the meta log, with the hashes of the new parts: an edited part is found
// even where the edit leaves its rows alone. The meta log's own parts are not
// stated, or each statement would ask for another: each has a signed note.
func (l *Ledger) stateSeal(lg *log, added []*part.Index) error {
	signed, err := l.publish1(lg)
	if err != nil {
		return err
	}
	if lg.id.Tier == hansard.TierMeta {
		return l.signParts(lg, added)
	}
	parts := make([]sealedPart, 0, len(added))
	for _, x := range added {
		parts = append(parts, sealedPart{x.Date, x.Name.String(), x.Rows, x.SHA256.String()})
	}
	return l.State(lg.id.Tenant, "seal", map[string]any{
		"log": lg.id.String(), "checkpoint": string(signed), "parts": parts,
	})
}

// sealedPart is what a statement says of a part. The members are in the order
// of canonical JSON.
type sealedPart struct {
	Date   string `json:"date"`
	Name   string `json:"name"`
	Rows   int64  `json:"rows"`
	SHA256 string `json:"sha256"`
}

// State puts a statement of the given kind into the tenant's meta log and
// returns when it is durable.
func (l *Ledger) State(tenantName, kind string, members map[string]any) error {
	return l.askCommitter(&request{tenant: tenantName, statement: statement(kind, members)})
}

// turnJournal begins a new journal file, so that the current one can go.
func (l *Ledger) turnJournal() error { return l.askCommitter(&request{turn: true}) }

// askCommitter has the committer do what is no append, and waits for it.
func (l *Ledger) askCommitter(req *request) error {
	req.done = make(chan struct{})
	l.mu.Lock()
	if l.ended {
		l.mu.Unlock()
		return errBusy("the server is stopping")
	}
	l.senders.Add(1)
	l.mu.Unlock()
	l.requests <- req
	l.senders.Done()
	<-req.done
	return req.err
}

// PublishCheckpoints signs and publishes a checkpoint for each log that has
// grown since its last one. Everything that it covers is durable.
func (l *Ledger) PublishCheckpoints() error {
	l.mu.Lock()
	var logs []*log
	for _, t := range l.tenants {
		for _, lg := range t.logs {
			if lg.tree.size > lg.signed.size {
				logs = append(logs, lg)
			}
		}
	}
	l.mu.Unlock()
	var errs error
	for _, lg := range logs {
		if _, err := l.publish1(lg); err != nil {
			errs = errors.Join(errs, fmt.Errorf("checkpoint of %s: %w", lg.id, err))
		}
	}
	return errs
}

// publish1 signs the log as it is now. The checkpoint is synced before anybody
// sees it, so that no crash takes back what was published.
func (l *Ledger) publish1(lg *log) ([]byte, error) {
	lg.publishing.Lock()
	defer lg.publishing.Unlock()
	l.mu.Lock()
	point := proofPoint{lg.tree.size, lg.tree.root()}
	current := lg.checkpoint
	known := point.size == lg.signed.size && current != nil
	l.mu.Unlock()
	if known {
		return current, nil
	}
	c := proof.Checkpoint{Origin: lg.signer.Name(), Size: int64(point.size), Root: point.root}
	signed, err := c.Sign(lg.signer)
	if err != nil {
		return nil, err
	}
	err = durable.WriteFile(l.cfg.FS, l.layout.checkpoint(lg.id), func(w io.Writer) error {
		_, err := w.Write(signed)
		return err
	})
	if err := l.disk(err); err != nil {
		return nil, err
	}
	l.mu.Lock()
	lg.signed, lg.checkpoint = point, signed
	l.mu.Unlock()
	return signed, nil
}

// Close stops taking requests, seals everything and closes the folder: after it
// the journal is empty and a checkpoint covers every entry.
func (l *Ledger) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	l.mu.Unlock()
	close(l.stop)
	<-l.sealed // nobody but Close makes statements from here on
	for l.anyQueued() {
		time.Sleep(time.Millisecond)
	}
	// The first seal puts statements into the meta logs; the second one seals
	// those, and makes none.
	err := errors.Join(l.Seal(), l.Seal())
	l.mu.Lock()
	l.ended = true
	l.mu.Unlock()
	l.senders.Wait()
	close(l.requests)
	<-l.pending
	l.wg.Wait()
	err = errors.Join(err, l.ifSynced(l.journal.dropSpare()))
	if err == nil {
		err = l.freeJournal(true)
	}
	for _, f := range l.journal.files {
		err = errors.Join(err, f.file.Close())
	}
	return errors.Join(err, l.unlock())
}

func (l *Ledger) anyQueued() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.queued > 0
}
