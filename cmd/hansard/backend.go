package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/ask"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/keys"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/reading"
	"github.com/hansardhq/hansard/internal/redact"
	"github.com/hansardhq/hansard/internal/remote"
	"github.com/hansardhq/hansard/internal/report"
	"github.com/hansardhq/hansard/internal/trace"
)

// backend answers the reading verbs: a server, or the files themselves.
type backend interface {
	Events(ctx context.Context, q reading.Question) (*reading.Events, error)
	// Complete says how a search that is being typed may go on.
	Complete(ctx context.Context, search string, cursor int) (*reading.Completion, error)
	Trace(ctx context.Context, id string) ([]trace.Timeline, error)
	// Export writes all that a question selects; an error means that it is not whole.
	Export(ctx context.Context, w io.Writer, q reading.Question, format reading.ExportFormat) (*reading.Manifest, error)
	// Groups returns sessions, tasks, agents or users, by the field that names them.
	Groups(ctx context.Context, by string, q reading.Question) (*reading.Groups, error)
	// Graph writes the graph of what an id stands for.
	Graph(ctx context.Context, w io.Writer, id string, g remote.Graph) error
	// Diff compares two traces.
	Diff(ctx context.Context, a, b string) (*trace.Diff, error)
	// Replay returns decisions of a trace: after the first from ones, at most limit.
	Replay(ctx context.Context, id string, from, limit int) (*trace.Replay, error)
	// Scan looks for injections; with record it puts what is new on record.
	Scan(ctx context.Context, q reading.Question, record bool) (*reading.Scan, error)
	// Report returns a report of a type, written in a format, and what a
	// compliance report comes to: "true", "false" or "unknown".
	Report(ctx context.Context, name string, o reading.Order, format report.Format) (text []byte, compliant string, err error)
	// CheckReport computes a report again, given in its JSON form.
	CheckReport(ctx context.Context, text []byte, format report.Format) (out []byte, same bool, err error)
	SQL(ctx context.Context, statement string) (*lake.Result, error)
	// Prove returns a proof's text and the verifier key of the log.
	Prove(ctx context.Context, id string, disclose bool) (text []byte, vkey string, err error)
	// Logs returns the server's name and the tenant's logs.
	Logs(ctx context.Context) (name string, logs []reading.Log, err error)
	// Ask returns what a question in words means, with days in the zone of
	// that name.
	Ask(ctx context.Context, question, zone string) (ask.Meaning, error)
	Close() error
}

// open returns whom to ask: the files where --data is given, else the server.
func (p *program) open() (backend, error) {
	if p.global.data != "" {
		cfg, err := readConfig(p.env["HANSARD_CONFIG"])
		if err != nil {
			return nil, err
		}
		packs, err := cfg.localPacks(p.env["HANSARD_CONFIG"] != "")
		if err != nil {
			return nil, err
		}
		return openLocal(&p.global, cfg, packs)
	}
	c, err := p.client()
	if err != nil {
		return nil, err
	}
	return remoteBackend{c}, nil
}

// with opens a backend, lets f use it and closes it.
func (p *program) with(f func(backend) error) error {
	b, err := p.open()
	if err != nil {
		return err
	}
	return errors.Join(f(b), b.Close())
}

// client returns a client of the server that the flags and the environment name.
func (p *program) client() (*remote.Client, error) {
	cfg := remote.Config{Server: p.global.server, Tenant: p.global.tenant, Token: p.env["HANSARD_TOKEN"]}
	if cfg.Server == "" {
		cfg.Server = p.env["HANSARD_SERVER"]
	}
	if p.global.tokenFile != "" {
		token, err := readToken(p.global.tokenFile)
		if err != nil {
			return nil, err
		}
		cfg.Token = token
	}
	c, err := remote.New(cfg)
	if err == nil && c.TokenInClear() {
		p.say("warning: the token crosses the network to %s unencrypted", c.Server())
	}
	return c, err
}

// maxTokenFile bounds a file with a token, in bytes.
const maxTokenFile = 4096

// readToken reads a file that holds a token and nothing else.
func readToken(path string) (string, error) {
	b, err := durable.ReadFile(durable.OS{}, path, maxTokenFile)
	if errors.Is(err, fs.ErrNotExist) {
		return "", hansard.Errorf(hansard.KindNotFound, "there is no token file %s", path)
	}
	if err != nil {
		return "", hansard.Errorf(hansard.KindInvalid, "read token file: %w", err)
	}
	token := strings.TrimSpace(string(b))
	if token == "" || strings.ContainsAny(token, " \t\r\n") {
		err := hansard.Errorf(hansard.KindInvalid, "token file %s does not hold one token", path)
		return "", hansard.WithHint(err, "it holds the token and nothing else; the server's own token file is another thing")
	}
	return token, nil
}

// remoteBackend asks a server.
type remoteBackend struct{ *remote.Client }

// Close does nothing: there is nothing open.
func (remoteBackend) Close() error { return nil }

// localBackend reads a data folder while no server runs.
type localBackend struct {
	reader  *ledger.Reader
	lake    *lake.Lake
	reading *reading.Reading
	tenant  string
}

