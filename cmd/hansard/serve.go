package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/access"
	"github.com/hansardhq/hansard/internal/api"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/part"
)

// defaultListen is where the API is served, and defaultData where the record
// is kept.
const (
	defaultListen = "127.0.0.1:7575"
	defaultData   = "./hansard-data"
)

// serveFlags are the flags of serve.
type serveFlags struct {
	listen, config, tokenFile, tlsCert, tlsKey string
	name, addressFile, logLevel, logFormat     string
	allowedHosts                               []string
	otlpGRPC, otlpHTTP                         string
	insecureHTTP, publicLog, demo              bool
	demoSeed                                   uint64
	demoSpeed                                  float64
	cpuProfile                                 string
}

func newServe(p *program) *cobra.Command {
	f := &serveFlags{}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the server: take events in, keep them, answer questions",
		Long: `Serve runs the server on a data folder, which is made if it is new. Keys are
kept beside it (DATA.keys): keep a copy of them, apart from copies of the data.

On this machine's own addresses no token is needed, and serve says so. On any
other it wants a token file and TLS (or --insecure-http). SIGINT and SIGTERM
stop it gracefully: what was taken is sealed first.`,
		Example: `  hansard serve
  hansard serve --data /var/lib/hansard --token-file tokens.yaml
  hansard serve --listen 0.0.0.0:7575 --token-file tokens.yaml --tls-cert c.pem --tls-key k.pem`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.serve(cmd.Context(), f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.listen, "listen", "", "address of the API and the logs (default "+defaultListen+", or HANSARD_LISTEN)")
	flags.StringVar(&f.config, "config", "", "configuration file (YAML; or HANSARD_CONFIG)")
	flags.StringVar(&f.tokenFile, "token-file", "", "file that lists who may do what; hansard token new makes entries")
	flags.StringVar(&f.tlsCert, "tls-cert", "", "certificate file (PEM)")
	flags.StringVar(&f.tlsKey, "tls-key", "", "key file of the certificate (PEM)")
	flags.StringVar(&f.name, "name", "", "name of a new data folder's server, in every log's origin (default hansard- and 8 hex digits)")
	flags.StringVar(&f.otlpGRPC, "otlp-grpc", "", "address for OTLP over gRPC, or off (default "+defaultOTLPGRPC+")")
	flags.StringVar(&f.otlpHTTP, "otlp-http", "", "address for OTLP over HTTP beside the API's, or off (default "+defaultOTLPHTTP+")")
	flags.StringVar(&f.addressFile, "address-file", "", "write the address that is listened on to this file")
	flags.StringVar(&f.logLevel, "log-level", "info", "debug, info, warn or error")
	flags.StringVar(&f.logFormat, "log-format", "text", "text or json")
	flags.StringSliceVar(&f.allowedHosts, "allowed-host", nil, "further host name under which browsers may reach the server")
	flags.BoolVar(&f.insecureHTTP, "insecure-http", false, "listen beyond this machine without TLS")
	flags.BoolVar(&f.publicLog, "public-log", false, "serve /log/ (envelopes and hashes, no content) without a token")
	flags.StringVar(&f.cpuProfile, "cpuprofile", "", "write a profile of the processor time to this file at the end")
	_ = flags.MarkHidden("cpuprofile") // for bench and for those who work on the server
	flags.BoolVar(&f.demo, "demo", false, "play an example company of agents: a week of its past, then its life")
	flags.Uint64Var(&f.demoSeed, "demo-seed", 1, "which example company")
	flags.Float64Var(&f.demoSpeed, "demo-speed", 12, "how many times as often as in the week before its runs begin: 1 to 3600, 0 for the past only")
	return cmd
}

// serve runs the server until the context ends.
//
//	listener ─> access (host, origin, token) ─> api ─┬─> intake ─> ledger ─> lake, hub
//	                                                 └─> reading <──────────────┘
//	merger: lake.Candidates ─> ledger.Merge
func (p *program) serve(ctx context.Context, f *serveFlags) (err error) {
	endProfile, err := profileCPU(f.cpuProfile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, endProfile()) }()
	if err := checkDemo(f); err != nil {
		return err
	}
	cfg, err := p.serverConfig(f)
	if err != nil {
		return err
	}
	logger, err := p.logger(f)
	if err != nil {
		return err
	}
	guard, notice, err := accessConfig(cfg, f)
	if err != nil {
		return err
	}
	sc := cfg.storeConfig()
	if sc.Spending, err = cfg.spending(); err != nil {
		return err
	}
	sc.Ledger.Dir, sc.Ledger.KeyDir, sc.Ledger.Name, sc.Logger = p.global.data, p.global.keyDir(), f.name, logger
	if cfg.MemoryLimit > 0 && p.env["GOMEMLIMIT"] == "" {
		debug.SetMemoryLimit(cfg.MemoryLimit)
	}
	if err := checkFileLimit(); err != nil {
		return err
	}
	listener, err := listen(cfg)
	if err != nil {
		return err
	}
	st, err := openStore(sc)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	guard.Listen = listener.Addr().String()
	if cfg.Listen = guard.Listen; notice != "" {
		notice, _ = access.CheckListen(cfg.Listen, guard.Tokens != nil, cfg.TLSCert != "", f.insecureHTTP) // with the port that it got
	}
	server, err := api.New(api.Config{
		Version: versionText(), Intake: st.intake, Reading: st.reading, Ledger: st.ledger, Lake: st.lake, Hub: st.hub,
		Access: guard, PublicLog: cfg.PublicLog, MaxBody: cfg.Limits.Body, OTLP: cfg.otlpLimits(), Logger: logger, Readers: st.readers,
		Keeper: st.keeper, Settings: p.settings(cfg, f, st, sc), Detected: st.detected.Next,
	})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	if notice != "" {
		p.say("notice: %s", notice)
	}
	ports, err := p.openOTLP(cfg, f, guard.Tokens != nil)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	if err := p.announce(f, cfg, listener); err != nil {
		return errors.Join(err, listener.Close(), ports.close())
	}
	return p.serveUntil(ctx, st, server, listener, ports, cfg, f, logger)
}

