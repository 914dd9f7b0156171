package client

import (
	"sync/atomic"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// pumpDelay is how long the pump lets events gather. It is also about how much a
// crash of the process costs when there is a spool.
const pumpDelay = 10 * time.Millisecond

// pumpRecords is how many events the pump gives the sinks at once.
const pumpRecords = 512

// pump takes events from the queue to the sinks' stores until the queue is
// closed and empty. It waits for no network.
func (c *Client) pump() {
	defer close(c.pumped)
	for {
		d := c.queue.drain()
		lost := losses{"queue_full": d.dropped, "too_large": swap(&c.tooLarge), "encoding_failed": swap(&c.unmade)}.trim()
		if d.streams.oldest() < 0 {
			c.give(nil, lost)
			c.pass(d.last)
			if d.closed {
				return
			}
			<-c.queue.wake
		} else {
			c.spread(&d.streams, lost)
			c.queue.release(&d)
			c.pass(d.last)
			if d.closed {
				continue
			}
		}
		c.rest()
	}
}

func swap(n *[tiers]atomic.Uint64) (out counts) {
	for i := range n {
		out[i] = n[i].Swap(0)
	}
	return out
}

// rest lets events gather, unless somebody is in a hurry.
func (c *Client) rest() {
	timer := time.NewTimer(pumpDelay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.queue.wake:
	}
}

// spread gives drained events to all sinks, in order.
func (c *Client) spread(s *streams, lost losses) {
	list := make([]record, 0, pumpRecords)
	var spoilt counts
	for rank := s.oldest(); rank >= 0; rank = s.oldest() {
		seq, data := s[rank].first()
		s[rank].drop() // the bytes stay as they are until the queue's release
		data, ok := c.redacted(data)
		if !ok {
			spoilt[rank]++
		} else if data != nil {
			list = append(list, record{seq, rank, data})
		}
		if len(list) == cap(list) {
			c.give(list, lost)
			list, lost = list[:0], nil
		}
	}
	c.give(list, lost)
	if spoilt.total() > 0 {
		c.give(nil, losses{"redaction_failed": spoilt})
	}
}

func (c *Client) give(list []record, lost losses) {
	for _, r := range c.routes {
		r.add(list, lost)
	}
}

// pass says that the sinks have all up to seq.
func (c *Client) pass(seq uint64) {
	c.mu.Lock()
	c.done = seq
	c.mu.Unlock()
	c.notify()
}

// redacted returns the event as the redaction hook leaves it, nil when the hook
// withholds it. ok is false when the hook failed: then the event must not leave.
func (c *Client) redacted(data []byte) (out []byte, ok bool) {
	if c.cfg.Redact == nil {
		return data, true
	}
	defer func() {
		if recover() != nil {
			out, ok = nil, false
		}
	}()
	e, err := Encoded{JSON: data}.Event()
	if err != nil {
		return nil, false
	}
	e.Labels, e.Dialect, e.TimeSource = nil, "", ""
	if !c.cfg.Redact(e) {
		c.withheld.Add(1)
		return nil, true
	}
	return encodeEvent(e)
}

// encodeEvent writes an event that the hook changed; ok is false when it is no
// valid one any more.
func encodeEvent(e *hansard.Event) (out []byte, ok bool) {
	out = dialect.AppendEvent(nil, e)
	if len(out) > maxEvent+maxEvent/100 || rawjson.Valid(out, maxDepth+3) != nil {
		return nil, false
	}
	return out, true
}
