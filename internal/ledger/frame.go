package ledger

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// A frame is one commit in the journal: a header, the body, the journal key's
// signature, and zeros up to a multiple of 8 bytes.
//
//	 0  uint32  magic "HFRM"
//	 4  uint32  length of the body
//	 8  uint64  commit number: one more than that of the frame before
//	16  uint32  CRC-32C, seeded with the file's sequence number and the frame's
//	            offset, of the header without this field, the body and the signature
//	20  uint32  number of entries
//	24  uint64  what the signature is over: 1, or 0 in frames of former versions
//	32  body, signature (64 bytes), padding
//
// The seed makes a frame valid in its own place only: an old frame that a file
// still holds, or one copied elsewhere, is none. The signature is over the
// commit number and what the body holds, so that entries that no checkpoint covers
// yet cannot be edited unseen either: with 1 over a SHA-256 of the sections with
// their leaf hashes in place of the rows, which say all that those do (checkRow) and
// are computed anyway; with 0 over that of the body.
const (
	frameMagic  = 0x4d524648
	frameHeader = 32
	frameSig    = 64
	frameAlign  = 8
	maxBody     = 48 << 20

	signedBody   = 0
	signedLeaves = 1
)

// section is what one commit adds to one log, as it is read back.
type section struct {
	log    hansard.LogID
	first  uint64
	rows   []*hansard.Entry
	raw    [][]byte    // the same, as rows; they alias the journal's bytes
	leaves []tlog.Hash // their leaf hashes; nil with a signature over the body
	root   tlog.Hash   // of the log after the commit
}

// row returns the i-th entry as a row of its own memory.
func (s *section) row(i int, leaf hansard.Hash) part.Row {
	return part.Row{Log: s.log, Place: part.PlaceOf(s.rows[i]), LeafHash: leaf, Bytes: bytes.Clone(s.raw[i])}
}

// frameSize returns the space that a frame with a body of n bytes takes.
func frameSize(n int) int64 {
	size := int64(frameHeader + n + frameSig)
	return (size + frameAlign - 1) / frameAlign * frameAlign
}

// commitFrame is a commit that is about to be written.
type commitFrame struct {
	logs    []*stagedLog
	entries int
	size    int // of the body
}

// newCommitFrame makes a commit of what is staged. A row lies in the block of memory
// that records were written to as they came, and keeps that: for the log with most of the
// bytes. The rows of the others are copied, for a log with few entries seals late, and
// would keep all blocks until then.
func newCommitFrame(logs []*stagedLog) *commitFrame {
	f := &commitFrame{logs: logs, size: varintLen(uint64(len(logs)))}
	most := 0
	for _, s := range logs {
		s.root = s.tree.root()
		f.entries += len(s.items)
		f.size += len(s.head()) + s.bytes + len(s.root)
		most = max(most, s.bytes)
	}
	for _, s := range logs {
		if s.bytes < most {
			s.copyRows()
		}
	}
	return f
}

// head returns what stands in front of the rows of the log.
func (s *stagedLog) head() []byte {
	return appendSectionHead(nil, s.log.id, s.first, len(s.items))
}

// appendBody appends the body of the frame.
func (f *commitFrame) appendBody(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(f.logs)))
	for _, s := range f.logs {
		dst = append(dst, s.head()...)
		for _, it := range s.items {
			dst = append(binary.AppendUvarint(dst, uint64(len(it.Bytes))), it.Bytes...)
		}
		dst = append(dst, s.root[:]...)
	}
	return dst
}

// framedSize returns the space that a row of n bytes takes in a body.
func framedSize(n int) int { return varintLen(uint64(n)) + n }

// varintLen returns how many bytes a number takes as uvarint.
func varintLen(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }

// copyRows gives the rows of a log memory of their own.
func (s *stagedLog) copyRows() {
	size := 0
	for _, it := range s.items {
		size += len(it.Bytes)
	}
	own := make([]byte, 0, size)
	for _, it := range s.items {
		from := len(own)
		own = append(own, it.Bytes...)
		it.Bytes = own[from:len(own):len(own)]
	}
}

func appendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

var errBody = errors.New("journal: malformed commit")

// appendSectionHead appends what stands in front of a section's rows.
func appendSectionHead(dst []byte, log hansard.LogID, first uint64, entries int) []byte {
	dst = appendString(dst, log.Tenant)
	dst = appendString(dst, string(log.Tier))
	dst = binary.AppendUvarint(dst, first)
	return binary.AppendUvarint(dst, uint64(entries))
}

