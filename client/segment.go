package client

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"

	"github.com/hansardhq/hansard"
)

// A segment is a file of a spool: the records of one tier, oldest first.
//
//	header   "HSPL" | version 1 | rank of the tier | 0 0 | number, uint64
//	record   marker, uint32 | length, uint32 | CRC-32C, uint32 | sequence number, uint64 | event
//	record   ...
//
// Integers are little-endian. The CRC is over the sequence number and the event.
// The marker lets a reader find the next good record after a damaged one.
const (
	segmentMagic   = "HSPL"
	segmentVersion = 1
	segmentHeader  = 16
	spoolHeader    = 20
	spoolMarker    = 0x9d5ac317
)

type segment struct {
	rank     int
	number   uint64
	path     string
	size     int64    // bytes that are written
	n        int      // good records from where reading began
	taken    int      // of them, those that take returned
	acked    int      // of them, those that are safe elsewhere
	writable bool     // made by this process
	offset   int64    // where the first record that is not acked begins
	file     *os.File // nil: not open
}

func segmentName(rank int, number uint64) string {
	return fmt.Sprintf("%s-%016x.seg", hansard.Tiers[rank], number)
}

// parseSegmentName is the inverse of segmentName.
func parseSegmentName(name string) (rank int, number uint64, ok bool) {
	base, isSegment := strings.CutSuffix(name, ".seg")
	tier, hex, _ := strings.Cut(base, "-")
	rank = hansard.Tier(tier).Rank()
	if _, err := fmt.Sscanf(hex, "%016x", &number); err != nil {
		return 0, 0, false
	}
	return rank, number, isSegment && rank >= 0 && name == segmentName(rank, number)
}

// createSegment makes an empty segment. A crash here leaves a file without
// records, or with half a header, which a reader takes for an empty one.
func createSegment(dir string, rank int, number uint64) (*segment, error) {
	s := &segment{rank: rank, number: number, path: filepath.Join(dir, segmentName(rank, number)), size: segmentHeader, offset: segmentHeader}
	f, err := os.OpenFile(s.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	s.file = f
	head := append([]byte(segmentMagic), segmentVersion, byte(rank), 0, 0)
	head = binary.LittleEndian.AppendUint64(head, number)
	if _, err := f.Write(head); err != nil {
		f.Close()
		os.Remove(s.path)
		return nil, err
	}
	return s, nil
}

// write appends records that are encoded. After an error the segment is as it
// was, so that a later record does not follow half of one.
func (s *segment) write(b []byte, n int) error {
	if _, err := s.file.WriteAt(b, s.size); err != nil {
		_ = s.file.Truncate(s.size) // what is behind size is overwritten or skipped anyway
		return err
	}
	s.size += int64(len(b))
	s.n += n
	return nil
}

// remove deletes the file.
func (s *segment) remove() error {
	if s.file != nil {
		s.file.Close()
		s.file = nil
	}
	return os.Remove(s.path)
}

// read appends the bytes from an offset to the end of what is written.
func (s *segment) read(dst []byte, from int64) ([]byte, error) {
	if s.file == nil {
		f, err := os.Open(s.path)
		if err != nil {
			return dst, err
		}
		s.file = f
	}
	start := len(dst)
	dst = append(dst, make([]byte, s.size-from)...)
	n, err := s.file.ReadAt(dst[start:], from)
	if start+n == len(dst) {
		return dst, nil
	}
	return dst[:start+n], err
}

// appendSpooled appends a record in the form of a segment.
func appendSpooled(dst []byte, seq uint64, data []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, spoolMarker)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(data)))
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	dst = binary.LittleEndian.AppendUint64(dst, seq)
	dst = append(dst, data...)
	binary.LittleEndian.PutUint32(dst[at:], crc32.Checksum(dst[at+4:], castagnoli()))
	return dst
}

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) } // made once, by the library

// nextSpooled returns the first good record in b and how many bytes it and what
// had to be skipped before it take; damaged says that something was skipped that
// is no record. ok is false when there is no good record in b.
func nextSpooled(b []byte) (seq uint64, data []byte, size int, damaged, ok bool) {
	marker := binary.LittleEndian.AppendUint32(nil, spoolMarker)
	for at := 0; ; at++ {
		i := bytes.Index(b[at:], marker)
		if i < 0 {
			return 0, nil, len(b), len(b) > 0, false
		}
		at += i
		r := b[at:]
		if len(r) < spoolHeader {
			return 0, nil, len(b), true, false
		}
		n := int64(binary.LittleEndian.Uint32(r[4:]))
		if n <= int64(len(r)-spoolHeader) {
			end := spoolHeader + int(n)
			if crc32.Checksum(r[12:end], castagnoli()) == binary.LittleEndian.Uint32(r[8:]) {
				return binary.LittleEndian.Uint64(r[12:]), r[spoolHeader:end:end], at + end, at > 0, true
			}
		}
	}
}

// scan counts the good records behind an offset, and the damaged places among
// them. last is the highest sequence number.
func (s *segment) scan() (last uint64, damaged int, err error) {
	b, err := s.read(nil, 0)
	if err != nil {
		return 0, 0, err
	}
	if len(b) < segmentHeader { // a crash when it was made
		s.size, s.offset = int64(len(b)), int64(len(b))
		return 0, 0, nil
	}
	if string(b[:4]) != segmentMagic || b[4] != segmentVersion {
		return 0, 0, fmt.Errorf("%s is no spool segment of version %d", s.path, segmentVersion)
	}
	s.offset = min(max(s.offset, segmentHeader), s.size)
	b = b[min(int64(len(b)), s.offset):]
	for len(b) > 0 {
		seq, _, size, bad, ok := nextSpooled(b)
		if bad {
			damaged++
		}
		if ok {
			s.n++
			last = max(last, seq)
		}
		b = b[size:]
	}
	return last, damaged, nil
}
