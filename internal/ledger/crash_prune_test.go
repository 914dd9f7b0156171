package ledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/durable/simdisk"
	"github.com/hansardhq/hansard/internal/ledger"
)

// erasing is what was asked to be erased of a log, and of which of it that was
// acknowledged. It is never changed in place.
type erasing struct {
	log         hansard.LogID
	asked, done []uint64
}

func (er erasing) has(e *hansard.Entry) bool {
	return e.Log == er.log && slices.Contains(er.asked, e.Index)
}

// bounds are those of a log's minimum: least was acknowledged, most was asked for.
type bounds struct{ least, most uint64 }

// sending is one request, sent until it is acknowledged.
type sending struct {
	tenant string
	events []hansard.Event
	want   []string // what the record has to say of each event
	acked  bool
	places []*ledger.Result // by event, nil if it is not known where it is
}

// mayBePruned reports whether events of a request may have been pruned. w.mu is held.
func (w *world) mayBePruned(s *sending) bool {
	for log, b := range w.pruned {
		for _, p := range s.places {
			if log.Tenant == s.tenant && (p == nil || p.Log == log && p.Index < b.most) {
				return true
			}
		}
	}
	return false
}

// prune prunes all whole parts of a log.
func (w *world) prune(l *ledger.Ledger, id hansard.LogID, rollups bool, gone func() bool) error {
	plan, err := l.PlanPrune(id, "9999-01-01", 0)
	if err != nil || plan.Empty() {
		return err
	}
	w.mu.Lock()
	w.pruned[id] = bounds{w.pruned[id].least, plan.End}
	w.mu.Unlock()
	order := ledger.PruneOrder{By: "test", KeepDays: 7}
	for _, d := range plan.Dates {
		if !rollups {
			break
		}
		f, err := l.WriteRollup(id, d, func(to io.Writer) error {
			_, err := fmt.Fprintf(to, "entries %d to %d", d.First, d.End)
			return err
		})
		if err != nil {
			return err
		}
		order.Rollups = append(order.Rollups, f)
	}
	if _, err = l.Prune(plan, order); err == nil && !gone() {
		w.mu.Lock()
		w.pruned[id] = bounds{plan.End, plan.End}
		w.mu.Unlock()
	}
	return err
}

// erase erases entries of a log.
func (w *world) erase(l *ledger.Ledger, id hansard.LogID, indexes []uint64, gone func() bool) error {
	w.mu.Lock()
	w.erased.log, w.erased.asked = id, slices.Concat(w.erased.asked, indexes)
	w.mu.Unlock()
	_, err := l.Erase(id, indexes, ledger.EraseOrder{By: "test", Reason: "asked"})
	if err == nil && !gone() {
		w.mu.Lock()
		w.erased.done = slices.Concat(w.erased.done, indexes)
		w.mu.Unlock()
	}
	return err
}

// forgotten wants no file to hold the content of what was erased.
func (w *world) forgotten(k known, d *simdisk.Disk) error {
	if len(k.erased.done) == 0 {
		return nil
	}
	parts, err := ledger.AllParts(d, folder, k.erased.log)
	if err != nil {
		return err
	}
	for _, p := range parts {
		entries, err := readEntries(d, w.enc, k.erased.log, p)
		if errors.Is(err, fs.ErrNotExist) {
			continue // it was superseded, and has gone meanwhile
		}
		if err != nil {
			return err
		}
		for _, e := range entries {
			if slices.Contains(k.erased.done, e.Index) && (len(e.Salt) > 0 || len(w.enc.AppendContent(nil, e)) > 0) {
				return fmt.Errorf("part %s holds the content of entry %d, which was erased", p.Name, e.Index)
			}
		}
	}
	names, err := d.ReadDir(folder + "/journal")
	if err != nil {
		return err
	}
	contents := k.contents(k.erased.done)
	for _, n := range names {
		b, err := durable.ReadFile(d, folder+"/journal/"+n.Name(), 1<<24)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		for index, text := range contents {
			if bytes.Contains(b, text) {
				return fmt.Errorf("the journal holds the content of entry %d, which was erased", index)
			}
		}
	}
	return nil
}

// contents returns what the content of entries begins with, that no other event has.
func (k known) contents(indexes []uint64) map[uint64][]byte {
	all := map[uint64][]byte{}
	for _, s := range k.requests {
		for i, p := range s.places {
			if p != nil && p.Log == k.erased.log && slices.Contains(indexes, p.Index) {
				all[p.Index] = s.events[i].Params
			}
		}
	}
	return all
}

// gone reports whether an event was pruned, or may have been where its place is not
// known.
func gone(tenant string, place *ledger.Result, minimum map[hansard.LogID]uint64) bool {
	if place != nil {
		return place.Index < minimum[place.Log]
	}
	for log, m := range minimum {
		if log.Tenant == tenant && m > 0 {
			return true
		}
	}
	return false
}
