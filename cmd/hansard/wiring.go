package main

import (
	"cmp"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/access"
	"github.com/hansardhq/hansard/internal/classify"
	"github.com/hansardhq/hansard/internal/detect"
	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/intake"
	"github.com/hansardhq/hansard/internal/keys"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/live"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/policy"
	"github.com/hansardhq/hansard/internal/reading"
	"github.com/hansardhq/hansard/internal/redact"
	"github.com/hansardhq/hansard/internal/retention"
)

// store is a data folder open for writing, with all that hangs on it.
//
//	events ─> intake ─> ledger ─┬─> lake ─┐
//	          (redact,  journal, │        ├─> reading ─> answers
//	          classify) parts,   │        │
//	                    proofs   └─> hub ─┼─> live feed
//	                       └──────────────┘
//
// The ledger tells the lake and the hub what was committed before it
// acknowledges; the reading asks the lake for events and the ledger for proofs.
type store struct {
	ledger  *ledger.Ledger
	lake    *lake.Lake
	hub     *live.Hub
	intake  *intake.Intake
	reading *reading.Reading
	readers *access.ReaderLog
	logger  *slog.Logger
	keeper  *retention.Keeper
	// detected is how far detections are.
	detected detect.Progress
	checked  chan struct{}  // closed when the sums of an earlier process were looked through
	packs    []*policy.Pack // those that judge
	keeping  *retention.Policy
	alerts   []*policy.Pack // whose controls with alerts are applied live: those that the configuration names
}

// storeConfig says how a store is opened. Ledger.Dir is the data folder; all
// else has a default.
type storeConfig struct {
	Ledger      ledger.Config // its Follower is set by openStore
	Retention   retention.Config
	Redact      redact.Config
	Classify    classify.Config
	Limits      dialect.Limits
	Patience    time.Duration // of the intake with a busy ledger
	Spending    spending
	QueryMemory int64        // bytes that DuckDB may use; 0: lake.DefaultMemoryLimit
	Logger      *slog.Logger // default: silent
	Packs       []policy.Choice
}

// sqlWorker is the hidden verb by which the lake starts this program again to
// run a user's SQL.
const sqlWorker = "sql-worker"

// openStore opens a data folder for writing, making it if it is new. Only one
// process may have it open.
func openStore(cfg storeConfig) (*store, error) {
	engine, err := redact.New(cfg.Redact)
	if err != nil {
		return nil, err
	}
	classifier, err := classify.New(cfg.Classify)
	if err != nil {
		return nil, err
	}
	packs, err := policy.Load(cfg.Packs)
	if err != nil {
		return nil, err
	}
	raised, needs := neededRetention(cfg.Retention, packs)
	keeping, err := retention.NewPolicy(raised, needs...)
	if err != nil {
		return nil, err
	}
	s := &store{hub: live.New(), packs: packs, keeping: keeping, logger: cmp.Or(cfg.Logger, slog.New(slog.DiscardHandler))}
	if len(cfg.Packs) > 0 {
		s.alerts = packs
	}
	s.lake, err = lake.New(lake.Config{
		Dir: cfg.Ledger.Dir, MemoryLimit: cfg.QueryMemory, Logger: cfg.Logger, WorkerCommand: []string{sqlWorker}, WorkersAhead: true,
		Sums: s.sumsConfig(cfg.Ledger.Dir),
	})
	if err != nil {
		return nil, err
	}
	cfg.Ledger.Follower = follower{s.lake, s.hub}
	if cfg.Ledger.Logger == nil {
		cfg.Ledger.Logger = cfg.Logger
	}
	if s.ledger, err = ledger.Open(cfg.Ledger); err != nil {
		return nil, errors.Join(err, s.lake.Close())
	}
	s.checked = make(chan struct{})
	go func() {
		defer close(s.checked)
		s.lake.CheckSums()
	}()
	s.intake = intake.New(intake.Config{
		Ledger: s.ledger, Redact: engine, Classifier: classifier, Limits: cfg.Limits, Patience: cfg.Patience,
	})
	s.reading = reading.New(reading.Config{
		Lake: s.lake, Prover: s.ledger, Pseudonyms: pseudonyms(s.ledger, s.ledger.Keys(), engine),
		Redact: redactText(s.ledger, engine),
		Prices: cfg.Spending.prices, Budgets: cfg.Spending.budgets,
		Packs:    packs,
		Facts:    func(tenant string) policy.Facts { return factsOf(keeping, tenant) },
		Verified: s.ledger.VerifyState,
	})
	s.keeper = retention.NewKeeper(retention.KeeperConfig{
		Ledger: s.ledger, Sums: s.lake, Policy: keeping, Redact: redactText(s.ledger, engine), Logger: cfg.Logger,
	})
	s.readers = access.NewReaderLog(access.ReaderLogConfig{Has: s.has, State: s.stateReads, Spell: s.spell, Failed: func(err error) {
		s.logger.Error("reads cannot be put on record; they wait", "error", err)
	}})
	return s, nil
}

