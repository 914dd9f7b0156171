package ledger

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// The kinds of statement about erasures.
const (
	kindErase  = "erase"
	kindErased = "erased"
)

// maxErasedParts bounds how many parts a statement names.
const maxErasedParts = 1000

// EraseOrder says who wants content erased, and why.
type EraseOrder struct {
	By       string // id of the token that asks, or "retention"
	Reason   string // redacted: it is kept for good
	KeepDays int    // how many days the log's entries are kept; 0: it is not for their age
}

// Erased says what an erasure did.
type Erased struct {
	Log     hansard.LogID
	Entries int // whose content is gone
	Parts   int // written anew
}

// Erase takes the content of entries, and its salt, out of the record: params, results,
// reasoning, clear values of persons, all that the leaf commits to only by digest. The
// envelope, the leaf and every proof stay as they are. It returns when no file holds
// the content any more. It is refused, with KindDenied, while a hold stands on the log.
//
// A part is written anew, put on record and synced before it replaces the old one: a
// crash leaves the one or the other, and the next start removes the old one where both
// are there. What was not reached is erased when Erase is called again.
func (l *Ledger) Erase(id hansard.LogID, indexes []uint64, order EraseOrder) (Erased, error) {
	if err := checkReason(order.Reason); err != nil {
		return Erased{}, err
	}
	if err := l.Seal(); err != nil { // what is in the journal only, and what memory keeps to seal
		return Erased{}, err
	}
	wanted := map[uint64]bool{}
	for _, i := range indexes {
		wanted[i] = true
	}
	holds := func(p part.Info) bool {
		return slices.ContainsFunc(indexes, func(i uint64) bool { return p.Name.First <= i && i < p.Name.End })
	}
	l.keepMu.Lock()
	defer l.keepMu.Unlock()
	out, err := l.erase(id, holds, func(e *hansard.Entry) bool { return wanted[e.Index] }, order)
	return out, l.ifSynced(err)
}

// EraseExpired erases the content of entries that were received before a date
// ("2006-01-02", UTC), and cannot be pruned yet: a part that began on an earlier date
// than it ends on, and the unfinished last part of a quiet log. Their envelopes go with
// the part.
func (l *Ledger) EraseExpired(id hansard.LogID, before string, order EraseOrder) (Erased, error) {
	limit, err := time.Parse(time.DateOnly, before)
	if err != nil {
		return Erased{}, hansard.Errorf(hansard.KindInvalid, "erase: %q is no date", before)
	}
	l.keepMu.Lock()
	defer l.keepMu.Unlock()
	if k, err := l.keepingOf(id.Tenant); err != nil || k.jump != nil {
		return Erased{Log: id}, err // no date can be relied on
	}
	mixed := func(p part.Info) bool {
		prunable := p.Date < before && p.Name.End%tileWidth == 0
		return part.Date(p.FirstReceived) < before && !prunable && l.erasedTo[p.Path("")] != before
	}
	out, err := l.erase(id, mixed, func(e *hansard.Entry) bool { return e.ReceivedAt < limit.UnixNano() }, order)
	if err == nil {
		l.mu.Lock()
		done := map[string]string{} // parts that were looked at, until the date goes on
		for _, p := range l.tenants[id.Tenant].logs[id.Tier].parts {
			if part.Date(p.FirstReceived) < before {
				done[p.Path("")] = before
			}
		}
		l.mu.Unlock()
		for path := range l.erasedTo {
			if l.erasedTo[path] != before {
				delete(l.erasedTo, path)
			}
		}
		for path := range done {
			l.erasedTo[path] = before
		}
	}
	return out, l.ifSynced(err)
}

