package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"golang.org/x/mod/sumdb/note"
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
//	24  uint64  zero
//	32  body, signature (64 bytes), padding
//
// The seed makes a frame valid in its own place only: an old frame that a file
// still holds, or one copied elsewhere, is none. The signature is over the
// commit number and the body's SHA-256, so that entries that no checkpoint
// covers yet cannot be edited unseen either.
const (
	frameMagic  = 0x4d524648
	frameHeader = 32
	frameSig    = 64
	frameAlign  = 8
	maxBody     = 48 << 20
)

// section is what one commit adds to one log.
type section struct {
	log   hansard.LogID
	first uint64
	rows  []*hansard.Entry
	root  tlog.Hash // of the log after the commit
}

// frameSize returns the space that a frame with a body of n bytes takes.
func frameSize(n int) int64 {
	size := int64(frameHeader + n + frameSig)
	return (size + frameAlign - 1) / frameAlign * frameAlign
}

// appendBody appends the body of a frame.
func appendBody(dst []byte, enc *part.Encoder, sections []*section) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(sections)))
	var row []byte
	for _, s := range sections {
		dst = appendString(dst, s.log.Tenant)
		dst = appendString(dst, string(s.log.Tier))
		dst = binary.AppendUvarint(dst, s.first)
		dst = binary.AppendUvarint(dst, uint64(len(s.rows)))
		for _, e := range s.rows {
			row = enc.AppendRow(row[:0], e)
			dst = append(binary.AppendUvarint(dst, uint64(len(row))), row...)
		}
		dst = append(dst, s.root[:]...)
	}
	return dst
}

func appendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

var errBody = errors.New("journal: malformed commit")

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
			s.rows = append(s.rows, e)
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

// appendFrame appends the frame of a body for its place in the journal.
func appendFrame(dst []byte, seq uint64, offset int64, commit uint64, entries int, body, sig []byte) []byte {
	start := len(dst)
	dst = binary.LittleEndian.AppendUint32(dst, frameMagic)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(body)))
	dst = binary.LittleEndian.AppendUint64(dst, commit)
	dst = binary.LittleEndian.AppendUint32(dst, 0)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(entries))
	dst = binary.LittleEndian.AppendUint64(dst, 0)
	dst = append(append(dst, body...), sig...)
	binary.LittleEndian.PutUint32(dst[start+16:], frameCRC(seq, offset, dst[start:]))
	for int64(len(dst)-start) < frameSize(len(body)) {
		dst = append(dst, 0)
	}
	return dst
}

func frameCRC(seq uint64, offset int64, frame []byte) uint32 {
	var seed [16]byte
	binary.LittleEndian.PutUint64(seed[:], seq)
	binary.LittleEndian.PutUint64(seed[8:], uint64(offset))
	crc := crc32.Update(0, castagnoli, seed[:])
	crc = crc32.Update(crc, castagnoli, frame[:16])
	return crc32.Update(crc, castagnoli, frame[20:])
}

// frame is one commit as read from the journal.
type frame struct {
	commit  uint64
	entries uint32
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
		commit: binary.LittleEndian.Uint64(b[8:]), entries: binary.LittleEndian.Uint32(b[20:]),
		body: b[frameHeader : frameHeader+n], sig: b[frameHeader+n : end], size: frameSize(int(n)),
	}
	if frameCRC(seq, offset, b[:end]) != binary.LittleEndian.Uint32(b[16:]) {
		return frame{}, errFrame
	}
	for _, c := range b[end:f.size] {
		if c != 0 {
			return frame{}, errFrame
		}
	}
	return f, nil
}

// signedText is what the journal key signs for a commit.
func signedText(commit uint64, body []byte) []byte {
	sum := sha256.Sum256(body)
	dst := append([]byte("hansard journal commit\n"), make([]byte, 8)...)
	binary.LittleEndian.PutUint64(dst[len(dst)-8:], commit)
	return append(dst, sum[:]...)
}

// signFrame returns the journal key's signature of a commit.
func signFrame(s note.Signer, commit uint64, body []byte) ([]byte, error) {
	sig, err := s.Sign(signedText(commit, body))
	if err != nil {
		return nil, fmt.Errorf("sign commit: %w", err)
	}
	if len(sig) != frameSig {
		return nil, fmt.Errorf("sign commit: signature of %d bytes", len(sig))
	}
	return sig, nil
}
