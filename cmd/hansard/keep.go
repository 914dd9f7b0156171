package main

import (
	"context"
	"errors"
	"time"

	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/remote"
	"github.com/hansardhq/hansard/internal/retention"
)

// keepers says what is kept, prunes it and holds it: a server, or the files where no
// server runs.
type keepers interface {
	Retention(ctx context.Context) (retention.Status, error)
	Prune(ctx context.Context, dryRun, confirm bool) ([]retention.Result, error)
	Holds(ctx context.Context, all bool) ([]ledger.Hold, error)
	AddHold(ctx context.Context, tier, reason string) (ledger.Hold, error)
	ReleaseHold(ctx context.Context, id, reason string) (ledger.Hold, error)
	Rollups(ctx context.Context, since, until string) ([]retention.Rollup, error)
	Erase(ctx context.Context, req retention.EraseRequest) (retention.EraseResult, error)
}

// keepFlags are those of the verbs about what is kept.
type keepFlags struct{ config string }

// keeping returns whom to ask, and lets f use it. With --data the folder is opened
// for writing only where f writes.
func (p *program) keeping(f *keepFlags, do func(keepers) error) error {
	if p.global.data == "" {
		c, err := p.client()
		if err != nil {
			return err
		}
		return do(remoteKeepers{c})
	}
	path := f.config
	if path == "" {
		path = p.env["HANSARD_CONFIG"]
	}
	cfg, err := readConfig(path)
	if err != nil {
		return err
	}
	policy, err := cfg.keeping()
	if err != nil {
		return err
	}
	return do(&localKeepers{p: p, cfg: cfg, policy: policy, tenant: p.global.tenantOrDefault()})
}

// remoteKeepers asks a server.
type remoteKeepers struct{ *remote.Client }

// localKeepers works on a data folder while no server runs.
type localKeepers struct {
	p      *program
	cfg    *serverConfig
	policy *retention.Policy
	tenant string
}

// localCaller stands in the record for whoever works on the files themselves.
const localCaller = "local"

// read lets f read the folder.
func (k *localKeepers) read(f func(*localBackend) error) error {
	b, err := openLocal(&k.p.global, k.cfg, localPacks{})
	if err != nil {
		return err
	}
	return errors.Join(f(b), b.Close())
}

// write lets f change the folder.
func (k *localKeepers) write(f func(*store) error) error {
	if err := mustExist(k.p.global.data); err != nil {
		return err
	}
	sc := k.cfg.storeConfig()
	sc.Ledger.Dir, sc.Ledger.KeyDir = k.p.global.data, k.p.global.keyDir()
	st, err := openStore(sc)
	if err != nil {
		return err
	}
	return errors.Join(f(st), st.Close())
}

// mustExist refuses a folder that is no data folder: it is not to be made.
func mustExist(dir string) error {
	r, err := ledger.OpenReader(durable.OS{}, dir)
	if err != nil {
		return err
	}
	return r.Close()
}

// Retention says what is kept.
func (k *localKeepers) Retention(context.Context) (out retention.Status, err error) {
	err = k.read(func(b *localBackend) error {
		out, err = retention.StatusOf(b.reader, b.lake.Parts, k.policy, k.tenant, time.Now())
		return err
	})
	return out, err
}

// Prune removes what has expired, or says what would go.
func (k *localKeepers) Prune(ctx context.Context, dryRun, confirm bool) (out []retention.Result, err error) {
	if dryRun && !confirm {
		err = k.read(func(b *localBackend) error {
			out, err = retention.DryRun(b.reader, k.policy, k.tenant, time.Now())
			return err
		})
		return out, err
	}
	err = k.write(func(st *store) error {
		if confirm {
			if err := st.keeper.Confirm(k.tenant, localCaller); err != nil {
				return err
			}
		}
		out, err = st.keeper.Run(ctx, k.tenant, retention.Order{By: localCaller, DryRun: dryRun})
		return err
	})
	return out, err
}

// Holds lists holds.
func (k *localKeepers) Holds(_ context.Context, all bool) (out []ledger.Hold, err error) {
	err = k.read(func(b *localBackend) error {
		out, err = retention.Holds(b.reader, k.tenant, all)
		return err
	})
	return out, err
}

// AddHold sets a hold.
func (k *localKeepers) AddHold(_ context.Context, tier, reason string) (out ledger.Hold, err error) {
	err = k.write(func(st *store) error {
		out, err = st.keeper.Hold(k.tenant, tier, reason, localCaller)
		return err
	})
	return out, err
}

// ReleaseHold ends a hold.
func (k *localKeepers) ReleaseHold(_ context.Context, id, reason string) (out ledger.Hold, err error) {
	err = k.write(func(st *store) error {
		out, err = st.keeper.Release(k.tenant, id, reason, localCaller)
		return err
	})
	return out, err
}

// Rollups returns roll-ups.
func (k *localKeepers) Rollups(_ context.Context, since, until string) (out []retention.Rollup, err error) {
	period, err := query.ParsePeriod(since, until, time.Now(), time.UTC)
	if err != nil {
		return nil, err
	}
	err = k.read(func(b *localBackend) error {
		out, err = retention.Rollups(b.reader, k.tenant, period.Since, period.Until)
		return err
	})
	return out, err
}

// Erase erases the content of events.
func (k *localKeepers) Erase(ctx context.Context, req retention.EraseRequest) (out retention.EraseResult, err error) {
	req.By = localCaller
	err = k.write(func(st *store) error {
		out, err = st.keeper.Erase(ctx, st.reading, k.tenant, req)
		return err
	})
	return out, err
}