// erase erases the content of the wanted entries in the chosen parts. keepMu is held.
func (l *Ledger) erase(id hansard.LogID, choose func(part.Info) bool, want func(*hansard.Entry) bool, order EraseOrder) (Erased, error) {
	out := Erased{Log: id}
	lg, err := l.log(id)
	if err != nil {
		return out, err
	}
	if l.isClosed() {
		return out, errBusy("the server is stopping")
	}
	l.mu.Lock()
	parts := lg.parts
	l.mu.Unlock()
	end, chosen, anew := uint64(0), []part.Info(nil), []string(nil)
	for _, p := range parts {
		if !choose(p) {
			continue
		}
		chosen = append(chosen, p)
		n, err := l.erasePart(lg, p, want, order)
		if err != nil {
			return out, fmt.Errorf("erase in part %s of %s: %w", p.Name, id, err)
		}
		if n > 0 {
			out.Entries, out.Parts, end = out.Entries+n, out.Parts+1, p.Name.End
			anew = append(anew, p.Name.String())
		}
	}
	if err := l.removeCovered(lg, chosen); err != nil {
		return out, fmt.Errorf("erase in %s: it goes on when it is asked for again: %w", id, err)
	}
	if out.Entries == 0 {
		return out, nil
	}
	if err := l.clearJournal(lg, end); err != nil {
		return out, err
	}
	return out, l.State(id.Tenant, kindErased, map[string]any{
		"log": id.String(), "entries": out.Entries, "by": order.By, "rewritten": anew[:min(len(anew), maxErasedParts)],
	})
}

// erasePart writes a part anew without the content of the wanted entries, and returns
// when no reader holds the old one any more. It returns how many entries had content.
func (l *Ledger) erasePart(lg *log, p part.Info, want func(*hansard.Entry) bool, order EraseOrder) (int, error) {
	erased, wait, err := l.swapErased(lg, p, want, order)
	if err != nil || len(erased) == 0 {
		return 0, err
	}
	wait()
	// A crash here leaves both parts; the next start removes the old one.
	return len(erased), nil
}

// removeCovered removes, for good, the parts that hold the same entries as the given
// ones and were superseded: those that were just written anew, those that readers of a
// merge held until now, and those that an attempt that failed has left, or has removed
// and not made that durable. keepMu is held.
func (l *Ledger) removeCovered(lg *log, parts []part.Info) error {
	if len(parts) == 0 {
		return nil
	}
	l.lockUnlinked(lg)
	defer l.sealMu.Unlock()
	_, superseded, _, err := l.layout.partsFrom(lg.id, l.minimum(lg))
	if err != nil {
		return err
	}
	for _, s := range superseded {
		if !slices.ContainsFunc(parts, func(p part.Info) bool { return p.Name.First < s.Name.End && s.Name.First < p.Name.End }) {
			continue
		}
		if err := l.removePart(s); err != nil {
			return err
		}
	}
	dates, err := l.layout.list(l.layout.parts(lg.id))
	if err != nil {
		return err
	}
	for _, date := range dates { // a part lies in the folder of its last entry's date
		if !slices.ContainsFunc(parts, func(p part.Info) bool { return part.Date(p.FirstReceived) <= date && date <= p.Date }) {
			continue
		}
		if err := l.cfg.FS.SyncDir(filepath.Join(l.layout.parts(lg.id), date)); err != nil {
			return err
		}
	}
	return nil
}

