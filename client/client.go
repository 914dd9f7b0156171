package client

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hansardhq/hansard"
)

// Client logs events and takes them to its sinks. It is safe for concurrent use.
// It has the methods of an Agent, for the agent that Config names.
type Client struct {
	*agent   // its methods are the client's
	cfg      Config
	queue    *queue
	routes   []*route
	encoders sync.Pool // of *encoder
	shapes   shapes
	traceOf  func(context.Context) (traceID, spanID string)

	unqueued atomic.Uint64 // events that were not given to the queue, or too late
	late     atomic.Uint64
	withheld atomic.Uint64

	tooLarge [tiers]atomic.Uint64 // since the pump looked
	unmade   [tiers]atomic.Uint64

	stop    context.CancelFunc
	pumped  chan struct{}  // closed when the pump has ended
	senders sync.WaitGroup //
	closing atomic.Bool
	closed  chan struct{} // closed when Close is done
	result  error         // of Close

	mu    sync.Mutex // guards all below
	moved chan struct{}
	done  uint64 // the pump has given the sinks all up to this sequence number
}

// agent lets Client embed Agent and have a method of that name too.
type agent = Agent

// New makes a client and starts its goroutines; it does not connect. Errors say
// what is wrong with the Config, or with the spool's folder. With an error the
// client is inert, not nil: an agent that goes on without a record needs no second code path.
func New(cfg Config) (*Client, error) {
	c := &Client{cfg: cfg.withDefaults(), moved: make(chan struct{}), pumped: make(chan struct{}), closed: make(chan struct{})}
	c.encoders.New = func() any { return &encoder{shapes: &c.shapes} }
	c.traceOf = cfg.TraceFromContext
	c.queue = newQueue(c.cfg.MaxMemory / 2)
	root := (&Agent{client: c}).With(cfg.Fields...).With(AgentName(c.cfg.Agent))
	if err := c.openRoutes(root); err != nil {
		for _, r := range c.routes {
			err = errors.Join(err, r.store.close())
		}
		close(c.pumped)
		close(c.closed)
		return &Client{closed: c.closed}, err
	}
	c.agent = root
	ctx, stop := context.WithCancel(context.Background())
	c.stop = stop
	go c.pump()
	for _, r := range c.routes {
		c.senders.Go(func() { r.run(ctx) })
	}
	return c, nil
}

// openRoutes makes a route for each sink.
func (c *Client) openRoutes(root *Agent) error {
	sinks := c.cfg.Sinks
	if len(sinks) == 0 {
		s, err := NewServer(ServerConfig{URL: c.cfg.Server, Token: c.cfg.Token, Tenant: c.cfg.Tenant})
		if err != nil {
			return err
		}
		sinks = []Sink{s}
	}
	names := map[string]bool{}
	for _, s := range sinks {
		if err := validName(s.Name()); err != nil {
			return err
		}
		if names[s.Name()] {
			return hansard.Errorf(hansard.KindInvalid, "two sinks have the name %q", s.Name())
		}
		names[s.Name()] = true
		r := &route{sink: s, cfg: &c.cfg, agent: root, wake: make(chan struct{}, 1), notify: c.notify}
		if c.cfg.SpoolDir == "" {
			r.store = newMemory(c.cfg.MaxMemory / 2 / len(sinks))
		} else if err := r.openSpool(filepath.Join(c.cfg.SpoolDir, s.Name())); err != nil {
			return err
		}
		c.routes = append(c.routes, r)
	}
	return nil
}

// log encodes an event and puts it into the queue. It is all that the agent's
// goroutine does.
func (c *Client) log(d *draft, own, given []Field) { c.write(d, own, given, logged{}) }

// write is log for an event that may have the attributes of a log record.
func (c *Client) write(d *draft, own, given []Field, l logged) {
	defer func() {
		if recover() != nil {
			c.unqueued.Add(1)
			c.unmade[hansard.TierOf(d.typ, false, false).Rank()].Add(1)
			c.queue.poke()
		}
	}()
	e := c.encoders.Get().(*encoder)
	e.encode(d, own, given, l, contentLimit)
	if len(e.buf) > maxEvent {
		e.encode(d, own, given, l, contentLimit2)
	}
	rank := e.tier(d.typ).Rank()
	switch {
	case len(e.buf) > maxEvent:
		c.unqueued.Add(1)
		c.tooLarge[rank].Add(1)
		c.queue.poke()
	case !c.queue.push(rank, e.buf):
		c.unqueued.Add(1)
		c.late.Add(1)
	}
	c.keep(e)
}

