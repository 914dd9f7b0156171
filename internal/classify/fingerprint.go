package classify

import (
	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// Fingerprinter computes the fingerprints of stored rows anew, as Fingerprint
// does of entries. It is for one goroutine at a time.
type Fingerprinter struct {
	key        []byte
	ours       []bool // columns that nobody submits, by ID from 1
	timeSource *part.Column
	w          *scratch
}

// NewFingerprinter returns a Fingerprinter with a tenant's fingerprint key.
func NewFingerprinter(enc *part.Encoder, key []byte) *Fingerprinter {
	f := &Fingerprinter{key: key, ours: make([]bool, len(enc.Columns())), timeSource: enc.Column("time_source"), w: new(scratch)}
	for _, name := range []string{"submitted_by", "tier", "salt", "content_digest", "content_size"} {
		f.ours[enc.Column(name).ID-1] = true
	}
	return f
}

// Row returns the fingerprint of a row of a row group, all of whose columns were
// loaded. Of an erased one it says nothing; see part.Group.Erased.
func (f *Fingerprinter) Row(g *part.Group, row int) [6]byte {
	timestamp := g.Place(row).Timestamp
	if g.Equal(f.timeSource, row, hansard.TimeOfReceipt) {
		timestamp = 0
	}
	f.w.body = g.AppendBody(f.w.body[:0], row, f.ours)
	return f.w.fingerprint(f.key, timestamp, f.w.body, part.Given{})
}
