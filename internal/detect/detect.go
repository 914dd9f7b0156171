// Package detect runs detectors over what is committed, behind the acknowledgement,
// and puts what they find on record as events.
//
// Ingest never waits for it: a commit hands over pointers, and who does not keep up
// is dropped and reads what it has missed from the record. The events of findings
// are the same whenever they are made of the same entries, so that one that is
// found again is a duplicate.
package detect

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/live"
	"github.com/hansardhq/hansard/internal/part"
)

// Detector looks at the entries of one tenant, one after the other, and returns the
// events of what it finds with each. It is called by one goroutine at a time. The
// entry is another one after the call, and its texts are those of a row: what is
// kept of them is kept as a copy. The events may share them.
type Detector interface {
	// Wants reports whether events of a type can matter to it: it is given no
	// others where that saves their decoding.
	Wants(eventType string) bool
	Take(e *hansard.Entry) []*hansard.Event
}

// Config says what is watched and by whom.
type Config struct {
	Hub *live.Hub
	// Tenants lists the tenants that there are.
	Tenants func() []string
	// Begin returns the detectors of a tenant, and the position from which on
	// they are to be given entries.
	Begin func(ctx context.Context, tenant string) (detectors []Detector, from uint64, err error)
	// Follow begins to read what was committed from a position on, of all tiers. What it returns
	// reads the next rows, at most limit, which nobody changes; none when all have
	// been read: lake.Reader.Next.
	Follow func(tenant string, from uint64) (next func(ctx context.Context, limit int) ([]*part.Row, error))
	// Progress, if not nil, is told how far the detectors are.
	Progress *Progress
	// Record puts events on record.
	Record func(ctx context.Context, tenant string, events []*hansard.Event) error
	Logger *slog.Logger
}

// queueDepth is how many commits may wait, and catchUp how many rows are looked at
// at a time of what was missed.
const (
	queueDepth = 256
	catchUp    = 4096
)

// restTimes is for how many times as long as it worked it rests where it is behind
// and events come in: it takes a fifth of one processor at most, and ingest has the
// rest. busy is how many waiting commits are behind. What it waits for while it works,
// as for a disk that is full, is no reason to rest for long.
const (
	restTimes   = 4
	longestRest = time.Second
	busy        = 8
)

// sayAgain is how long it says nothing of being behind after it has.
const sayAgain = time.Minute

// watch is the run of a Config.
type watch struct {
	Config
	enc     *part.Encoder
	values  part.Values   // of the row that is looked at: its type
	entry   hansard.Entry // the same, whole
	tenants map[string]*tenant
	said    time.Time // when it last said that it is behind

	eventType *part.Column
}

// tenant is what is known of one tenant.
type tenant struct {
	detectors []Detector
	next      uint64 // the first position that the detectors have not been given
}

// Run watches until the context ends. What goes wrong is logged and tried again.
func Run(ctx context.Context, cfg Config) {
	if cfg.Progress == nil {
		cfg.Progress = &Progress{}
	}
	w := &watch{Config: cfg, enc: part.NewEncoder(), tenants: map[string]*tenant{}}
	w.eventType = w.enc.Column("event_type")
	for ctx.Err() == nil {
		// A long way first: nobody keeps commits for it meanwhile.
		err := w.all(ctx)
		if err == nil {
			err = w.current(ctx)
		}
		if err != nil && ctx.Err() == nil {
			cfg.Logger.Error("detections stopped; they go on where they were", "error", err)
			w.pause(ctx, 5*time.Second)
		}
	}
}

// current takes commits as they come, after what was committed before they are
// collected. It returns nil when some were missed.
func (w *watch) current(ctx context.Context) error {
	rows := w.Hub.Rows(queueDepth)
	defer rows.Close()
	if err := w.all(ctx); err != nil {
		return err
	}
	return w.follow(ctx, rows)
}

func (w *watch) pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// rest leaves the processors to others after it has worked.
func (w *watch) rest(ctx context.Context, worked time.Duration) {
	w.pause(ctx, min(restTimes*worked, longestRest))
}

