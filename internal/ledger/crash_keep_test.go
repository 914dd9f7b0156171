package ledger_test

import (
	"fmt"
	"slices"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/ledger"
)

// prune prunes what can go of acme/info. Where a hold or the clock keeps that from
// happening, it ends the one and confirms the other first.
func (s *saga) prune(v *life, l *ledger.Ledger) error {
	rollups := s.r.IntN(2) == 0
	err := s.w.prune(l, infoLog, rollups, v.gone)
	if hansard.KindOf(err) != hansard.KindDenied {
		return err
	}
	if err := l.ConfirmClock("acme", "test"); err != nil && hansard.KindOf(err) != hansard.KindNotFound {
		return err
	}
	if err := s.release(l); err != nil {
		return err
	}
	return s.w.prune(l, infoLog, rollups, v.gone)
}

// release ends all holds that stand.
func (s *saga) release(l *ledger.Ledger) error {
	kept, err := l.Kept("acme")
	if err != nil {
		return err
	}
	for _, h := range kept.Holds {
		if !h.Stands() {
			continue
		}
		s.w.mu.Lock()
		s.w.held = "" // from here on it may be released, or not
		s.w.mu.Unlock()
		if _, err := l.ReleaseHold("acme", h.ID, "settled", "test"); err != nil {
			return err
		}
	}
	return nil
}

// hold sets a hold on acme/info, and wants nothing to go then.
func (s *saga) hold(v *life, l *ledger.Ledger) error {
	h, err := l.AddHold(infoLog, "a claim", "test")
	if err != nil || v.gone() {
		if hansard.KindOf(err) == hansard.KindNotFound {
			return nil // nothing is on record of the tenant
		}
		return err
	}
	s.w.mu.Lock()
	s.w.held = h.ID
	s.w.mu.Unlock()
	if plan, err := l.PlanPrune(infoLog, "9999-01-01", 0); err == nil && !plan.Empty() {
		if _, err := l.Prune(plan, ledger.PruneOrder{By: "test"}); hansard.KindOf(err) != hansard.KindDenied && !v.gone() {
			return fmt.Errorf("pruned while %s stands: %w", h.ID, err)
		}
	}
	return nil
}

// erase erases the content of up to three entries of acme/info.
func (s *saga) erase(v *life, l *ledger.Ledger) error {
	var all []uint64
	s.w.mu.Lock()
	for _, q := range s.w.requests {
		for _, p := range q.places {
			if p != nil && p.Log == infoLog && q.acked {
				all = append(all, p.Index)
			}
		}
	}
	s.w.mu.Unlock()
	if len(all) == 0 {
		return nil
	}
	var indexes []uint64
	for range 1 + s.r.IntN(3) {
		if i := all[s.r.IntN(len(all))]; !slices.Contains(indexes, i) {
			indexes = append(indexes, i)
		}
	}
	err := s.w.erase(l, infoLog, indexes, v.gone)
	if hansard.KindOf(err) == hansard.KindDenied {
		return s.release(l)
	}
	return err
}

// holds wants a hold that was acknowledged to stand.
func holds(l *ledger.Ledger, id string) error {
	if id == "" {
		return nil
	}
	kept, err := l.Kept("acme")
	if err != nil {
		return err
	}
	for _, h := range kept.Holds {
		if h.ID == id && h.Stands() {
			return nil
		}
	}
	return fmt.Errorf("%s was acknowledged, and does not stand", id)
}
