package client

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/hansardhq/hansard"
)

// spool is a store on disk: a folder with segments of each tier, a file with the
// place up to which they were sent, and a lock.
//
// Every record is written before it is sent, so that a crash of the agent costs
// only what the pump had not yet. Segments are only appended to and removed
// whole: nothing that a crash can leave behind is more than a torn last record,
// which its CRC shows. The file of the place is replaced by a rename; one that is
// old sends some events again, which the server recognises.
type spool struct {
	dir     string
	max     int64
	segment int64 // size at which a segment is full
	account *account
	unlock  func()

	mu      sync.Mutex // guards all below
	ranks   [tiers]tape
	seq     uint64
	number  uint64 // of the last segment
	used    int64
	batch   []record
	dirty   bool // the place moved since it was saved
	saved   time.Time
	told    []lossReport
	closing string // the segment that an eviction is about to remove
}

// tape is the segments of one tier, oldest first, and the place in them.
type tape struct {
	segs []*segment
	at   int     // the segment that is read
	text []byte  // what was read of it, from start on
	pos  int     // in text: the next record
	from int64   // where text begins in the segment
	next *record // the record at pos, if it was looked at
	size int     // its size with what is skipped before it
}

// openSpool opens a spool in an existing folder that is locked.
func openSpool(dir string, limit int64, a *account, unlock func()) (*spool, error) {
	s := &spool{dir: dir, max: limit, segment: min(max(limit/64, 64<<10), 1<<20), account: a, unlock: unlock}
	state, err := readPlace(dir)
	if err != nil {
		return nil, err
	}
	if state.Evicting != "" {
		// The crash came after the account of the loss and before the removal.
		if err := os.Remove(filepath.Join(dir, filepath.Base(state.Evicting))); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	if err := s.load(state); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range state.Losses {
		a.older = append(a.older, &state.Losses[i])
	}
	return s, nil
}

// load finds the segments.
func (s *spool) load(state place) error {
	files, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	var lost counts
	for _, f := range files {
		rank, number, ok := parseSegmentName(f.Name())
		if !ok {
			continue
		}
		s.number = max(s.number, number)
		seg := &segment{rank: rank, number: number, path: filepath.Join(s.dir, f.Name())}
		cursor := state.Cursors[string(hansard.Tiers[rank])]
		if number < cursor.Segment { // sent; the crash came before its removal
			if err := os.Remove(seg.path); err != nil {
				return err
			}
			continue
		}
		if number == cursor.Segment {
			seg.offset = cursor.Offset
		}
		info, err := f.Info()
		if err != nil {
			return err
		}
		seg.size = info.Size()
		last, damaged, err := seg.scan()
		if err != nil {
			return err
		}
		lost[rank] += uint64(damaged)
		s.seq = max(s.seq, last)
		s.used += seg.size
		s.ranks[rank].segs = append(s.ranks[rank].segs, seg)
	}
	for i := range s.ranks {
		slices.SortFunc(s.ranks[i].segs, func(a, b *segment) int { return int(int64(a.number - b.number)) })
	}
	s.account.lose(losses{"spool_damaged": lost})
	return nil
}

func (s *spool) add(list []record) losses {
	s.mu.Lock()
	defer s.mu.Unlock()
	var full, failed counts
	var pending [tiers][]byte
	var n [tiers]int
	flush := func(rank int) {
		if n[rank] > 0 && s.write(rank, pending[rank], n[rank]) != nil {
			failed[rank] += uint64(n[rank])
		}
		pending[rank], n[rank] = pending[rank][:0], 0
	}
	ahead := int64(0) // bytes that are pending
	for i := range list {
		r := &list[i]
		need := int64(spoolHeader + len(r.data))
		if s.used+ahead+need+segmentHeader > s.max {
			for rank := range pending {
				flush(rank)
			}
			ahead = 0
		}
		if !s.room(r.rank, need) {
			full[r.rank]++
			continue
		}
		s.seq++
		pending[r.rank] = appendSpooled(pending[r.rank], s.seq, r.data)
		n[r.rank]++
		if ahead += need; int64(len(pending[r.rank])) >= s.segment/2 {
			ahead -= int64(len(pending[r.rank]))
			flush(r.rank)
		}
	}
	for rank := range pending {
		flush(rank)
	}
	return losses{"spool_full": full, "spool_error": failed}.trim()
}

// room makes room for need bytes of a rank, and reports whether there is any.
func (s *spool) room(rank int, need int64) bool {
	for s.used+need+segmentHeader > s.max {
		if !s.evict(rank) {
			return false
		}
	}
	return true
}

// evict removes the oldest segment of the lowest tier, up to most, that is not on
// its way to the sink, and reports whether there was one.
func (s *spool) evict(most int) bool {
	for rank := range most + 1 {
		t := &s.ranks[rank]
		i := 0
		for i < len(t.segs) && (i < t.at || i == t.at && t.segs[i].taken > t.segs[i].acked) {
			i++ // partly on its way
		}
		if i == len(t.segs) {
			continue
		}
		seg := t.segs[i]
		var lost counts
		lost[rank] = uint64(seg.n - seg.taken)
		s.account.lose(losses{"spool_full": lost})
		// A crash before the save: the segment is there and nothing is
		// counted. After it: the next start removes the segment.
		s.closing, s.told = filepath.Base(seg.path), s.account.snapshot()
		_ = s.save() // an account that is not on disk is still in memory
		_ = seg.remove()
		s.closing = ""
		s.used -= seg.size
		t.segs = slices.Delete(t.segs, i, i+1)
		if i == t.at {
			t.reset()
		}
		return true
	}
	return false
}

// reset forgets what was read of the segment at the place.
func (t *tape) reset() {
	t.text, t.pos, t.from, t.next, t.size = nil, 0, 0, nil, 0
	if t.at < len(t.segs) {
		t.from = t.segs[t.at].offset
	}
}

// write appends records to the last segment of a rank, or to a new one.
func (s *spool) write(rank int, b []byte, n int) error {
	t := &s.ranks[rank]
	var seg *segment
	if k := len(t.segs); k > 0 && t.segs[k-1].writable && t.segs[k-1].size < s.segment {
		seg = t.segs[k-1]
	} else {
		var err error
		if seg, err = createSegment(s.dir, rank, s.number+1); err != nil {
			return err
		}
		seg.writable = true
		s.number++
		s.used += seg.size
		t.segs = append(t.segs, seg)
		if t.at == len(t.segs)-1 {
			t.reset()
		}
	}
	before := seg.size
	err := seg.write(b, n)
	s.used += seg.size - before
	return err
}

// peek returns the next record of a tape, nil if there is none.
func (t *tape) peek() *record {
	for t.next == nil && t.at < len(t.segs) {
		seg := t.segs[t.at]
		if t.text == nil {
			t.from = max(seg.offset, segmentHeader)
		}
		if end := t.from + int64(len(t.text)); end < seg.size && t.pos == len(t.text) {
			text, err := seg.read(t.text, end)
			if err != nil && len(text) == len(t.text) {
				return nil // the disk may be well again later
			}
			t.text = text
		}
		if t.pos < len(t.text) {
			seq, data, size, _, ok := nextSpooled(t.text[t.pos:])
			if ok {
				t.next, t.size = &record{seq, seg.rank, data}, size
				return t.next
			}
			t.pos += size // no good record up to the end; the scan counted it
			continue
		}
		if t.at == len(t.segs)-1 {
			return nil
		}
		t.at++
		t.reset()
	}
	return t.next
}

func (s *spool) take(events, bytes int) []record {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.batch = nil
	for size := 0; len(s.batch) < events; {
		rank := -1
		for i := range s.ranks {
			if r := s.ranks[i].peek(); r != nil && (rank < 0 || r.seq < s.ranks[rank].next.seq) {
				rank = i
			}
		}
		if rank < 0 {
			break
		}
		t := &s.ranks[rank]
		if size += len(t.next.data); size > bytes && len(s.batch) > 0 {
			break
		}
		s.batch = append(s.batch, *t.next)
		t.segs[t.at].taken++
		t.pos += t.size
		t.next = nil
	}
	return s.batch
}

// ack removes the segments that were sent whole, and moves the place.
func (s *spool) ack() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.batch, s.dirty = nil, true
	removed := false
	for i := range s.ranks {
		t := &s.ranks[i]
		for t.at > 0 {
			s.used -= t.segs[0].size
			_ = t.segs[0].remove() // what stays is below the place, and goes at the next start
			t.segs = slices.Delete(t.segs, 0, 1)
			t.at--
			removed = true
		}
		if len(t.segs) > 0 && t.text != nil {
			seg := t.segs[0]
			seg.acked, seg.offset = seg.taken, t.from+int64(t.pos)
			if seg.offset == seg.size && seg.size >= s.segment {
				s.used -= seg.size
				_ = seg.remove()
				t.segs, removed = slices.Delete(t.segs, 0, 1), true
				t.reset()
			}
		}
	}
	if removed || time.Since(s.saved) > time.Second {
		_ = s.save() // an older place sends again what the server knows
	}
}

func (s *spool) waiting() backlog {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := backlog{next: s.seq + 1, low: s.seq + 1}
	for i := range s.ranks {
		for _, seg := range s.ranks[i].segs {
			b.events += seg.n - seg.acked
			b.ready += seg.n - seg.taken
		}
		if r := s.ranks[i].peek(); r != nil {
			b.low = min(b.low, r.seq)
		}
	}
	if len(s.batch) > 0 {
		b.low = min(b.low, s.batch[0].seq)
	}
	if b.events > 0 {
		b.bytes = s.used
	}
	return b
}

func (s *spool) keep(list []lossReport) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = list
	_ = s.save() // the account is still in memory
}

// close saves the place and lets others use the folder. A spool with nothing in
// it leaves no segments.
func (s *spool) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for i := range s.ranks {
		for _, seg := range s.ranks[i].segs {
			if seg.acked == seg.n {
				errs = append(errs, seg.remove())
			} else if seg.file != nil {
				if seg.writable {
					errs = append(errs, seg.file.Sync())
				}
				errs = append(errs, seg.file.Close())
			}
		}
	}
	errs = append(errs, s.save())
	s.unlock()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close the spool %s: %w", s.dir, err)
	}
	return nil
}
