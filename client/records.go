package client

import (
	"encoding/binary"

	"github.com/hansardhq/hansard"
)

// tiers is how many tiers events have; their rank is 0 to tiers-1.
const tiers = 4

// counts counts events by the rank of their tier.
type counts [tiers]uint64

func (c *counts) total() uint64 { return c[0] + c[1] + c[2] + c[3] }

func (c *counts) add(o counts) {
	for i := range c {
		c[i] += o[i]
	}
}

// byTier returns the counts that are not 0 by the names of the tiers.
func (c *counts) byTier() map[string]uint64 {
	m := map[string]uint64{}
	for rank, n := range c {
		if n > 0 {
			m[string(hansard.Tiers[rank])] = n
		}
	}
	return m
}

// record is an event that waits.
type record struct {
	seq  uint64 // the order in a store, from 1
	rank int    // of its tier
	data []byte // the event
}

// chunkSize is how much memory a stream takes at a time, in bytes.
const chunkSize = 32 << 10

// recordHeader is the length and the sequence number before each record.
const recordHeader = 12

// chunk is a piece of a stream: records one after the other.
type chunk struct {
	buf  []byte
	read int // offset of the first record that is still there
}

// stream is the records of one tier, oldest first.
type stream struct{ chunks []*chunk }

// push adds a record. spare gives a chunk to use again, or nil.
func (s *stream) push(seq uint64, data []byte, spare func() *chunk) {
	need := recordHeader + len(data)
	var last *chunk
	if n := len(s.chunks); n > 0 {
		last = s.chunks[n-1]
	}
	if last == nil || cap(last.buf)-len(last.buf) < need {
		last = newChunk(need, spare)
		s.chunks = append(s.chunks, last)
	}
	last.buf = binary.LittleEndian.AppendUint32(last.buf, uint32(len(data)))
	last.buf = binary.LittleEndian.AppendUint64(last.buf, seq)
	last.buf = append(last.buf, data...)
}

func newChunk(need int, spare func() *chunk) *chunk {
	if need <= chunkSize && spare != nil {
		if c := spare(); c != nil {
			return c
		}
	}
	return &chunk{buf: make([]byte, 0, max(chunkSize, need))}
}

func (s *stream) empty() bool { return len(s.chunks) == 0 }

// first returns the oldest record; the stream must have one.
func (s *stream) first() (seq uint64, data []byte) {
	c := s.chunks[0]
	b := c.buf[c.read:]
	n := binary.LittleEndian.Uint32(b)
	return binary.LittleEndian.Uint64(b[4:]), b[recordHeader : recordHeader+n : recordHeader+n]
}

// drop takes the oldest record away and returns its size, and its chunk if it was
// the chunk's last.
func (s *stream) drop() (size int, spent *chunk) {
	c := s.chunks[0]
	n := recordHeader + int(binary.LittleEndian.Uint32(c.buf[c.read:]))
	if c.read += n; c.read < len(c.buf) {
		return n, nil
	}
	s.chunks[0] = nil
	if s.chunks = s.chunks[1:]; len(s.chunks) == 0 {
		s.chunks = nil
	}
	return n, c
}

// streams holds records by tier and gives them in one order. When there is no
// room, those of the lowest tier can go first without a search.
type streams [tiers]stream

// oldest returns the rank whose first record is the oldest, -1 if there is none.
func (s *streams) oldest() int {
	rank, least := -1, uint64(0)
	for i := range s {
		if s[i].empty() {
			continue
		}
		if seq, _ := s[i].first(); rank < 0 || seq < least {
			rank, least = i, seq
		}
	}
	return rank
}

// lowest returns the lowest rank up to most that has a record, -1 if none has.
func (s *streams) lowest(most int) int {
	for i := range most + 1 {
		if !s[i].empty() {
			return i
		}
	}
	return -1
}
