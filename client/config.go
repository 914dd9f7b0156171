package client

import (
	"context"
	"log/slog"
	"time"

	"github.com/hansardhq/hansard"
)

// DefaultServer is where a server listens when nobody says otherwise.
const DefaultServer = "http://127.0.0.1:7575"

// Config says who logs, where to, and how much may wait. The zero Config logs to
// a server on this machine.
type Config struct {
	// Agent is the name of the agent that the client's own methods log for;
	// Client.Agent makes others. Default: "agent".
	Agent string
	// Fields go with every event, for example Service("shop"),
	// Environment("prod"), AgentVersion("1.4.2").
	Fields []Field

	// Server is the base URL of a Hansard server; default DefaultServer.
	// Token and Tenant are those of ServerConfig. All three are ignored where
	// Sinks is set.
	Server, Token, Tenant string
	// Sinks are where events go; default: the server.
	Sinks []Sink

	// SpoolDir is a folder where events wait, each sink in a folder of its own
	// below; it is made when missing. Several processes may share it. Empty:
	// events wait in memory.
	SpoolDir string
	// MaxSpool bounds what one sink's spool takes on disk, in bytes; default
	// 256 MiB, at least 1 MiB.
	MaxSpool int64
	// MaxMemory bounds the memory of events that wait, in bytes; default 32 MiB,
	// at least 256 KiB. Half of it is the queue between the agent and the
	// pump, half is for the sinks that have no spool, in equal shares. What is
	// on its way to a sink comes on top: two batches of 1 MiB for each.
	MaxMemory int

	// BatchEvents is how many events are sent at once; default 1000.
	BatchEvents int
	// BatchDelay is how long an event waits for others to be sent with;
	// default 200 ms.
	BatchDelay time.Duration
	// MaxBackoff bounds the pause between two tries; default 30 s.
	MaxBackoff time.Duration

	// Redact, if set, sees every event before anything leaves the process, be
	// it for a spool, a file or a network. It may change the event, and
	// returns false to withhold it. It is called on a goroutine of the
	// client's, one event at a time. When it panics, the event is given up
	// rather than sent as it is.
	Redact func(*hansard.Event) bool
	// OnReject, if set, is told of every event that a sink refused for good. It
	// is called on a goroutine of the client's and must not wait for it.
	OnReject func(Rejection)
	// Logger is told when a sink goes away or comes back, and when events had
	// to be given up; nil: nobody is told. It must not be one that logs to
	// this client.
	Logger *slog.Logger
	// TraceFromContext, if set, finds the trace of another tracing library in a
	// context that has none of ours: trace id (32 hexadecimal digits) and span
	// id (16), or "".
	TraceFromContext func(context.Context) (traceID, spanID string)
}

// Defaults and least values of Config.
const (
	defaultMaxSpool  = 256 << 20
	leastMaxSpool    = 1 << 20
	defaultMaxMemory = 32 << 20
	leastMaxMemory   = 256 << 10
)

// withDefaults returns c with its gaps filled.
func (c Config) withDefaults() Config {
	set := func(v *int, least, def int) {
		if *v <= 0 {
			*v = def
		}
		*v = max(*v, least)
	}
	set(&c.MaxMemory, leastMaxMemory, defaultMaxMemory)
	set(&c.BatchEvents, 1, 1000)
	if c.MaxSpool <= 0 {
		c.MaxSpool = defaultMaxSpool
	}
	c.MaxSpool = max(c.MaxSpool, leastMaxSpool)
	if c.BatchDelay <= 0 {
		c.BatchDelay = 200 * time.Millisecond
	}
	if c.MaxBackoff <= 0 {
		c.MaxBackoff = longestPause
	}
	if c.Agent == "" {
		c.Agent = "agent"
	}
	return c
}

// log tells the logger, if there is one.
func (c *Config) log(level slog.Level, msg string, args ...any) {
	if c.Logger != nil {
		c.Logger.Log(context.Background(), level, msg, args...)
	}
}
