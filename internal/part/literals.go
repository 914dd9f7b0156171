package part

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/klauspost/compress/huff0"
)

// Ids and other texts that are random in part have hardly a piece that recurs. To
// look for one is most of what zstd takes for them, and what it finds saves next to
// nothing over the Huffman code of their letters. A page of such a column is a zstd
// frame all the same, whose blocks are literals and no sequences (RFC 8878, 3.1.1).

// literals makes such frames.
type literals struct{ huff huff0.Scratch }

// maxBlock is the most that a block of zstd stands for.
const maxBlock = 128 << 10

// The types of a block of zstd.
const (
	blockRaw        = 0
	blockRun        = 1 // of one byte
	blockCompressed = 2
)

// appendFrame appends a frame that holds src.
func (l *literals) appendFrame(dst, src []byte) ([]byte, error) {
	const singleSegment, size4 = 1 << 5, 2 << 6
	dst = binary.LittleEndian.AppendUint32(dst, 0xfd2fb528)
	dst = append(dst, singleSegment|size4)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(src)))
	for {
		n := min(len(src), maxBlock)
		var err error
		if dst, err = l.appendBlock(dst, src[:n], n == len(src)); err != nil {
			return nil, err
		}
		if src = src[n:]; len(src) == 0 {
			return dst, nil
		}
	}
}

// appendBlock appends a block.
func (l *literals) appendBlock(dst, src []byte, last bool) ([]byte, error) {
	if len(src) < leastLiterals {
		return append(appendBlockHead(dst, blockRaw, len(src), last), src...), nil
	}
	l.huff.Reuse = huff0.ReusePolicyNone
	packed, _, err := huff0.Compress4X(src, &l.huff)
	switch {
	case errors.Is(err, huff0.ErrUseRLE):
		return append(appendBlockHead(dst, blockRun, len(src), last), src[0]), nil
	case errors.Is(err, huff0.ErrIncompressible), err == nil && len(packed)+sectionHeads >= len(src):
		return append(appendBlockHead(dst, blockRaw, len(src), last), src...), nil
	case err != nil:
		return nil, fmt.Errorf("huffman code: %w", err)
	}
	dst = appendBlockHead(dst, blockCompressed, len(packed)+sectionHeads, last)
	// Head of the literals: compressed, in four streams, sizes in 18 bits each.
	const compressed, streams4 = 2, 3 << 2
	head := compressed | streams4 | uint64(len(src))<<4 | uint64(len(packed))<<22
	dst = append(dst, byte(head), byte(head>>8), byte(head>>16), byte(head>>24), byte(head>>32))
	return append(append(dst, packed...), 0), nil // no sequences
}

const (
	// leastLiterals is from how many bytes on literals are worth a code.
	leastLiterals = 256
	// sectionHeads is what a block takes beside its coded literals: their head and
	// the number of sequences.
	sectionHeads = 5 + 1
)

func appendBlockHead(dst []byte, kind, size int, last bool) []byte {
	head := kind<<1 | size<<3
	if last {
		head |= 1
	}
	return append(dst, byte(head), byte(head>>8), byte(head>>16))
}
