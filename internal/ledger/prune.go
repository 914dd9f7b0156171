package ledger

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/part"
)

// PrunePlan says which entries of a log would go: those from First to End-1, whole
// parts. It is empty where First is End.
type PrunePlan struct {
	Log   hansard.LogID
	First uint64
	End   uint64 // the minimum that it leads to
	Dates []PruneDate
}

// PruneDate is what a plan has of one date of receipt.
type PruneDate struct {
	Bytes   int64  `json:"bytes"`
	Date    string `json:"date"` // UTC, "2006-01-02"
	End     uint64 `json:"end"`  // its entries are First .. End-1
	Entries uint64 `json:"entries"`
	First   uint64 `json:"first"`
	Parts   int    `json:"parts"`

	// FirstPosition and LastPosition are those of its entries; they are not stated.
	FirstPosition uint64 `json:"-"`
	LastPosition  uint64 `json:"-"`
	LastReceived  int64  `json:"-"` // Unix nanoseconds
}

// Empty reports whether nothing would go.
func (p *PrunePlan) Empty() bool { return p.First == p.End }

// MaxPruneDates is how many dates one prune takes at most: its statement names each.
const MaxPruneDates = 62

// PlanPrune says what of a log would go if all parts of dates before the given one
// ("2006-01-02", UTC) went: at most so many dates, 0 for MaxPruneDates. An
// unfinished last part, which does not end at a multiple of 256, stays until more
// entries follow. It changes nothing.
func (l *Ledger) PlanPrune(id hansard.LogID, before string, dates int) (PrunePlan, error) {
	lg, err := l.log(id)
	if err != nil {
		return PrunePlan{}, err
	}
	if dates <= 0 || dates > MaxPruneDates {
		dates = MaxPruneDates
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return planPrune(id, lg.min, lg.parts, before, dates), nil
}

// PlanPrune says the same of a folder that is only read.
func (r *Reader) PlanPrune(id hansard.LogID, before string, dates int) (PrunePlan, error) {
	lg := r.logs[id]
	if lg == nil {
		return PrunePlan{}, hansard.Errorf(hansard.KindNotFound, "there is no log %s", id)
	}
	if dates <= 0 || dates > MaxPruneDates {
		dates = MaxPruneDates
	}
	return planPrune(id, lg.min, lg.parts, before, dates), nil
}

func planPrune(id hansard.LogID, m minimum, parts []part.Info, before string, dates int) PrunePlan {
	plan := PrunePlan{Log: id, First: m.Index, End: m.Index}
	for _, p := range parts {
		if p.Date >= before || p.Name.End%tileWidth != 0 {
			break
		}
		if n := len(plan.Dates); n == 0 || plan.Dates[n-1].Date != p.Date {
			if n == dates {
				break
			}
			plan.Dates = append(plan.Dates, PruneDate{Date: p.Date, First: p.Name.First, FirstPosition: p.FirstPosition})
		}
		d := &plan.Dates[len(plan.Dates)-1]
		d.Parts++
		d.Bytes += p.Bytes
		d.Entries += p.Name.End - p.Name.First
		d.End, d.LastPosition, d.LastReceived = p.Name.End, p.LastPosition, p.LastReceived
		plan.End = p.Name.End
	}
	return plan
}

// PruneOrder says who wants a prune, and why.
type PruneOrder struct {
	By         string // id of the token that asks, or "retention"
	Unattended bool   // nobody asked: at most two dates go, at most once in 20 hours
	KeepDays   int    // how many days the log's entries are kept
	Rollups    []RollupFile
}

// The bounds of a prune that nobody ordered.
const (
	UnattendedDates = 2
	unattendedEvery = 20 * time.Hour
)

// Pruned says what a prune removed.
type Pruned struct {
	Log     hansard.LogID
	Minimum uint64
	Entries uint64
	Parts   int
	Bytes   int64
}

// Prune removes what a plan says, in this order: the intent is put on record, the
// checkpoints that cover the record up to here are published, the new minimum is
// made durable, and only then the parts go, and a record says that they are gone.
// It returns when the files are gone. It is refused, with KindDenied, while a hold
// stands or a jump of the clock waits to be confirmed, and with KindBusy when the
// log is not any more what the plan was made of.
//
// A crash at any point is clean. Before the minimum is durable, nothing has
// changed but a statement that was not carried out; after it, the next start
// removes what is left, and the next prune puts it on record.
func (l *Ledger) Prune(plan PrunePlan, order PruneOrder) (Pruned, error) {
	out, err := l.prune(plan, order)
	return out, l.ifSynced(err)
}

func (l *Ledger) prune(plan PrunePlan, order PruneOrder) (Pruned, error) {
	out := Pruned{Log: plan.Log, Minimum: plan.First}
	if plan.Empty() {
		return out, nil
	}
	l.keepMu.Lock()
	defer l.keepMu.Unlock()
	lg, err := l.log(plan.Log)
	if err != nil {
		return out, err
	}
	if err := l.mayPrune(plan, order); err != nil {
		return out, fmt.Errorf("prune %s: %w", plan.Log, err)
	}
	wait, err := l.moveMinimum(lg, plan, order)
	if err != nil {
		return out, fmt.Errorf("prune %s: %w", plan.Log, err)
	}
	wait() // no reader holds the parts any more; a seal need not wait for that
	for _, d := range plan.Dates {
		out.Parts, out.Bytes, out.Entries = out.Parts+d.Parts, out.Bytes+d.Bytes, out.Entries+d.Entries
	}
	out.Minimum = plan.End
	if err := l.finishPrune(lg); err != nil {
		return out, fmt.Errorf("prune %s: it goes on with the next one: %w", plan.Log, err)
	}
	return out, nil
}

// mayPrune refuses what may not be. keepMu is held.
func (l *Ledger) mayPrune(plan PrunePlan, order PruneOrder) error {
	if l.isClosed() {
		return errBusy("the server is stopping")
	}
	if err := l.lookAtClock(); err != nil {
		return err
	}
	k, err := l.keepingOf(plan.Log.Tenant)
	if err != nil {
		return err
	}
	if h := k.hold(plan.Log.Tier); h != nil {
		err := hansard.Errorf(hansard.KindDenied, "%s stands on it since %s", h.ID, h.Since.Format(time.DateOnly))
		return hansard.WithHint(err, "hansard hold list says why; hansard hold release "+h.ID+" ends it")
	}
	if k.jump != nil {
		err := hansard.Errorf(hansard.KindDenied, "the clock jumped from %s to %s", k.jump.From.Format(time.RFC3339), k.jump.To.Format(time.RFC3339))
		return hansard.WithHint(err, "look at the clock; if it is right, hansard prune --confirm-clock lets pruning go on")
	}
	if !order.Unattended {
		return nil
	}
	if last := k.log(plan.Log.Tier).unattended; last > 0 && l.cfg.Now().Sub(time.Unix(0, last)).Abs() < unattendedEvery {
		return hansard.Errorf(hansard.KindBusy, "it was pruned at %s; one run a day goes by itself", time.Unix(0, last).UTC().Format(time.RFC3339))
	}
	if len(plan.Dates) > UnattendedDates {
		return hansard.Errorf(hansard.KindInvalid, "%d dates at once, and nobody ordered it", len(plan.Dates))
	}
	return nil
}

// moveMinimum puts the intent on record and moves the minimum. wait returns when no
// reader holds what lies below. keepMu is held.
func (l *Ledger) moveMinimum(lg *log, plan PrunePlan, order PruneOrder) (wait func(), err error) {
	l.sealMu.Lock() // the parts stay what they are, and so do the tiles
	defer l.sealMu.Unlock()
	l.mu.Lock()
	view, n := lg.hashes(), 0
	for n < len(lg.parts) && lg.parts[n].Name.End <= plan.End {
		n++
	}
	fits := lg.min.Index == plan.First && n > 0 && lg.parts[n-1].Name.End == plan.End
	l.mu.Unlock()
	if !fits {
		return nil, hansard.WithHint(hansard.Errorf(hansard.KindBusy, "the log has changed"), "prune again")
	}
	m := minimum{Index: plan.End, Received: plan.Dates[len(plan.Dates)-1].LastReceived}
	if m.Root, err = view.root(plan.End); err != nil {
		return nil, err
	}
	if err := l.State(plan.Log.Tenant, kindPrune, intent(plan, order, m)); err != nil {
		return nil, err
	}
	// A crash here, or a full disk, leaves a statement that was not carried out. All
	// is there still; the next prune makes its own.
	if err := l.publishFor(lg); err != nil {
		return nil, err
	}
	if err := l.writeMinimum(lg, m); err != nil {
		return nil, err
	}
	// A crash from here on leaves parts below the minimum. They are no part of the
	// log any more: the next start removes them.
	l.mu.Lock()
	gone := lg.parts[:n:n]
	lg.min = m
	lg.parts = append([]part.Info(nil), lg.parts[n:]...)
	lg.noteWritten(nil, gone)
	l.tenants[lg.id.Tenant].dedup.seal(l.cfg.Dir, nil, gone)
	end := lg.sealedEnd
	l.mu.Unlock()
	if l.cfg.Follower == nil {
		return func() {}, nil
	}
	names := make([]part.Name, len(gone))
	for i, p := range gone {
		names[i] = p.Name
	}
	return l.cfg.Follower.Sealed(lg.id, nil, names, end), nil
}

// intent returns the members of a prune's statement.
func intent(plan PrunePlan, order PruneOrder, m minimum) map[string]any {
	s := map[string]any{
		"by": order.By, "dates": plan.Dates, "end": plan.End, "entries": plan.End - plan.First, "first": plan.First,
		"keep_days": order.KeepDays, "last_received": time.Unix(0, m.Received).UTC().Format(time.RFC3339Nano),
		"log": plan.Log.String(), "root": m.Root.String(), "unattended": order.Unattended,
	}
	if len(order.Rollups) > 0 {
		rollups := make([]rollupStated, len(order.Rollups))
		for i, r := range order.Rollups {
			rollups[i] = rollupStated{r.Name, r.SHA256.String()}
		}
		s["rollups"] = rollups
	}
	return s
}

// publishFor publishes checkpoints that cover all of a log and the statements of its
// tenant.
func (l *Ledger) publishFor(lg *log) error {
	meta, err := l.log(hansard.LogID{Tenant: lg.id.Tenant, Tier: hansard.TierMeta})
	if err != nil {
		return err
	}
	for _, lg := range []*log{meta, lg} {
		if _, err := l.publish1(lg); err != nil {
			return fmt.Errorf("checkpoint of %s: %w", lg.id, err)
		}
	}
	return nil
}

// finishPrune removes what lies below a log's minimum, wherever it lies, and puts it
// on record. It can be called again. keepMu is held.
func (l *Ledger) finishPrune(lg *log) error {
	l.lockUnlinked(lg)
	err := l.removeBelow(lg)
	l.sealMu.Unlock()
	if err == nil {
		err = l.clearJournal(lg, l.minimum(lg).Index)
	}
	if err != nil {
		return err
	}
	// A crash here leaves a prune that was carried out and is not on record as done.
	// The next prune of the tenant says it.
	k, err := l.keepingOf(lg.id.Tenant)
	if err != nil {
		return err
	}
	m := l.minimum(lg)
	if p := k.log(lg.id.Tier); p.last.End != m.Index || p.done == m.Index {
		return nil // an intent that was not carried out, or all is said
	}
	return l.State(lg.id.Tenant, kindPruned, map[string]any{"log": lg.id.String(), "end": m.Index})
}

// minimum returns where a log begins.
func (l *Ledger) minimum(lg *log) minimum {
	l.mu.Lock()
	defer l.mu.Unlock()
	return lg.min
}

// FinishPrunes puts on record what a crash left unsaid of a tenant's prunes.
func (l *Ledger) FinishPrunes(tenantName string) error {
	l.keepMu.Lock()
	defer l.keepMu.Unlock()
	k, err := l.keepingOf(tenantName)
	if err != nil {
		return err
	}
	var errs error
	for tier, p := range k.logs {
		lg, err := l.log(hansard.LogID{Tenant: tenantName, Tier: tier})
		if err != nil || p.done == p.last.End {
			continue
		}
		errs = errors.Join(errs, l.finishPrune(lg))
	}
	return l.ifSynced(errs)
}

// removeExpired removes, at a start, what lies below the minimum of each log.
func (l *Ledger) removeExpired() error {
	for _, t := range l.tenants {
		for _, lg := range t.logs {
			for _, dir := range []string{l.layout.log(lg.id), l.layout.rollups(lg.id)} {
				if err := l.layout.removeUnfinishedIn(dir); err != nil {
					return err
				}
			}
			if err := l.removeBelow(lg); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeBelow removes parts and leaf hashes below the minimum, for good: no power
// cut brings them back once it has returned. It looks at what is there, and syncs
// where nothing is: an attempt that failed, or a part that was superseded, may have
// left the one or the other. sealMu is held, or the ledger is not open yet.
func (l *Ledger) removeBelow(lg *log) error {
	m := l.minimum(lg)
	if m.Index == 0 {
		return nil
	}
	dates, err := l.layout.list(l.layout.parts(lg.id))
	if err != nil {
		return err
	}
	for _, date := range dates {
		if err := l.removeBelowIn(filepath.Join(l.layout.parts(lg.id), date), m.Index, date <= part.Date(m.Received)); err != nil {
			return err
		}
	}
	if len(dates) > 0 {
		if err := l.cfg.FS.SyncDir(l.layout.parts(lg.id)); err != nil {
			return err
		}
	}
	return lg.tiles.prune(m.Index)
}

// removeBelowIn removes the parts below an index from the folder of a date, with what
// is beside them, and the folder if it is empty then. past says that the date is one
// of which parts went: the folder is synced even where none is left to go.
func (l *Ledger) removeBelowIn(dir string, below uint64, past bool) error {
	names, err := l.layout.list(dir)
	if err != nil {
		return err
	}
	left := len(names)
	for _, name := range names { // in order: a part comes before what is beside it
		p, ok := part.ParseName(strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, durable.TempSuffix), IndexSuffix), NoteSuffix))
		if !ok || p.End > below {
			continue
		}
		// A crash leaves some of them, or what was beside one.
		if err := l.cfg.FS.Remove(filepath.Join(dir, name)); err != nil {
			return err
		}
		left--
	}
	switch {
	case left == len(names) && !past:
		return nil
	case left > 0:
		return l.cfg.FS.SyncDir(dir)
	}
	// What went from the folder goes with it. A crash leaves it, with some of that.
	return l.cfg.FS.Remove(dir)
}

// clearJournal makes sure that no journal file holds entries of the log below an
// index: a quiet server writes to the same one for months.
func (l *Ledger) clearJournal(lg *log, below uint64) error {
	holds := func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, f := range l.journal.files {
			if first, ok := f.begins[lg.id]; ok && first < below {
				return true
			}
		}
		return false
	}
	if !holds() {
		return nil
	}
	if err := l.turnJournal(); err != nil {
		return err
	}
	// The first seal puts statements into the meta log, which the second one seals.
	for range 2 {
		if err := l.sealDue(true, false); err != nil {
			return err
		}
	}
	if holds() {
		return hansard.Errorf(hansard.KindBusy, "the journal still holds entries that are to go: others beside them are not sealed yet")
	}
	return nil
}

// prune removes the files of leaf hashes of which all lie below the given index. The
// hashes above them stay: they are 1/256 of the size, and with them the log can
// be held against every checkpoint of a multiple of 256 entries that it ever had.
func (s tileStore) prune(below uint64) error {
	dir := filepath.Dir(s.path(0, 0))
	names, err := layout{fs: s.fs}.list(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		file, err := strconv.ParseUint(name, 10, 48)
		if err != nil || (file+1)*hashesInFile > below {
			continue // not whole below, or none of ours, which verification says
		}
		if err := s.fs.Remove(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	if len(names) == 0 || below < hashesInFile {
		return nil
	}
	return s.fs.SyncDir(dir)
}