// parseBody reads the body of a frame. Leaf hashes are not set.
func parseBody(enc *part.Encoder, b []byte) ([]*section, error) {
	r := &bodyReader{b: b}
	n := r.uvarint()
	var sections []*section
	for range n {
		s := &section{}
		s.log.Tenant, s.log.Tier = string(r.bytes()), hansard.Tier(r.bytes())
		s.first = r.uvarint()
		count := r.uvarint()
		if r.bad || !TenantPattern.MatchString(s.log.Tenant) || !s.log.Tier.Valid() || count > uint64(len(r.b)) {
			return nil, errBody
		}
		for i := range count {
			row := r.bytes()
			if r.bad {
				return nil, errBody
			}
			e, err := enc.ParseRow(row)
			if err != nil {
				return nil, fmt.Errorf("%w: %s entry %d: %w", errBody, s.log, s.first+i, err)
			}
			if e.Index != s.first+i {
				return nil, fmt.Errorf("%w: %s entry %d calls itself %d", errBody, s.log, s.first+i, e.Index)
			}
			e.Log = s.log
			s.rows, s.raw = append(s.rows, e), append(s.raw, row)
		}
		if len(r.b) < tlog.HashSize {
			return nil, errBody
		}
		s.root, r.b = tlog.Hash(r.b[:tlog.HashSize]), r.b[tlog.HashSize:]
		sections = append(sections, s)
	}
	if r.bad || len(r.b) != 0 {
		return nil, errBody
	}
	return sections, nil
}

type bodyReader struct {
	b   []byte
	bad bool
}

func (r *bodyReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *bodyReader) bytes() []byte {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return nil
	}
	s := r.b[:n]
	r.b = r.b[n:]
	return s
}

// appendFrame appends a frame for its place in the journal.
func appendFrame(dst []byte, seq uint64, offset int64, f frame) []byte {
	start := len(dst)
	dst = append(dst, make([]byte, frameHeader)...)
	return closeFrame(append(dst, f.body...), start, seq, offset, f)
}

// closeFrame makes a frame of what stands at the end of b, from start on: room
// for the header, and the body of f.
func closeFrame(b []byte, start int, seq uint64, offset int64, f frame) []byte {
	head, size := b[start:], len(b)-start-frameHeader
	binary.LittleEndian.PutUint32(head, frameMagic)
	binary.LittleEndian.PutUint32(head[4:], uint32(size))
	binary.LittleEndian.PutUint64(head[8:], f.commit)
	binary.LittleEndian.PutUint32(head[20:], f.entries)
	binary.LittleEndian.PutUint64(head[24:], f.signed)
	b = append(b, f.sig...)
	binary.LittleEndian.PutUint32(b[start+16:], frameCRC(seq, offset, b[start:]))
	for int64(len(b)-start) < frameSize(size) {
		b = append(b, 0)
	}
	return b
}

func frameCRC(seq uint64, offset int64, frame []byte) uint32 {
	var seed [16]byte
	binary.LittleEndian.PutUint64(seed[:], seq)
	binary.LittleEndian.PutUint64(seed[8:], uint64(offset))
	crc := crc32.Update(0, castagnoli, seed[:])
	crc = crc32.Update(crc, castagnoli, frame[:16])
	return crc32.Update(crc, castagnoli, frame[20:])
}

// frame is one commit in the journal.
type frame struct {
	commit  uint64
	entries uint32
	signed  uint64 // signedLeaves or signedBody
	body    []byte
	sig     []byte
	size    int64 // with header, signature and padding
}

var errFrame = errors.New("journal: no valid commit here")

// parseFrame reads the frame at the start of b, which lies at offset of the
// journal file seq.
func parseFrame(b []byte, seq uint64, offset int64) (frame, error) {
	if len(b) < frameHeader || binary.LittleEndian.Uint32(b) != frameMagic {
		return frame{}, errFrame
	}
	n := binary.LittleEndian.Uint32(b[4:])
	if n > maxBody || frameSize(int(n)) > int64(len(b)) {
		return frame{}, errFrame
	}
	end := frameHeader + int(n) + frameSig
	f := frame{
		commit: binary.LittleEndian.Uint64(b[8:]), entries: binary.LittleEndian.Uint32(b[20:]), signed: binary.LittleEndian.Uint64(b[24:]),
		body: b[frameHeader : frameHeader+n], sig: b[frameHeader+n : end], size: frameSize(int(n)),
	}
	if frameCRC(seq, offset, b[:end]) != binary.LittleEndian.Uint32(b[16:]) {
		return frame{}, errFrame
	}
	if f.signed > signedLeaves || !blank(b[end:f.size]) {
		return frame{}, errFrame
	}
	return f, nil
}
