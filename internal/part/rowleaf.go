package part

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// RowLeaves renders the Merkle leaves of rows, one after the other: the same bytes as
// AppendLeaf gives for their entries. It is for one goroutine at a time.
type RowLeaves struct {
	enc      *Encoder
	fields   Fields // of the last row; of others too, where that has no value
	leaf     []byte
	received int64  // a time of receipt, which all rows of a commit have in common,
	text     []byte // and how it is written
}

// NewRowLeaves returns a RowLeaves.
func (enc *Encoder) NewRowLeaves() *RowLeaves {
	return &RowLeaves{enc: enc, text: AppendTime(nil, 0)}
}

// Hash returns the leaf hash of a row.
func (l *RowLeaves) Hash(p Place, body []byte) (hansard.Hash, error) {
	var err error
	l.leaf, err = l.Append(append(l.leaf[:0], 0), p, body) // RFC 6962, 2.1: a zero in front
	return sha256.Sum256(l.leaf), err
}

// Append appends the leaf of a row.
func (l *RowLeaves) Append(dst []byte, p Place, body []byte) ([]byte, error) {
	f := &l.fields
	f.at[idDigest], f.at[idContentSize] = Span{}, Span{} // asked for whether they are in the leaf or not
	if err := l.enc.fields(f, body); err != nil {
		return dst, err
	}
	if p.ReceivedAt != l.received {
		l.received, l.text = p.ReceivedAt, AppendTime(l.text[:0], p.ReceivedAt)
	}
	return l.append(dst, p, body), nil
}

// append makes room for a whole leaf at once and writes into it: a member is a few
// stores, and to look for room at each would cost as much again.
func (l *RowLeaves) append(dst []byte, p Place, body []byte) []byte {
	f := &l.fields
	start, room := len(dst), l.enc.leafRoom+len(body)
	dst = slices.Grow(dst, room)
	for word, set := range f.withCommitment(l.enc, body) {
		for ; set != 0; set &= set - 1 {
			k := &l.enc.leaf[word*64+bits.TrailingZeros64(set)]
			n, value := len(dst), body[f.at[k.id].From:f.at[k.id].To]
			*(*[maxLeafKey]byte)(dst[n : n+maxLeafKey]) = k.key // and what follows it writes over the rest
			dst = dst[:n+k.len]
			if k.kind != String {
				dst = l.appendValue(dst, k, p, body)
			} else if n := rawjson.CopyPlain(dst[len(dst):cap(dst)], value); n > 0 {
				dst = dst[:len(dst)+n]
				continue
			} else {
				dst = rawjson.AppendQuote(dst, value)
			}
			dst = slices.Grow(dst, room) // a list, or what was escaped, may have taken more
		}
	}
	dst[start] = '{' // the first key brought a comma
	return append(dst, '}')
}

// withCommitment returns the members of the leaf: without the commitment where the
// content is empty.
func (f *Fields) withCommitment(enc *Encoder, body []byte) leafSet {
	set := f.leaf
	if s := f.at[idContentSize]; s != (Span{}) {
		if size, _ := binary.Varint(body[s.From:s.To]); size <= 0 {
			set[0], set[1] = set[0]&^enc.inLeaf[idContentSize][0], set[1]&^enc.inLeaf[idContentSize][1]
		}
	}
	return set
}

// appendValue appends a value that is no text.
func (l *RowLeaves) appendValue(dst []byte, k *leafKey, p Place, body []byte) []byte {
	switch k.id {
	case idPosition:
		return appendUint(dst, p.Position)
	case idReceivedAt:
		return append(dst, l.text...)
	case idTimestamp:
		return AppendTime(dst, p.Timestamp)
	}
	f := &l.fields
	value := body[f.at[k.id].From:f.at[k.id].To]
	if k.id == idContentSize {
		size, _ := binary.Varint(value)
		return appendCommitmentValue(dst, f.digest(body), size)
	}
	return appendSpan(dst, k.kind, value)
}

// leafKey is one member of a leaf: its key as it is written, comma and all.
type leafKey struct {
	key  [maxLeafKey]byte
	len  int // of the key
	id   byte
	kind Kind
}

// maxLeafKey is how long the keys of leaves may be: three registers.
const maxLeafKey = 24

func newLeafKey(name string, id byte, kind Kind) leafKey {
	k := leafKey{id: id, kind: kind}
	if k.len = copy(k.key[:], `,"`+name+`":`); k.len != len(name)+4 {
		panic("part: the name of column " + name + " is too long")
	}
	return k
}

// The columns that a leaf or a place treats in their own way.
const (
	idEventID     = 1
	idTimestamp   = 3
	idTraceID     = 10
	idPosition    = 54
	idReceivedAt  = 55
	idParams      = 65 // the first column of the content
	idIndex       = 79 // the first one behind it
	idSalt        = 80
	idDigest      = 81
	idContentSize = 82
)

// appendSpan appends an envelope value as it stands in a leaf.
func appendSpan(dst []byte, kind Kind, value []byte) []byte {
	switch kind {
	case String:
		return rawjson.AppendQuote(dst, value)
	case Int:
		v, _ := binary.Varint(value)
		return appendInt(dst, v)
	case Float:
		return appendFloat(dst, math.Float64frombits(binary.LittleEndian.Uint64(value)))
	case Bool:
		return append(dst, "true"...)
	case List:
		r := rowReader{b: value}
		n := r.uvarint()
		dst = append(dst, '[')
		for i := range n {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = rawjson.AppendQuote(dst, r.text())
		}
		return append(dst, ']')
	}
	return append(dst, value...)
}

// digest returns the digest of the content, zero if there is none.
func (f *Fields) digest(body []byte) (d hansard.Hash) {
	copy(d[:], body[f.at[idDigest].From:f.at[idDigest].To])
	return d
}

// AppendBodyContent appends the content of a body, which is in its columns from
// Given.Content on: the same bytes as AppendContent gives for its entry, without a look
// at what that has not. The columns are those that AppendUncommitted appended.
func (enc *Encoder) AppendBodyContent(dst, columns []byte) []byte {
	start := len(dst)
	for len(columns) > 0 && columns[0] < idIndex {
		k := &enc.contentKeys[columns[0]-idParams]
		size, n := uvarint(columns[1:])
		value := columns[1+n:][:size]
		dst = appendSpan(append(dst, k.key[:k.len]...), k.kind, value)
		columns = columns[1+n+len(value):]
	}
	if len(dst) == start {
		return dst
	}
	dst[start] = '{' // the first key brought a comma
	return append(dst, '}')
}
