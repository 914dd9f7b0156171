package ledger

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/part"
)

// The kinds of statement that say what is kept.
const (
	kindPrune          = "prune"
	kindPruned         = "pruned"
	kindHold           = "hold"
	kindRelease        = "hold_released"
	kindClockJump      = "clock_jump"
	kindClockConfirmed = "clock_confirmed"
	kindRollupsExpired = "rollups_expired"
)

// keeping is what a tenant's meta log says of holds, prunes and the clock. The
// statements are the only truth: nothing of it lies on the disk besides.
type keeping struct {
	next  uint64 // statements of the meta log below this index were read
	holds []Hold // in the order in which they were set; released ones too
	jump  *ClockJump
	logs  map[hansard.Tier]*prunes
}

// prunes is what was stated of the prunes of one log.
type prunes struct {
	last       pruneStated // the last intent
	done       uint64      // the minimum that the last done record names
	unattended int64       // receipt of the last intent that nobody ordered, Unix ns
	rollups    []rollupStated
}

// pruneStated is the intent of a prune. The members are in the order of canonical
// JSON, as in all statements.
type pruneStated struct {
	By           string         `json:"by"`
	Dates        []PruneDate    `json:"dates"`
	End          uint64         `json:"end"` // the minimum that it leads to
	Entries      uint64         `json:"entries"`
	First        uint64         `json:"first"`
	KeepDays     int            `json:"keep_days"`
	LastReceived string         `json:"last_received"`
	Log          string         `json:"log"`
	Rollups      []rollupStated `json:"rollups,omitempty"`
	Root         string         `json:"root"`
	Unattended   bool           `json:"unattended"`
}

// rollupStated puts a roll-up's file on record.
type rollupStated struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

// ClockJump is a jump of the wall clock, as it was stated.
type ClockJump struct {
	From, To time.Time
	Index    uint64 // of the statement in the meta log
}

// Hold is a legal hold on a log: nothing of the log is pruned while it stands.
type Hold struct {
	ID       string    `json:"id"`
	Tier     string    `json:"tier"`
	Reason   string    `json:"reason"`
	By       string    `json:"by" doc:"Id of the token that set it"`
	Since    time.Time `json:"since"`
	Minimum  uint64    `json:"minimum" doc:"The first entry that it keeps"`
	Released time.Time `json:"released,omitzero"`
	// ReleaseReason and ReleasedBy are set once it is released.
	ReleaseReason string `json:"release_reason,omitempty"`
	ReleasedBy    string `json:"released_by,omitempty"`
	Index         uint64 `json:"statement" doc:"Index of the statement in the meta log"`
}

// Stands reports whether the hold has not been released.
func (h *Hold) Stands() bool { return h.Released.IsZero() }

// statedKeeping is what a statement may say of what is kept.
type statedKeeping struct {
	pruneStated
	Kind      string   `json:"kind"`
	ID        string   `json:"id"`
	Reason    string   `json:"reason"`
	Minimum   uint64   `json:"minimum"`
	From      string   `json:"from"`
	To        string   `json:"to"`
	Names     []string `json:"names"`
	Part      string   `json:"part"`
	Rewritten []string `json:"rewritten"`
}

// parse reads a statement, if it is of a kind that says what is kept: members of others
// may mean something else.
func (s *statedKeeping) parse(text []byte) error {
	var kind struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(text, &kind); err != nil {
		return err
	}
	switch kind.Kind {
	case kindPrune, kindPruned, kindHold, kindRelease, kindClockJump, kindClockConfirmed, kindRollupsExpired, kindErase, kindErased:
		return json.Unmarshal(text, s)
	}
	return nil
}

// log returns what is known of the prunes of a log of the tenant.
func (k *keeping) log(t hansard.Tier) *prunes {
	p := k.logs[t]
	if p == nil {
		p = &prunes{}
		k.logs[t] = p
	}
	return p
}

