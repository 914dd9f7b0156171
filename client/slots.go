package client

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/hansardhq/hansard"
)

// A sink's spool is a slot of its folder: DIR/0, DIR/1, ... Each process that
// uses the folder takes the first slot that no other one has locked. The others
// that nobody has locked are what processes left behind that are gone: what waits
// there is sent too.
const maxSlots = 64

// errLocked says that another process has the slot.
var errLocked = errors.New("locked by another process")

// openSpool opens the route's spool below dir, and takes over what others left.
func (r *route) openSpool(dir string) error {
	var own *spool
	var left []*spool
	for i := range maxSlots {
		slot := filepath.Join(dir, strconv.Itoa(i))
		if _, err := os.Stat(slot); err != nil && own != nil {
			break // nobody has used it, nor those behind it
		}
		s, err := r.openSlot(slot)
		switch {
		case errors.Is(err, errLocked):
		case err != nil:
			err = fmt.Errorf("open the spool of %s: %w", r.sink.Name(), err)
			return errors.Join(err, closeSpools(append(left, own)))
		case own == nil:
			own = s
		case s.waiting().events > 0:
			left = append(left, s)
		default:
			if err := s.close(); err != nil {
				return errors.Join(err, closeSpools(append(left, own)))
			}
		}
	}
	if own == nil {
		err := hansard.Errorf(hansard.KindBusy, "%d processes use the spool %s", maxSlots, dir)
		return hansard.WithHint(err, "give some of them another SpoolDir")
	}
	r.spooled, r.store = true, own
	if len(left) > 0 {
		r.store = &chain{spool: own, left: left}
	}
	return nil
}

func closeSpools(list []*spool) error {
	var errs []error
	for _, s := range list {
		if s != nil {
			errs = append(errs, s.close())
		}
	}
	return errors.Join(errs...)
}

func (r *route) openSlot(dir string) (*spool, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	unlock, err := lockFile(filepath.Join(dir, "LOCK"))
	if err != nil {
		return nil, err
	}
	s, err := openSpool(dir, r.cfg.MaxSpool, &r.account, unlock)
	if err != nil {
		unlock()
		return nil, err
	}
	return s, nil
}

// chain is a spool behind what others left, which goes first.
type chain struct {
	*spool
	left []*spool
	from *spool // where the batch came from
}

func (c *chain) take(events, bytes int) []record {
	for len(c.left) > 0 {
		if batch := c.left[0].take(events, bytes); len(batch) > 0 {
			c.from = c.left[0]
			return batch
		}
		_ = c.left[0].close() // empty; what it cannot tidy up the next start does
		c.mu.Lock()
		c.left = c.left[1:]
		c.mu.Unlock()
	}
	c.from = c.spool
	return c.spool.take(events, bytes)
}

func (c *chain) ack() { c.from.ack() }

func (c *chain) waiting() backlog {
	b := c.spool.waiting()
	c.mu.Lock()
	left := c.left
	c.mu.Unlock()
	for _, s := range left {
		o := s.waiting()
		b.events += o.events
		b.ready += o.ready
		b.bytes += o.bytes
		if o.events > 0 {
			b.low = 0 // they go first, so nothing of ours is done
		}
	}
	return b
}

func (c *chain) close() error { return errors.Join(closeSpools(c.left), c.spool.close()) }
