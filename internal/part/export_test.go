package part

import (
	"io"

	"github.com/hansardhq/hansard"
)

// NewLookup opens a part that r holds, for look-ups.
func (enc *Encoder) NewLookup(r io.ReaderAt, size int64, log hansard.LogID) (*Lookup, error) {
	return enc.newLookup(r, size, log)
}

// AppendLiterals returns a function that appends a zstd frame of literals.
func AppendLiterals() func(dst, src []byte) ([]byte, error) { return new(literals).appendFrame }

// LeastLiterals and MaxBlock are sizes at which frames of literals change.
const (
	LeastLiterals = leastLiterals
	MaxBlock      = maxBlock
)

// AppendInt appends a number in decimal digits.
func AppendInt(dst []byte, v int64) []byte { return appendInt(dst, v) }