// Close puts the last reads on record, seals what is in the journal, saves the sums of
// reports and closes the folder. Requests and reads must have ended.
func (s *store) Close() error {
	err := s.readers.Close()
	<-s.checked // it may write
	err = errors.Join(err, s.ledger.Close())
	s.lake.SaveSums()
	return errors.Join(err, s.lake.Close())
}

// has reports whether a tenant has a record.
func (s *store) has(tenant string) bool {
	return slices.ContainsFunc(s.ledger.Logs(), func(i ledger.Info) bool { return i.Log.Tenant == tenant })
}

func (s *store) stateReads(tenant string, members map[string]any) error {
	return s.ledger.State(tenant, "reads", members)
}

// spell writes what a reader asked on one line, redacted.
func (s *store) spell(tenant string, asked []access.Asked) (string, error) {
	words := make([]string, len(asked))
	for i, a := range asked {
		text, err := s.reading.Spell(tenant, a.Name, a.Value)
		if err != nil {
			return "", err
		}
		words[i] = a.Name + "=" + text
	}
	return strings.Join(words, " "), nil
}

// redactText returns how a text is redacted under a tenant's keys.
func redactText(l *ledger.Ledger, engine *redact.Engine) func(tenant, text string) (string, error) {
	return func(tenant, text string) (string, error) {
		keys, _, err := l.Pseudonyms(tenant)
		if err != nil {
			return "", err
		}
		text, _, err = engine.Text(keys, text)
		return text, err
	}
}

// follower tells the lake and the hub what becomes of entries.
type follower struct {
	lake *lake.Lake
	hub  *live.Hub
}

// Load hands a log over to the lake at start.
func (f follower) Load(log hansard.LogID, parts []part.Info, fresh []*part.Row) {
	f.lake.Load(log, parts, fresh)
}

// Committed hands over what was committed: to the lake first, so that whoever
// hears of an entry can read it.
func (f follower) Committed(rows []*part.Row) {
	f.lake.Committed(rows)
	f.hub.Committed(rows)
}

// Sealed tells the lake which parts there are.
func (f follower) Sealed(log hansard.LogID, added []part.Info, removed []part.Name, end uint64) (wait func()) {
	return f.lake.Sealed(log, added, removed, end)
}

// pseudonyms returns how a reading finds the pseudonyms of a value. ring is nil
// where there is no key folder. A tenant without logs has none: looking must not
// make keys.
func pseudonyms(prover reading.Prover, ring *keys.Ring, engine *redact.Engine) func(tenant, value string) ([]string, error) {
	return func(tenant, value string) ([]string, error) {
		if ring == nil {
			err := hansard.Errorf(hansard.KindInvalid, "a search for a person's value needs the key folder, and there is none")
			return nil, hansard.WithHint(err, "name it with --keys DIR; the record holds persons by pseudonyms that these keys make")
		}
		for _, info := range prover.Logs() {
			if info.Log.Tenant != tenant {
				continue
			}
			k, err := ring.Pseudonyms(tenant, false)
			if err != nil {
				return nil, err
			}
			return engine.Lookup(k, value), nil
		}
		return nil, nil
	}
}
