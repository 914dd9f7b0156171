package policy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
)

// The bounds of what Live remembers and says.
const (
	liveKeys      = 100_000 // of each operator
	liveEntries   = 65_536  // entries that findings may name
	alertsAtATime = 100     // of one control in a minute
)

// FindingDialect is the dialect of the events that findings are.
const FindingDialect = "hansard-finding"

// FindingAction begins the action of the events that findings are.
const FindingAction = "finding:"

// Live applies the controls with alerts to one tenant's entries as they come, and
// makes an event of each entry that violates one. Its memory is bounded. It is not
// safe for concurrent use.
type Live struct {
	src    Source
	tenant string
	rules  []*liveRules
	// seen are the entries that findings may name, by position; order holds
	// their positions, the oldest first, as a ring.
	seen  map[int64]seenEntry
	order []int64
	next  int
	found []*hansard.Event

	// Warn, if set, is told once of each expression that costs too much on an
	// entry, so that it finds nothing there.
	Warn   func(message string)
	over   dear
	warned int
}

// seenEntry is what a finding says of an entry.
type seenEntry struct {
	eventID, traceID, sessionID, taskID, agentName, agentID, toolName, environment, service string

	at int64
}

// liveRules are the controls of one pack.
type liveRules struct {
	pack    *Pack
	machine *machine
	// recorded says of each control whether what it needs is on record at all:
	// until then it cannot be judged.
	recorded map[*Control]bool
	mask     uint64
	minute   map[*Control]minute
}

// minute counts the findings of a control.
type minute struct {
	at         int64 // minutes since 1970
	n          int
	suppressed int64
}

// NewLive returns the live rules of packs; nil when none has an alert. What
// controls need from before is read from the record, up to the position last.
func NewLive(ctx context.Context, src Source, tenant string, packs []*Pack, last int64) (*Live, error) {
	l := &Live{src: src, tenant: tenant, seen: map[int64]seenEntry{}, over: dear{}}
	for _, p := range packs {
		r, err := l.begin(ctx, p, last)
		if err != nil {
			return nil, err
		}
		if r != nil {
			l.rules = append(l.rules, r)
		}
	}
	if len(l.rules) == 0 {
		return nil, nil
	}
	return l, nil
}

// begin makes the rules of one pack and lets them see what came before.
func (l *Live) begin(ctx context.Context, p *Pack, last int64) (*liveRules, error) {
	use := func(c *Control) bool { return c.alert != nil && c.kind == kindShare && len(c.per) == 0 }
	now := time.Now()
	e := newEvaluation(l.src, p, Question{Tenant: l.tenant, Last: last, Now: now}, use)
	if len(e.machine.plans) == 0 {
		return nil, nil
	}
	r := &liveRules{pack: p, machine: e.machine, recorded: map[*Control]bool{}, minute: map[*Control]minute{}}
	for _, plan := range e.machine.plans {
		r.mask |= plan.mask
		c := plan.control
		if r.recorded[c] = c.recorded == nil; !r.recorded[c] {
			var err error
			if r.recorded[c], err = e.recorded(ctx, c.recorded); err != nil {
				return nil, err
			}
			r.mask |= 1 << p.bit(c.recorded)
		}
	}
	e.q.Period = query.Period{Since: now}
	e.machine.since, e.machine.until = math.MaxInt64, math.MaxInt64 // what came before is no member
	if err := e.prepare(ctx); err != nil {
		return nil, err
	}
	if err := e.pass(ctx); err != nil {
		return nil, err
	}
	m := e.machine
	m.since, m.limit = math.MinInt64, liveKeys
	m.decided = func(plan *plan, mb *member, holds bool) {
		if c := plan.control; holds == c.threshold.AtMost.Set && r.recorded[c] {
			l.find(ctx, r, c, mb)
		}
	}
	return r, nil
}

// Wants reports true: which events matter to a rule is decided with the whole entry.
func (l *Live) Wants(string) bool { return true }

// Take takes in an entry and returns the events of what was found with it. Entries
// come in the order of their positions.
func (l *Live) Take(e *hansard.Entry) []*hansard.Event {
	if e.Dialect == FindingDialect {
		return nil
	}
	l.found = nil
	kept := false
	for _, r := range l.rules {
		o := r.pack.occurrenceBy(e, l.src.Key, r.mask, l.over)
		l.warn(r.pack, e)
		if o.bits == 0 {
			continue
		}
		if !kept {
			l.keep(e)
			kept = true
		}
		for _, plan := range r.machine.plans {
			c := plan.control
			if c.recorded != nil && o.bits&(1<<r.pack.bit(c.recorded)) != 0 {
				r.recorded[c] = true
			}
		}
		r.machine.see(o, true)
		r.machine.see(o, false)
	}
	return l.found
}

