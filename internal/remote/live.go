package remote

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"strconv"
	"time"

	"github.com/hansardhq/hansard"
)

// Feed says what to follow.
type Feed struct {
	Search string
	// After is the position after which to begin; absent: with what is
	// committed from now on.
	After hansard.Opt[uint64]
	// Each is called with every entry, in the order of positions, each once.
	// An error of it ends the following.
	Each func(*hansard.Entry) error
	// Lost is told why a connection was lost, before the wait for the next
	// attempt; may be nil.
	Lost func(err error, wait time.Duration)
}

// Silence is how long a live feed may be silent before its connection counts as
// lost. A server sends heartbeats more often.
const Silence = 90 * time.Second

// The wait before a new attempt doubles from the first to the last.
const (
	firstWait = 250 * time.Millisecond
	lastWait  = 15 * time.Second
)

// Follow calls f.Each for each entry that matches until ctx ends. When the
// connection is lost it tries again, and goes on after the last entry it had. It
// gives up on a refusal (a search that is wrong, a caller who may not) and on an
// entry that it cannot read: the next attempt would meet it again.
func (c *Client) Follow(ctx context.Context, f Feed) error {
	wait := firstWait
	for {
		got, err := c.live(ctx, &f)
		switch kind := hansard.KindOf(err); {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errEach):
			return errors.Unwrap(err)
		case kind == hansard.KindInvalid, kind == hansard.KindDenied, kind == hansard.KindNotFound, kind == hansard.KindTooLarge:
			return err
		}
		if got {
			wait = firstWait
		}
		if f.Lost != nil {
			f.Lost(err, wait)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
		wait = min(2*wait, lastWait)
	}
}

// errEach marks an error over one entry, which ends the following.
var errEach = errors.New("an entry could not be handed over")

type eachError struct{ err error }

func (e eachError) Error() string        { return e.err.Error() }
func (e eachError) Unwrap() error        { return e.err }
func (e eachError) Is(target error) bool { return target == errEach }

// live follows over one connection. got says that something came over it.
func (c *Client) live(ctx context.Context, f *Feed) (got bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	k := get("/v1/live", values("q", f.Search))
	k.headers = map[string]string{"Accept": "text/event-stream", "Cache-Control": "no-cache"}
	if f.After.Set {
		k.headers["Last-Event-ID"] = strconv.FormatUint(f.After.V, 10)
	}
	resp, err := c.do(ctx, k)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		b, err := c.read(ctx, resp)
		if err != nil {
			return false, err
		}
		return false, problem(resp, b)
	}
	if media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); media != "text/event-stream" {
		err := hansard.Errorf(hansard.KindInvalid, "%s has no live feed", c.base)
		return false, hansard.WithHint(err, "is it a Hansard server? --server URL names another one")
	}
	silent := time.AfterFunc(Silence, cancel)
	defer silent.Stop()
	s := NewStream(resp.Body)
	s.beat = func() { silent.Reset(Silence) }
	return c.messages(s, f)
}

// messages hands the messages of a stream over until it ends.
func (c *Client) messages(s *Stream, f *Feed) (got bool, err error) {
	for {
		m, err := s.Next()
		if errors.Is(err, io.EOF) {
			return got, hansard.Errorf(hansard.KindBusy, "the server ended the live feed")
		}
		if hansard.KindOf(err) == hansard.KindTooLarge {
			return got, err
		}
		if err != nil {
			return got, hansard.Errorf(hansard.KindBusy, "the live feed broke: %w", err)
		}
		got = true
		if m.Event == "connected" && !f.After.Set {
			// Where the record was when the feed began: what is lost before
			// the first event is asked for from there.
			if last, err := strconv.ParseUint(m.ID, 10, 64); err == nil {
				f.After = hansard.Some(last)
			}
		}
		if m.Event != "event" {
			continue
		}
		var e hansard.Entry
		if err := json.Unmarshal(m.Data, &e); err != nil {
			return got, eachError{hansard.Errorf(hansard.KindInternal, "an entry of the live feed cannot be read: %w", err)}
		}
		if f.After.Set && e.Position <= f.After.V {
			continue // sent again after a reconnection
		}
		if err := f.Each(&e); err != nil {
			return got, eachError{err}
		}
		f.After = hansard.Some(e.Position)
	}
}