// openLocal opens the data folder for reading. The configuration of redaction
// says how values of persons are normalised before they are looked up.
func openLocal(g *globals, cfg *serverConfig, packs localPacks) (*localBackend, error) {
	engine, err := redact.New(cfg.Redact)
	if err != nil {
		return nil, err
	}
	spend, err := cfg.spending()
	if err != nil {
		return nil, err
	}
	reader, err := ledger.OpenReader(durable.OS{}, g.data)
	if err != nil {
		return nil, err
	}
	ring, err := ringFor(reader, g.keyDir())
	if err != nil {
		return nil, errors.Join(err, reader.Close())
	}
	l, err := lake.New(lake.Config{Dir: g.data, WorkerCommand: []string{sqlWorker}})
	if err != nil {
		return nil, errors.Join(err, reader.Close())
	}
	reader.Follow(l)
	return &localBackend{
		reader: reader, lake: l, tenant: g.tenantOrDefault(),
		reading: reading.New(reading.Config{
			Lake: l, Prover: reader, Pseudonyms: pseudonyms(reader, ring, engine), Prices: spend.prices, Budgets: spend.budgets,
			Packs: packs.on, Facts: packs.facts,
		}),
	}, nil
}

// ringFor opens the key folder; nil if there is none. Reading must not make one.
func ringFor(reader *ledger.Reader, dir string) (*keys.Ring, error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, nil
	}
	return keys.Open(durable.OS{}, dir, reader.Name())
}

// Close ends the reading.
func (b *localBackend) Close() error { return errors.Join(b.lake.Close(), b.reader.Close()) }

// Events returns a page of events.
func (b *localBackend) Events(ctx context.Context, q reading.Question) (*reading.Events, error) {
	return b.reading.Events(ctx, b.tenant, q)
}

// Complete says how a search that is being typed may go on.
func (b *localBackend) Complete(ctx context.Context, search string, cursor int) (*reading.Completion, error) {
	return b.reading.Complete(ctx, b.tenant, search, cursor)
}

// Trace returns the timelines that an id stands for.
func (b *localBackend) Trace(ctx context.Context, id string) ([]trace.Timeline, error) {
	return b.reading.Timelines(ctx, b.tenant, id)
}

// Export writes all that a question selects.
func (b *localBackend) Export(ctx context.Context, w io.Writer, q reading.Question, format reading.ExportFormat) (*reading.Manifest, error) {
	x, err := b.reading.Export(ctx, b.tenant, q, format)
	if err != nil {
		return nil, err
	}
	return x.Write(ctx, w, nil)
}

// Groups returns a page of groups.
func (b *localBackend) Groups(ctx context.Context, by string, q reading.Question) (*reading.Groups, error) {
	return b.reading.Groups(ctx, b.tenant, by, q)
}

// Diff compares two traces.
func (b *localBackend) Diff(ctx context.Context, left, right string) (*trace.Diff, error) {
	return b.reading.Diff(ctx, b.tenant, left, right)
}

// Replay returns decisions of a trace.
func (b *localBackend) Replay(ctx context.Context, id string, from, limit int) (*trace.Replay, error) {
	return b.reading.Replay(ctx, b.tenant, id, from, limit)
}

// Graph writes the graph of what an id stands for.
func (b *localBackend) Graph(ctx context.Context, w io.Writer, id string, g remote.Graph) error {
	graph, err := b.reading.Graph(ctx, b.tenant, id, g.Of)
	if err != nil {
		return err
	}
	switch g.Format {
	case formatDOT:
		return graph.WriteDOT(w)
	case formatMermaid:
		return graph.WriteMermaid(w)
	}
	return json.NewEncoder(w).Encode(graph)
}

// Report returns a report of a type.
func (b *localBackend) Report(ctx context.Context, name string, o reading.Order, format report.Format) ([]byte, string, error) {
	made, err := b.reading.Report(ctx, b.tenant, name, o)
	if err != nil {
		return nil, "", err
	}
	var out bytes.Buffer
	if format == report.Table {
		err = report.RenderTable(&out, made, o.Width)
	} else {
		err = report.Render(&out, made, format)
	}
	return out.Bytes(), report.Outcome(made), err
}

// CheckReport computes a report again.
func (b *localBackend) CheckReport(ctx context.Context, text []byte, format report.Format) ([]byte, bool, error) {
	made, err := b.reading.CheckReport(ctx, b.tenant, text)
	if err != nil {
		return nil, false, err
	}
	var out bytes.Buffer
	err = report.Render(&out, made, format)
	return out.Bytes(), made.Same, err
}

// SQL runs one SELECT.
func (b *localBackend) SQL(ctx context.Context, statement string) (*lake.Result, error) {
	return b.reading.SQL(ctx, b.tenant, statement)
}

// Prove returns the proof that an event is in the record.
func (b *localBackend) Prove(ctx context.Context, id string, disclose bool) ([]byte, string, error) {
	proved, vkey, err := b.reading.Prove(ctx, b.tenant, id, disclose)
	if err != nil {
		return nil, "", err
	}
	return proved.Format(), vkey, nil
}

// Logs lists the tenant's logs.
func (b *localBackend) Logs(context.Context) (string, []reading.Log, error) {
	return b.reader.Name(), b.reading.Logs(b.tenant), nil
}