// keep keeps an encoder for the next event.
func (c *Client) keep(e *encoder) {
	if cap(e.buf)+cap(e.attrs) <= keptMemory {
		c.encoders.Put(e)
	}
}

// foreignTrace asks for the trace of another tracing library.
func (c *Client) foreignTrace(ctx context.Context) (trace, span string) {
	defer func() {
		if recover() != nil {
			trace, span = "", ""
		}
	}()
	return c.traceOf(ctx)
}

// notify wakes those who wait for something to move.
func (c *Client) notify() {
	c.mu.Lock()
	close(c.moved)
	c.moved = make(chan struct{})
	c.mu.Unlock()
}

// await waits until ready reports true.
func (c *Client) await(ctx context.Context, ready func() bool) error {
	for {
		c.mu.Lock()
		moved := c.moved
		c.mu.Unlock()
		if ready() {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-moved:
		}
	}
}

// ErrClosed says that the client is closed.
var ErrClosed = errors.New("the client is closed")

// Flush waits until every sink has what was logged before, for good. The error
// says how much waits when ctx ends.
func (c *Client) Flush(ctx context.Context) error {
	if c == nil || c.agent == nil || c.closing.Load() {
		return ErrClosed
	}
	target, _ := c.queue.state()
	for _, r := range c.routes {
		r.flushing.Add(1)
		defer r.flushing.Add(-1)
	}
	c.queue.poke()
	err := c.await(ctx, func() bool { return c.given() >= target })
	for _, r := range c.routes {
		mark := r.store.waiting().next - 1
		r.poke()
		if err == nil {
			err = c.await(ctx, func() bool { return r.idle(mark) })
		}
	}
	if err != nil {
		return fmt.Errorf("flush: %s: %w", c.left(), err)
	}
	return nil
}

func (c *Client) given() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.done
}

// left says what waits.
func (c *Client) left() string {
	s := ""
	for _, r := range c.routes {
		if b := r.store.waiting(); b.events > 0 {
			s += fmt.Sprintf("%d events wait for %s; ", b.events, r.sink.Name())
		}
	}
	if s == "" {
		return "events wait in the queue"
	}
	return s[:len(s)-2]
}

// closeTimeout is how long Close waits when its context has no deadline.
const closeTimeout = 5 * time.Second

// Close sends what waits, until ctx ends or, if it has no deadline, for 5 s, and
// frees the client. What a sink that is away has in its spool stays there for the
// next start, and is no error; events that are lost are one. What is logged later
// is counted in Stats.LateCalls. A second Close waits for the first.
func (c *Client) Close(ctx context.Context) error {
	if c == nil || c.agent == nil {
		return nil
	}
	if c.closing.Swap(true) {
		<-c.closed
		return c.result
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, closeTimeout)
		defer cancel()
	}
	c.queue.close()
	wait(ctx, c.pumped)
	for _, r := range c.routes {
		r.closing.Store(true)
		r.poke()
	}
	sent := make(chan struct{})
	go func() { c.senders.Wait(); close(sent) }()
	wait(ctx, sent)
	c.stop()
	<-sent
	<-c.pumped // a redaction hook may take longer than ctx
	c.result = c.closeRoutes()
	c.notify()
	close(c.closed)
	return c.result
}

// wait waits for ch or the end of ctx.
func wait(ctx context.Context, ch <-chan struct{}) {
	select {
	case <-ch:
	case <-ctx.Done():
	}
}

func (c *Client) closeRoutes() error {
	var errs []error
	for _, r := range c.routes {
		b := r.store.waiting()
		if err := r.store.close(); err != nil {
			errs = append(errs, fmt.Errorf("close the spool of %s: %w", r.sink.Name(), err))
		}
		if b.events > 0 && !r.spooled {
			errs = append(errs, fmt.Errorf("close: %d events did not reach %s and are lost", b.events, r.sink.Name()))
			r.account.lose(losses{"closed": r.store.(*memory).lost()})
		}
		if err := r.sink.Close(); err != nil {
			errs = append(errs, fmt.Errorf("close %s: %w", r.sink.Name(), err))
		}
	}
	return errors.Join(errs...)
}

// Stats returns the client's figures.
func (c *Client) Stats() Stats {
	if c == nil || c.agent == nil {
		return Stats{}
	}
	queued, used := c.queue.state()
	s := Stats{Logged: queued + c.unqueued.Load(), QueueBytes: used, LateCalls: c.late.Load(), Withheld: c.withheld.Load()}
	for _, r := range c.routes {
		s.Sinks = append(s.Sinks, r.snapshot())
	}
	return s
}