// hold returns the hold that stands on a log, nil if there is none.
func (k *keeping) hold(t hansard.Tier) *Hold {
	for i := range k.holds {
		if h := &k.holds[i]; h.Stands() && h.Tier == string(t) {
			return h
		}
	}
	return nil
}

// take takes in a statement of the meta log. Statements come in their order.
func (k *keeping) take(index uint64, received int64, text []byte) error {
	k.next = index + 1
	if len(text) == 0 || bytes.Contains(text, []byte(`"kind":"seal"`)) { // most of them
		return nil
	}
	var s statedKeeping
	if err := s.parse(text); err != nil {
		return hansard.Errorf(hansard.KindCorrupt, "statement %d is malformed", index)
	}
	at := time.Unix(0, received).UTC()
	switch s.Kind {
	case kindHold:
		k.holds = append(k.holds, Hold{ID: s.ID, Tier: string(logIDOf(s.Log).Tier), Reason: s.Reason, By: s.By, Since: at, Minimum: s.Minimum, Index: index})
	case kindRelease:
		if i := slices.IndexFunc(k.holds, func(h Hold) bool { return h.ID == s.ID }); i >= 0 {
			h := &k.holds[i]
			h.Released, h.ReleaseReason, h.ReleasedBy = at, s.Reason, s.By
		}
	case kindClockJump:
		from, _ := time.Parse(time.RFC3339Nano, s.From)
		to, _ := time.Parse(time.RFC3339Nano, s.To)
		k.jump = &ClockJump{From: from, To: to, Index: index}
	case kindClockConfirmed:
		k.jump = nil
	case kindPrune:
		p := k.log(logIDOf(s.Log).Tier)
		p.last = s.pruneStated
		for _, r := range s.Rollups {
			p.rollups = append(slices.DeleteFunc(p.rollups, func(o rollupStated) bool { return o.Name == r.Name }), r)
		}
		if s.Unattended {
			p.unattended = received
		}
	case kindPruned:
		k.log(logIDOf(s.Log).Tier).done = s.End
	case kindRollupsExpired:
		p := k.log(logIDOf(s.Log).Tier)
		p.rollups = slices.DeleteFunc(p.rollups, func(o rollupStated) bool { return slices.Contains(s.Names, o.Name) })
	}
	return nil
}

// statementSource is a meta log, opened for reading.
type statementSource struct {
	fs    durable.FS
	dir   string
	enc   *part.Encoder
	parts []part.Info
	fresh []*sealable
}

// read takes in the statements from k.next on.
func (s statementSource) read(k *keeping) error { return s.each(k.next, k.take) }

// each calls take with the statements from an index on, in their order. The text is
// valid until take returns.
func (s statementSource) each(next uint64, take func(index uint64, received int64, text []byte) error) error {
	for _, p := range s.parts {
		if p.Name.End <= next {
			continue
		}
		if err := s.readPart(p, next, take); err != nil {
			return fmt.Errorf("read statements: part %s of %s: %w", p.Name, p.Log, err)
		}
	}
	for _, it := range s.fresh {
		e, err := s.enc.Entry(&it.Row)
		if err != nil {
			return fmt.Errorf("read statements: %w", err)
		}
		if e.Index < next {
			continue
		}
		if err := take(e.Index, e.ReceivedAt, e.Statement); err != nil {
			return err
		}
	}
	return nil
}

// readPart takes the statements of a part. Of its columns it reads three.
func (s statementSource) readPart(p part.Info, next uint64, take func(index uint64, received int64, text []byte) error) error {
	f, pf, _, err := openPart(s.fs, s.enc, p.Path(s.dir), p)
	if err != nil {
		return err
	}
	defer f.Close()
	group, err := s.enc.NewGroup()
	if err != nil {
		return err
	}
	text, index, received := s.enc.Column("statement"), s.enc.Column("index"), s.enc.Column("received_at")
	for i := range pf.Groups() {
		if err := group.Load(pf, i, func(c *part.Column) bool {
			return c.Name == text.Name || c.Name == index.Name || c.Name == received.Name
		}); err != nil {
			return err
		}
		rows := make([]int, group.Len()) // sorted by trace: the index says the order
		for r := range rows {
			rows[r] = r
		}
		slices.SortFunc(rows, func(a, b int) int { return cmp.Compare(group.Int(index, a), group.Int(index, b)) })
		for _, r := range rows {
			at := uint64(group.Int(index, r))
			if at < next {
				continue
			}
			if err := take(at, group.Int(received, r), group.Bytes(text, r)); err != nil {
				return err
			}
		}
	}
	return nil
}

