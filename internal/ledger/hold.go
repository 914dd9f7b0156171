package ledger

import (
	"fmt"

	"github.com/hansardhq/hansard"
)

// maxReason bounds the reason of a hold, in bytes.
const maxReason = 1024

// AddHold sets a legal hold on a log of a tenant: nothing of the log is pruned while
// it stands. It is on record, and durable, when AddHold returns. The log need not
// have begun. The reason must have been redacted: it is kept for good. by is the id
// of the token that asks.
func (l *Ledger) AddHold(id hansard.LogID, reason, by string) (Hold, error) {
	if err := checkHold(id, reason); err != nil {
		return Hold{}, err
	}
	l.keepMu.Lock() // no prune is under way
	defer l.keepMu.Unlock()
	from := uint64(0)
	if lg, err := l.log(id); err == nil {
		from = l.minimum(lg).Index
	}
	name := "hold-" + newID()[:12]
	err := l.State(id.Tenant, kindHold, map[string]any{"id": name, "log": id.String(), "reason": reason, "by": by, "minimum": from})
	if err != nil {
		return Hold{}, fmt.Errorf("hold %s: %w", id, err)
	}
	return l.holdNamed(id.Tenant, name)
}

func checkHold(id hansard.LogID, reason string) error {
	switch {
	case !TenantPattern.MatchString(id.Tenant):
		return hansard.Errorf(hansard.KindInvalid, "tenant %q: want 1 to 63 of a-z, 0-9 and -", id.Tenant)
	case id.Tier.Rank() < 0:
		err := hansard.Errorf(hansard.KindInvalid, "%q is no log that is pruned", id.Tier)
		return hansard.WithHint(err, "name one of debug, info, compliance, critical; the meta log is always kept")
	}
	return checkReason(reason)
}

func checkReason(reason string) error {
	if reason == "" || len(reason) > maxReason {
		return hansard.Errorf(hansard.KindInvalid, "a reason has 1 to %d bytes", maxReason)
	}
	return nil
}

// ReleaseHold ends a hold. What has expired meanwhile goes with the next prune.
func (l *Ledger) ReleaseHold(tenantName, holdID, reason, by string) (Hold, error) {
	if err := checkReason(reason); err != nil {
		return Hold{}, err
	}
	l.keepMu.Lock()
	defer l.keepMu.Unlock()
	h, err := l.holdNamed(tenantName, holdID)
	if err != nil {
		return h, err
	}
	if !h.Stands() {
		return h, hansard.Errorf(hansard.KindInvalid, "hold %s was released before", holdID)
	}
	log := hansard.LogID{Tenant: tenantName, Tier: hansard.Tier(h.Tier)}
	err = l.State(tenantName, kindRelease, map[string]any{"id": holdID, "log": log.String(), "reason": reason, "by": by})
	if err != nil {
		return h, fmt.Errorf("release hold %s: %w", holdID, err)
	}
	return l.holdNamed(tenantName, holdID)
}

// holdNamed returns a hold as it is on record. keepMu is held.
func (l *Ledger) holdNamed(tenantName, id string) (Hold, error) {
	k, err := l.keepingOf(tenantName)
	if err != nil {
		return Hold{}, err
	}
	for _, h := range k.holds {
		if h.ID == id {
			return h, nil
		}
	}
	err = hansard.Errorf(hansard.KindNotFound, "there is no hold %s", id)
	return Hold{}, hansard.WithHint(err, "hansard hold list names all holds")
}

// ConfirmClock puts on record that somebody has looked at the clock after it jumped,
// and found it right: pruning goes on. It is an error of KindNotFound if no jump
// waits for that.
func (l *Ledger) ConfirmClock(tenantName, by string) error {
	l.keepMu.Lock()
	defer l.keepMu.Unlock()
	k, err := l.keepingOf(tenantName)
	if err != nil {
		return err
	}
	if k.jump == nil {
		return hansard.Errorf(hansard.KindNotFound, "no jump of the clock waits to be confirmed")
	}
	return l.State(tenantName, kindClockConfirmed, map[string]any{"by": by, "jump": k.jump.Index})
}