// warn tells of the expressions that have cost too much on an entry for the first
// time.
func (l *Live) warn(p *Pack, e *hansard.Entry) {
	if len(l.over) == l.warned {
		return
	}
	l.warned = len(l.over)
	for of, id := range l.over {
		if id == e.EventID && l.Warn != nil && slices.Contains(p.predicates, of) {
			l.Warn(fmt.Sprintf("pack %s, line %d: the expression costs more than the limit of %d on the event %s; what it should find there is not found", p.ID, of.line, costLimit, id))
		}
	}
}

// keep remembers an entry that findings may name, in the place of the oldest.
func (l *Live) keep(e *hansard.Entry) {
	if len(l.order) < liveEntries {
		l.order = append(l.order, int64(e.Position))
	} else {
		delete(l.seen, l.order[l.next])
		l.order[l.next] = int64(e.Position)
		l.next = (l.next + 1) % liveEntries
	}
	s := seenOf(e)
	for _, text := range []*string{&s.eventID, &s.traceID, &s.sessionID, &s.taskID, &s.agentName, &s.agentID, &s.toolName, &s.environment, &s.service} {
		*text = strings.Clone(*text) // the entry's are the memory of a whole commit
	}
	l.seen[int64(e.Position)] = s
}

func seenOf(e *hansard.Entry) seenEntry {
	return seenEntry{
		e.EventID, query.TraceID(e), e.SessionID, e.TaskID, e.AgentName, e.AgentID, e.ToolName, e.Environment, e.Service, query.Timestamp(e),
	}
}

// entry returns what is known of the entry at a position.
func (l *Live) entry(ctx context.Context, position int64) (seenEntry, bool) {
	if s, ok := l.seen[position]; ok {
		return s, true
	}
	entries, err := l.src.At(ctx, l.tenant, []uint64{uint64(position)})
	if err != nil || len(entries) == 0 {
		return seenEntry{}, false
	}
	return seenOf(entries[0]), true
}

// find makes an event of a member that violates a control. It is the same event
// whenever it is made of the same entries, so that it is on record once.
func (l *Live) find(ctx context.Context, r *liveRules, c *Control, mb *member) {
	trigger, ok := l.entry(ctx, mb.position)
	if !ok || !r.allow(c, trigger.at) {
		return
	}
	evidence := []string{trigger.eventID}
	for _, p := range slices.Compact(slices.Sorted(slices.Values(mb.evidence))) {
		if s, ok := l.entry(ctx, p); ok && !slices.Contains(evidence, s.eventID) && len(evidence) < maxEvidence {
			evidence = append(evidence, s.eventID)
		}
	}
	sum := sha256.Sum256([]byte(r.pack.ID + "\x00" + c.ID + "\x00" + trigger.eventID))
	l.found = append(l.found, &hansard.Event{
		EventID: "finding-" + hex.EncodeToString(sum[:16]), EventType: c.alert.Type, Timestamp: trigger.at,
		Action: FindingAction + c.ID, AgentName: trigger.agentName, AgentID: trigger.agentID, ToolName: trigger.toolName,
		TaskID: trigger.taskID, SessionID: trigger.sessionID, TraceID: trigger.traceID, ParentEventID: trigger.eventID,
		Environment: trigger.environment, Service: trigger.service,
		Source: "system", ActorType: "policy", Provenance: "inferred", PolicyID: r.pack.ID + "/" + c.ID, PolicyVersion: r.pack.Version,
		Tags: []string{"severity:" + c.alert.Severity}, Attributes: r.attributes(c, evidence), Dialect: FindingDialect,
		TimeSource: hansard.TimeFromSender,
	})
}

// maxEvidence bounds the entries that one finding names.
const maxEvidence = 32

// attributes returns what a finding says.
func (r *liveRules) attributes(c *Control, evidence []string) json.RawMessage {
	finding := map[string]any{
		"pack": r.pack.ID, "control": c.ID, "title": c.Title, "reason": c.Reason(), "severity": c.alert.Severity, "evidence": evidence,
	}
	b, err := json.Marshal(map[string]any{"finding": finding})
	if err != nil {
		return nil // strings only
	}
	return b
}

// allow reports whether a control may have another finding: so many of them in a
// minute say the same.
func (r *liveRules) allow(c *Control, at int64) bool {
	m := r.minute[c]
	if now := at / int64(time.Minute); m.at != now {
		m.at, m.n = now, 0
	}
	if m.n++; m.n > alertsAtATime {
		m.suppressed++
		r.minute[c] = m
		return false
	}
	r.minute[c] = m
	return true
}

// Suppressed returns how many findings were left out because their control had too
// many in a minute, and how much was forgotten for want of memory. A report over
// the period counts all.
func (l *Live) Suppressed() (findings, forgotten int64) {
	for _, r := range l.rules {
		forgotten += r.machine.forgotten
		for _, m := range r.minute {
			findings += m.suppressed
		}
	}
	return findings, forgotten
}