// all gives the detectors of all tenants what they have missed.
func (w *watch) all(ctx context.Context) error {
	for _, name := range w.Tenants() {
		t, err := w.tenant(ctx, name)
		if err == nil {
			err = w.missed(ctx, name, t)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// tenant returns what is known of a tenant, from its first commit on.
func (w *watch) tenant(ctx context.Context, name string) (*tenant, error) {
	if t := w.tenants[name]; t != nil {
		return t, nil
	}
	detectors, from, err := w.Begin(ctx, name)
	if err != nil {
		return nil, err
	}
	t := &tenant{detectors, from}
	w.tenants[name] = t
	w.Progress.set(name, from)
	return t, nil
}

// missed reads from the record what a tenant's detectors have not been given. It
// rests only while events come in.
func (w *watch) missed(ctx context.Context, name string, t *tenant) error {
	if len(t.detectors) == 0 {
		return nil
	}
	next := w.Follow(name, t.next)
	for {
		begin, commits := time.Now(), w.Hub.Commits()
		rows, err := next(ctx, catchUp)
		if err != nil || len(rows) == 0 {
			return err
		}
		found, upTo, err := w.look(t, rows)
		if err != nil {
			return err
		}
		worked, others := time.Since(begin), w.Hub.Commits() != commits // what is found is committed, too
		w.record(ctx, name, t, found, upTo)
		if others {
			w.rest(ctx, worked)
		}
	}
}

// follow takes commits as they come. It returns nil when some were missed.
func (w *watch) follow(ctx context.Context, rows *live.Rows) error {
	for {
		commit, dropped := rows.Next(ctx)
		if dropped && time.Since(w.said) >= sayAgain {
			w.said = time.Now()
			w.Logger.Warn("detections fell behind; they read what they missed from the record")
		}
		if len(commit) == 0 {
			return nil
		}
		begin := time.Now()
		if err := w.commit(ctx, commit); err != nil {
			return err
		}
		if rows.Waiting() >= busy {
			w.rest(ctx, time.Since(begin))
		}
	}
}

// commit takes the rows of one commit, which come tenant by tenant.
func (w *watch) commit(ctx context.Context, rows []*part.Row) error {
	for len(rows) > 0 {
		name := rows[0].Log.Tenant
		n := slices.IndexFunc(rows, func(r *part.Row) bool { return r.Log.Tenant != name })
		if n < 0 {
			n = len(rows)
		}
		t, err := w.tenant(ctx, name)
		if err != nil {
			return err
		}
		if err := w.take(ctx, name, t, rows[:n]); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// take gives rows to a tenant's detectors and puts on record what they find.
func (w *watch) take(ctx context.Context, name string, t *tenant, rows []*part.Row) error {
	found, next, err := w.look(t, rows)
	if err == nil {
		w.record(ctx, name, t, found, next)
	}
	return err
}

// look gives rows to a tenant's detectors, but statements of the meta log. It returns what they found, and the
// position after the last of the rows.
func (w *watch) look(t *tenant, rows []*part.Row) (found []*hansard.Event, next uint64, err error) {
	next = t.next
	for _, r := range rows {
		if r.Place.Position < t.next {
			continue
		}
		next = max(next, r.Place.Position+1)
		if r.Log.Tier == hansard.TierMeta || len(t.detectors) == 0 {
			continue
		}
		err := w.enc.Value(&w.values, r, w.eventType)
		if err == nil && !t.wants(w.values.Text(w.eventType)) {
			continue
		}
		if err == nil {
			err = w.enc.View(&w.entry, r)
		}
		if err != nil {
			return nil, 0, err
		}
		found = append(found, t.take(&w.entry)...)
	}
	return found, next, nil
}

func (t *tenant) wants(eventType string) bool {
	for _, d := range t.detectors {
		if d.Wants(eventType) {
			return true
		}
	}
	return false
}

// take gives an entry to the detectors.
func (t *tenant) take(e *hansard.Entry) (found []*hansard.Event) {
	for _, d := range t.detectors {
		found = append(found, d.Take(e)...)
	}
	return found
}

// record puts on record what was found up to a position. Only then do the entries
// count as taken.
func (w *watch) record(ctx context.Context, name string, t *tenant, found []*hansard.Event, next uint64) {
	for wait := time.Second; len(found) > 0; wait = min(2*wait, time.Minute) {
		err := w.Record(ctx, name, found)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return
		}
		w.Logger.Error("findings could not be put on record; they are tried again", "tenant", name, "findings", len(found), "error", err)
		w.pause(ctx, wait)
	}
	t.next = next
	w.Progress.set(name, next)
}