// serveUntil serves until the context ends, then lets requests finish.
func (p *program) serveUntil(ctx context.Context, st *store, server *api.Server, listener net.Listener, ports *otlpPorts, cfg *serverConfig, f *serveFlags, logger *slog.Logger) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	group, ctx := errgroup.WithContext(ctx)
	if err := ports.serve(ctx, group, server, cfg, logger); err != nil {
		return errors.Join(err, listener.Close(), ports.close())
	}
	group.Go(func() error {
		defer stop()
		return serveHTTP(ctx, newHTTPServer(server.Handler(), logger), listener, cfg)
	})
	group.Go(func() error {
		<-ctx.Done()
		server.Stop()
		return nil
	})
	group.Go(func() error { mergeParts(ctx, st, logger); return nil })
	group.Go(func() error { saveSums(ctx, st); return nil })
	group.Go(func() error { giveMemoryBack(ctx); return nil })
	if p.env["GOGC"] == "" {
		group.Go(func() error { boundGarbage(ctx); return nil })
	}
	group.Go(func() error { st.keeper.Serve(ctx); return nil })
	group.Go(func() error { detections(ctx, st, logger); return nil })
	if f.demo {
		group.Go(func() error { return p.playDemo(ctx, st, f, listener.Addr().String()) })
	}
	return group.Wait()
}

// minFiles is how many files a server must be able to have open: parts, the
// journal, connections, and what its query engine needs, which ends the process
// when it cannot have it.
const minFiles = 256

// checkFileLimit refuses to start under a limit of open files that is too low.
func checkFileLimit() error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || limit.Cur >= minFiles {
		return nil // a limit that nobody can tell is taken to be high
	}
	err := fmt.Errorf("the limit of open files is %d; a server needs %d", limit.Cur, minFiles)
	return hansard.WithHint(err, "raise it (ulimit -n, or LimitNOFILE of its unit); a few thousand are usual")
}

func newHTTPServer(h http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12},
	}
}

// serveHTTP serves until the context ends, then lets requests finish.
func serveHTTP(ctx context.Context, hs *http.Server, listener net.Listener, cfg *serverConfig) error {
	served := make(chan error, 1)
	go func() { served <- listenAndServe(hs, listener, cfg) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	if err := hs.Shutdown(drain); err != nil {
		return hs.Close()
	}
	return nil
}

// listen opens the address, after what TLS needs was found to be there: a server
// that cannot serve must not make a data folder.
func listen(cfg *serverConfig) (net.Listener, error) {
	if cfg.TLSCert != "" {
		if _, err := tls.LoadX509KeyPair(cfg.TLSCert, cfg.TLSKey); err != nil {
			err := hansard.Errorf(hansard.KindInvalid, "the certificate and its key: %w", err)
			return nil, hansard.WithHint(err, "--tls-cert and --tls-key are PEM files that belong together")
		}
	}
	listener, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		err = hansard.WithHint(fmt.Errorf("listen: %w", err), "another server may be running; choose another address with --listen")
	}
	return listener, err
}

func listenAndServe(hs *http.Server, listener net.Listener, cfg *serverConfig) error {
	if cfg.TLSCert != "" {
		return hs.ServeTLS(listener, cfg.TLSCert, cfg.TLSKey)
	}
	return hs.Serve(listener)
}

// mergeEvery is how often the parts of a day are looked at.
const mergeEvery = time.Minute

