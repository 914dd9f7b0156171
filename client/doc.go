// Package client is how an agent written in Go puts what it does on record: it
// never blocks the agent, never fails it, and says what it had to give up.
//
//	c, err := client.New(client.Config{Agent: "support"})
//	defer c.Close(ctx)
//	run := c.Invocation(ctx, "Refund order 7731")
//	defer run.Done(&err)
//	call := c.ToolCall(run.Context(), "get_order", map[string]any{"order_id": 7731})
//	order, err := getOrder(run.Context(), 7731)
//	call.End(order, err)
//
// # The way of an event
//
//	Agent.ToolCall ─> encoded ─> queue ─> redaction hook ─┬─> spool ─> sender ─> server
//	 your goroutine             memory                    ├─> memory ─> sender ─> file
//	                                                      └─> ...
//
// A helper encodes the event and copies it into a queue of bounded size; that is
// all that happens on the agent's goroutine. One goroutine takes it from there,
// runs the redaction hook, and gives it to each sink's store: the sink's spool on
// disk if Config.SpoolDir is set, else memory. One goroutine per sink sends
// batches in order, tries again with growing, jittered pauses while the sink is
// away, and frees the store when the sink has the events for good.
//
// # What is promised
//
// In order: the events of one goroutine, and so of one trace that follows one
// thread of work, arrive in the order in which they were logged.
//
// Once: the client gives each event its id (a UUIDv7) before the first try, so
// that the server recognises what it is sent again. A sink that does not know ids
// (a file, an OTLP collector) may get events twice after a lost answer or a crash.
//
// Bounded: memory holds Config.MaxMemory bytes, a spool Config.MaxSpool bytes.
// What goes first when there is no more room is the oldest event of the lowest
// tier: debug, then info, then compliance, then critical; a new event is given up
// before one of a higher tier. Every event given up is counted in Stats, and a
// lifecycle event "events_dropped" says so in the record itself.
//
// Crash: with a spool, what was logged more than a few hundredths of a second
// before a crash of the process is sent by the next start. A power cut may cost
// what the operating system had not written; it never damages what it had.
// Without a spool a crash costs what was not sent yet.
//
// # Several sinks
//
// Config.Sinks takes any number: NewServer, NewFile, NewWriter (for example of
// os.Stdout), NewOTLP, and types of the caller's own. Each has its own store,
// so that one that is away does not hold up the others.
package client