// swapErased puts a part without the content of the wanted entries into the place of a
// part. It does nothing where none of them has content.
func (l *Ledger) swapErased(lg *log, p part.Info, want func(*hansard.Entry) bool, order EraseOrder) (erased []uint64, wait func(), err error) {
	l.sealMu.Lock() // the part stays where it is
	defer l.sealMu.Unlock()
	if !l.holds(lg, p) {
		return nil, nil, hansard.WithHint(hansard.Errorf(hansard.KindBusy, "the log has changed"), "erase again")
	}
	entries, err := l.readCommitted(lg, p)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		if want(e) && l.enc.Erase(e) {
			erased = append(erased, e.Index)
		}
	}
	if len(erased) == 0 {
		return nil, nil, nil
	}
	items, err := l.itemsOf(p, entries)
	if err == nil {
		err = l.mayErase(lg, p, erased, order)
	}
	if err != nil {
		return nil, nil, err
	}
	// A crash here leaves a statement that was not carried out.
	name := p.Name
	name.Rewrite++
	x, err := l.writePart(name, items, readAll, len(items) >= textRows)
	if err != nil {
		return nil, nil, err
	}
	added := []*part.Index{x}
	if err := l.stateSeal(lg, added); err != nil {
		return nil, nil, errors.Join(err, l.dropUnfinished(added))
	}
	// A crash here leaves an unfinished file, which the next start removes, and the old
	// part.
	if err := l.finishPart(x.Info); err != nil {
		return nil, nil, errors.Join(err, l.dropUnnamed(err, added))
	}
	l.mu.Lock()
	if over := int(name.End % tileWidth); over > 0 && name.End == lg.sealedEnd {
		lg.tail = append([]*sealable(nil), items[len(items)-over:]...) // what the next seal writes again
	}
	l.mu.Unlock()
	_, wait = l.swap(lg, added)
	return erased, wait, nil
}

// mayErase puts an erasure on record, unless a hold stands. keepMu is held.
func (l *Ledger) mayErase(lg *log, p part.Info, erased []uint64, order EraseOrder) error {
	k, err := l.keepingOf(lg.id.Tenant)
	if err != nil {
		return err
	}
	if h := k.hold(lg.id.Tier); h != nil {
		err := hansard.Errorf(hansard.KindDenied, "%s stands on it since %s", h.ID, h.Since.Format(time.DateOnly))
		return hansard.WithHint(err, "hansard hold list says why; hansard hold release "+h.ID+" ends it")
	}
	members := map[string]any{
		"log": lg.id.String(), "part": p.Name.String(), "entries": len(erased), "first": erased[0], "last": erased[len(erased)-1],
		"by": order.By, "reason": order.Reason, "keep_days": order.KeepDays,
	}
	if order.KeepDays == 0 && len(erased) <= 1000 {
		members["indexes"] = erased
	}
	return l.State(lg.id.Tenant, kindErase, members)
}

// readCommitted reads the entries of a part and checks them against the tree: what was
// tampered with is not written anew.
func (l *Ledger) readCommitted(lg *log, p part.Info) ([]*hansard.Entry, error) {
	entries, err := l.readPart(p)
	if err != nil {
		return nil, fmt.Errorf("part %s: %w", p.Name, err)
	}
	stored, err := lg.tiles.read(0, p.Name.First, len(entries))
	if err != nil {
		return nil, err
	}
	for i, e := range entries {
		if tlog.Hash(e.LeafHash) != stored[i] {
			return nil, hansard.Errorf(hansard.KindCorrupt, "part %s: entry %d is not the one that was committed", p.Name, e.Index)
		}
	}
	return entries, nil
}

// itemsOf makes the entries of a part ready to be sealed again. The fingerprints of
// erased ones cannot be computed any more: they are those of the part's index.
func (l *Ledger) itemsOf(p part.Info, entries []*hansard.Entry) ([]*sealable, error) {
	l.mu.Lock()
	t := l.tenants[p.Log.Tenant]
	l.mu.Unlock()
	return l.itemsFor(t, p, entries)
}

func (l *Ledger) itemsFor(t *tenant, p part.Info, entries []*hansard.Entry) ([]*sealable, error) {
	var old *part.Index
	items := make([]*sealable, len(entries))
	for i, e := range entries {
		items[i] = l.sealableOf(t, e)
		if len(e.Salt) > 0 || e.ContentSize == 0 {
			continue
		}
		if old == nil {
			var err error
			if old, err = readIndex(l.cfg.FS, p.Path(l.cfg.Dir)+IndexSuffix); err != nil {
				return nil, fmt.Errorf("index of part %s: %w", p.Name, err)
			}
		}
		items[i].id.Fingerprint, _ = old.Find(items[i].id.Event)
	}
	return items, nil
}