// mergeParts merges small parts and joins large ones until the context ends, and makes
// up for what was left out under load when no events have come for a while.
func mergeParts(ctx context.Context, st *store, logger *slog.Logger) {
	events := &quiet{}
	events.look(st.ledger.Logs())
	every(ctx, mergeEvery, func(now time.Time) {
		idle := events.look(st.ledger.Logs())
		for _, c := range st.lake.Candidates(now, idle) {
			if err := merge(st.ledger, c); err != nil {
				logger.Error("merging parts failed; they stay as they are", "log", c.Log.String(), "error", err)
			}
		}
		if idle {
			indexTexts(ctx, st, logger)
		}
	})
}

// every calls f now and then, with the time, until the context ends.
func every(ctx context.Context, interval time.Duration, f func(now time.Time)) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			f(now)
		}
	}
}

// merge makes one part of several.
func merge(l *ledger.Ledger, c lake.Candidate) error {
	names := make([]part.Name, len(c.Parts))
	for i, p := range c.Parts {
		names[i] = p.Name
	}
	if c.Join {
		return l.Join(c.Log, names)
	}
	return l.Merge(c.Log, names)
}

// quiet knows whether events come.
type quiet struct{ events uint64 }

// look reports whether no events have come since the last look. What the server
// says for itself, in the meta log, is no load.
func (q *quiet) look(logs []ledger.Info) bool {
	before := q.events
	q.events = 0
	for _, l := range logs {
		if l.Log.Tier != hansard.TierMeta {
			q.events += l.Size
		}
	}
	return q.events == before
}

// indexTexts makes up for what was left out under load.
func indexTexts(ctx context.Context, st *store, logger *slog.Logger) {
	for ctx.Err() == nil {
		more, err := st.ledger.AddTexts()
		if err != nil {
			logger.Error("indexing a part failed; searches of it are slower", "error", err)
		}
		if !more {
			return
		}
	}
}

// serverConfig puts the configuration file, the environment and the flags
// together: the later wins.
func (p *program) serverConfig(f *serveFlags) (*serverConfig, error) {
	first := func(values ...string) string {
		for _, v := range values {
			if v != "" {
				return v
			}
		}
		return ""
	}
	cfg, err := readConfig(first(f.config, p.env["HANSARD_CONFIG"]))
	if err != nil {
		return nil, err
	}
	p.global.data = first(p.global.data, p.env["HANSARD_DATA"], defaultData)
	cfg.Listen = first(f.listen, p.env["HANSARD_LISTEN"], cfg.Listen, defaultListen)
	cfg.TokenFile = first(f.tokenFile, cfg.TokenFile)
	cfg.TLSCert, cfg.TLSKey = first(f.tlsCert, cfg.TLSCert), first(f.tlsKey, cfg.TLSKey)
	cfg.AllowedHosts = append(cfg.AllowedHosts, f.allowedHosts...)
	cfg.PublicLog = cfg.PublicLog || f.publicLog
	cfg.OTLP.GRPC, cfg.OTLP.HTTP = first(f.otlpGRPC, cfg.OTLP.GRPC), first(f.otlpHTTP, cfg.OTLP.HTTP)
	if (cfg.TLSCert == "") != (cfg.TLSKey == "") {
		return nil, hansard.Errorf(hansard.KindInvalid, "--tls-cert and --tls-key go together")
	}
	return cfg, nil
}

// accessConfig says who may reach the server, and refuses what is not safe.
func accessConfig(cfg *serverConfig, f *serveFlags) (access.Config, string, error) {
	out := access.Config{GuardConfig: access.GuardConfig{Listen: cfg.Listen, AllowedHosts: cfg.AllowedHosts}}
	if cfg.TokenFile != "" {
		tokens, err := access.ReadTokens(cfg.TokenFile)
		if err != nil {
			return out, "", err
		}
		out.Tokens = tokens
	}
	notice, err := access.CheckListen(cfg.Listen, out.Tokens != nil, cfg.TLSCert != "", f.insecureHTTP)
	return out, notice, err
}

// logger returns the server's own log, on stderr. It never holds content.
func (p *program) logger(f *serveFlags) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.logLevel)); err != nil {
		return nil, hansard.Errorf(hansard.KindInvalid, "--log-level %q: want debug, info, warn or error", f.logLevel)
	}
	opt := &slog.HandlerOptions{Level: level}
	switch f.logFormat {
	case "text":
		return slog.New(slog.NewTextHandler(p.stderr, opt)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(p.stderr, opt)), nil
	}
	return nil, hansard.Errorf(hansard.KindInvalid, "--log-format %q: want text or json", f.logFormat)
}

// announce says where the server is.
func (p *program) announce(f *serveFlags, cfg *serverConfig, listener net.Listener) error {
	scheme := "http"
	if cfg.TLSCert != "" {
		scheme = "https"
	}
	p.say("hansard %s: serving %s on %s://%s", versionText(), p.global.data, scheme, listener.Addr())
	if f.addressFile == "" {
		return nil
	}
	// Written under another name first, so that whoever waits for the file
	// finds it whole.
	tmp := f.addressFile + ".tmp"
	if err := os.WriteFile(tmp, []byte(listener.Addr().String()+"\n"), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, f.addressFile)
}