// keepingOf returns what the tenant's meta log says, up to its last statement. keepMu
// is held.
func (l *Ledger) keepingOf(tenantName string) (*keeping, error) {
	lg, err := l.log(hansard.LogID{Tenant: tenantName, Tier: hansard.TierMeta})
	if err != nil {
		return nil, hansard.Errorf(hansard.KindNotFound, "tenant %s has no record yet", tenantName)
	}
	k := l.keeping[tenantName]
	if k == nil {
		k = &keeping{logs: map[hansard.Tier]*prunes{}}
		l.keeping[tenantName] = k
	}
	// A seal or a merge may replace a part between the look and the read: the
	// statements are in another one then.
	for attempt := 0; ; attempt++ {
		l.mu.Lock()
		src := statementSource{fs: l.cfg.FS, dir: l.cfg.Dir, enc: l.enc, parts: lg.parts, fresh: lg.fresh[:len(lg.fresh):len(lg.fresh)]}
		l.mu.Unlock()
		if err := src.read(k); err == nil || !notExist(err) || attempt == 100 {
			return k, err
		}
	}
}

// Kept is what is on record of how a tenant's logs are kept.
type Kept struct {
	Holds []Hold     // in the order in which they were set
	Jump  *ClockJump // a jump of the clock that nobody confirmed; nil: none
	// Unattended says when the last prune without an order was, by log.
	Unattended map[hansard.LogID]time.Time
	// Unfinished are logs whose last prune was carried out, and is not on record
	// as done.
	Unfinished []hansard.LogID
	Rollups    []RollupFile // on record, of all logs
}

// Kept returns what the tenant's meta log says of holds, prunes and the clock.
func (l *Ledger) Kept(tenantName string) (Kept, error) {
	l.keepMu.Lock()
	defer l.keepMu.Unlock()
	k, err := l.keepingOf(tenantName)
	if err != nil {
		return Kept{}, err
	}
	return k.kept(tenantName), nil
}

func (k *keeping) kept(tenantName string) Kept {
	out := Kept{Holds: slices.Clone(k.holds), Jump: k.jump, Unattended: map[hansard.LogID]time.Time{}}
	for tier, p := range k.logs {
		id := hansard.LogID{Tenant: tenantName, Tier: tier}
		if p.unattended > 0 {
			out.Unattended[id] = time.Unix(0, p.unattended).UTC()
		}
		if p.last.End != p.done {
			out.Unfinished = append(out.Unfinished, id)
		}
		for _, r := range p.rollups {
			f := RollupFile{Log: id, Name: r.Name}
			if sum, err := hex.DecodeString(r.SHA256); err == nil && len(sum) == len(f.SHA256) {
				copy(f.SHA256[:], sum)
			}
			out.Rollups = append(out.Rollups, f)
		}
	}
	return out
}

// Kept returns what the tenant's meta log says of holds, prunes and the clock.
func (r *Reader) Kept(tenantName string) (Kept, error) {
	lg := r.logs[hansard.LogID{Tenant: tenantName, Tier: hansard.TierMeta}]
	if lg == nil {
		return Kept{}, hansard.Errorf(hansard.KindNotFound, "tenant %s has no record yet", tenantName)
	}
	k := &keeping{logs: map[hansard.Tier]*prunes{}}
	src := statementSource{fs: r.layout.fs, dir: r.layout.dir, enc: r.enc, parts: lg.parts, fresh: lg.view.fresh}
	if err := src.read(k); err != nil {
		return Kept{}, err
	}
	return k.kept(tenantName), nil
}
