package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/classify"
	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/otlp"
	"github.com/hansardhq/hansard/internal/policy"
	"github.com/hansardhq/hansard/internal/price"
	"github.com/hansardhq/hansard/internal/redact"
	"github.com/hansardhq/hansard/internal/report"
	"github.com/hansardhq/hansard/internal/retention"
)

// serverConfig is the configuration file of serve. Every key is a field here;
// an unknown key is refused. Flags win over it.
type serverConfig struct {
	// Listen is the address of the API, "host:port".
	Listen string `yaml:"listen"`
	// TokenFile, TLSCert and TLSKey are paths, as the flags of these names.
	TokenFile string `yaml:"token_file"`
	TLSCert   string `yaml:"tls_cert"`
	TLSKey    string `yaml:"tls_key"`
	// AllowedHosts are further names under which browsers may reach the server.
	AllowedHosts []string `yaml:"allowed_hosts"`
	// PublicLog serves the logs' checkpoints and tiles without a token.
	PublicLog bool `yaml:"public_log"`

	// Limits of what a request may hold.
	Limits struct {
		Body   int64 `yaml:"body_bytes"`  // a request's body, decompressed; default 4 GiB
		Event  int   `yaml:"event_bytes"` // one event; default 1 MiB
		Depth  int   `yaml:"depth"`       // nesting of an event; default 64
		Fields int   `yaml:"fields"`      // members of an event; default 1024
	} `yaml:"limits"`

	// OTLP says where OpenTelemetry is received beside the API's address, and
	// what it may cost.
	OTLP struct {
		GRPC          string `yaml:"grpc"`            // address, or off; default 127.0.0.1:4317
		HTTP          string `yaml:"http"`            // address, or off; default 127.0.0.1:4318
		BodyBytes     int64  `yaml:"body_bytes"`      // a request over HTTP, decompressed; default 64 MiB
		MessageBytes  int    `yaml:"message_bytes"`   // a request over gRPC, decompressed; default 16 MiB
		InFlightBytes int64  `yaml:"in_flight_bytes"` // requests that are worked on at a time; default 256 MiB
		RecordBytes   int    `yaml:"record_bytes"`    // one span or log record; default 8 MiB
		Attributes    int    `yaml:"attributes"`      // of one span or log record; default 4096
	} `yaml:"otlp"`

	// Ledger says how much may wait, and for how long.
	Ledger struct {
		JournalBytes    int64         `yaml:"journal_bytes"`    // of one file; default 16 MiB
		SealRows        int           `yaml:"seal_rows"`        // default 32,768
		ReadBackAll     bool          `yaml:"read_back_all"`    // every part, under load too; default no
		SealAfter       time.Duration `yaml:"seal_after"`       // default 60s
		CheckpointEvery time.Duration `yaml:"checkpoint_every"` // default 1s
		PendingBytes    int64         `yaml:"pending_bytes"`    // waiting to be committed; default 64 MiB
		UnsealedBytes   int64         `yaml:"unsealed_bytes"`   // waiting to be sealed; default 128 MiB
		DedupWindow     time.Duration `yaml:"dedup_window"`     // default 720h
	} `yaml:"ledger"`

	// QueryMemory is how many bytes queries may use; default 256 MiB.
	QueryMemory int64 `yaml:"query_memory"`

	// MemoryLimit is what the Go part of the server tries to stay below, in
	// bytes; default 1 GiB, 0: no limit. GOMEMLIMIT wins over it.
	MemoryLimit int64 `yaml:"memory_limit"`

	Retention retention.Config `yaml:"retention"`

	// Packs are the compliance packs that are switched on; default: base.
	Packs []policy.Choice `yaml:"packs"`

	// Prices is a file of what models cost, which extends and overrides the
	// table that comes with the program; docs/COST.md.
	Prices string `yaml:"prices"`
	// Budgets bound what agents may use; reports say how far they were used.
	Budgets []report.Budget `yaml:"budgets"`

	Redact   redact.Config   `yaml:"redact"`
	Classify classify.Config `yaml:"classify"`
}

// readConfig reads a configuration file. No path: the defaults.
func readConfig(path string) (*serverConfig, error) {
	cfg := &serverConfig{MemoryLimit: 1 << 30}
	if path == "" {
		return cfg, nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, hansard.Errorf(hansard.KindInvalid, "read the configuration: %w", err)
	}
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(cfg); err != nil && !errors.Is(err, io.EOF) {
		err := hansard.Errorf(hansard.KindInvalid, "configuration %s: %w", path, err)
		return nil, hansard.WithHint(err, "the keys are those of serverConfig in cmd/hansard/config.go; docs/CONFIGURATION.md lists them")
	}
	return cfg, nil
}

// spending is what reports on cost need of the configuration.
type spending struct {
	prices  *price.Table
	budgets []report.Budget
}

// maxPrices bounds a file of prices, in bytes.
const maxPrices = 1_000_000

// spending reads the table of prices and checks the budgets.
func (c *serverConfig) spending() (s spending, err error) {
	if s.prices, err = price.Default(); err != nil {
		return s, err
	}
	if c.Prices != "" {
		text, err := durable.ReadFile(durable.OS{}, c.Prices, maxPrices)
		if err != nil {
			return s, hansard.Errorf(hansard.KindInvalid, "read the prices that the configuration names: %w", err)
		}
		own, err := price.Parse(c.Prices, text)
		if err != nil {
			return s, err
		}
		if s.prices, err = s.prices.With(own); err != nil {
			return s, err
		}
	}
	s.budgets = c.Budgets
	return s, report.CheckBudgets(c.Budgets)
}

// otlpLimits returns what OpenTelemetry may cost.
func (c *serverConfig) otlpLimits() otlp.Config {
	return otlp.Config{
		MaxBody: c.OTLP.BodyBytes, MaxMessage: c.OTLP.MessageBytes, MaxInFlight: c.OTLP.InFlightBytes,
		Limits: otlp.Limits{Record: c.OTLP.RecordBytes, Attributes: c.OTLP.Attributes},
	}
}

// storeConfig returns how the store is opened.
func (c *serverConfig) storeConfig() storeConfig {
	s := storeConfig{
		Retention: c.Retention, Redact: c.Redact, Classify: c.Classify, QueryMemory: c.QueryMemory, Packs: c.Packs,
		Limits: dialect.Limits{MaxBytes: c.Limits.Event, MaxDepth: c.Limits.Depth, MaxFields: c.Limits.Fields},
	}
	s.Ledger.JournalSize = c.Ledger.JournalBytes
	s.Ledger.SealRows = c.Ledger.SealRows
	s.Ledger.ReadBackAll = c.Ledger.ReadBackAll
	s.Ledger.SealAfter = c.Ledger.SealAfter
	s.Ledger.CheckpointEvery = c.Ledger.CheckpointEvery
	s.Ledger.MaxPending = c.Ledger.PendingBytes
	s.Ledger.MaxUnsealed = c.Ledger.UnsealedBytes
	s.Ledger.DedupWindow = c.Ledger.DedupWindow
	return s
}
