package part

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// AppendRowLeaf appends the Merkle leaf of a row: the same bytes as AppendLeaf
// gives for its entry.
func (enc *Encoder) AppendRowLeaf(dst []byte, p Place, body []byte) ([]byte, error) {
	var f Fields
	if err := enc.fields(&f, body); err != nil {
		return dst, err
	}
	return enc.appendFieldsLeaf(dst, p, &f, body), nil
}

// HashRowLeaf returns the leaf hash of a row. scratch is reused and returned.
func (enc *Encoder) HashRowLeaf(scratch []byte, p Place, body []byte) (hansard.Hash, []byte, error) {
	scratch, err := enc.AppendRowLeaf(append(scratch[:0], 0), p, body) // RFC 6962, 2.1: a zero in front
	return sha256.Sum256(scratch), scratch, err
}

func (enc *Encoder) appendFieldsLeaf(dst []byte, p Place, f *Fields, body []byte) []byte {
	start := len(dst)
	for i := range enc.leaf {
		k := &enc.leaf[i]
		switch s := f[k.id]; {
		case k.id == idContentSize:
			if size, _ := binary.Varint(body[s.From:s.To]); size > 0 {
				dst = appendCommitmentValue(append(dst, k.key...), f.digest(body), size)
			}
		case k.id == idPosition:
			dst = strconv.AppendUint(append(dst, k.key...), p.Position, 10)
		case k.id == idReceivedAt:
			dst = AppendTime(append(dst, k.key...), p.ReceivedAt)
		case k.id == idTimestamp:
			dst = AppendTime(append(dst, k.key...), p.Timestamp)
		case s != (Span{}):
			dst = appendSpan(append(dst, k.key...), k.kind, body[s.From:s.To])
		}
	}
	dst[start] = '{' // the first key brought a comma
	return append(dst, '}')
}

// leafKey is one member of a leaf: its key as it is written, comma and all.
type leafKey struct {
	key  string
	id   byte
	kind Kind
}

// The columns that a leaf or a place treats in their own way.
const (
	idEventID     = 1
	idTimestamp   = 3
	idTraceID     = 10
	idPosition    = 54
	idReceivedAt  = 55
	idIndex       = 79
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
		return strconv.AppendInt(dst, v, 10)
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
	copy(d[:], body[f[idDigest].From:f[idDigest].To])
	return d
}

// appendFieldsContent appends the content of a row: the same bytes as AppendContent
// gives for its entry.
func (enc *Encoder) appendFieldsContent(dst []byte, f *Fields, body []byte) []byte {
	start := len(dst)
	for i := range enc.contentKeys {
		k := &enc.contentKeys[i]
		if s := f[k.id]; s != (Span{}) {
			dst = appendSpan(append(dst, k.key...), k.kind, body[s.From:s.To])
		}
	}
	if len(dst) == start {
		return dst
	}
	dst[start] = '{'
	return append(dst, '}')
}

// CheckRow returns an error unless the row renders to a leaf with the given hash
// and its content is what its digest commits to. scratch is reused and returned.
func (enc *Encoder) CheckRow(scratch []byte, row []byte, leaf hansard.Hash) ([]byte, error) {
	p, body, err := SplitRow(row)
	if err != nil {
		return scratch, err
	}
	var f Fields
	if err := enc.fields(&f, body); err != nil {
		return scratch, err
	}
	scratch = enc.appendFieldsLeaf(scratch[:0], p, &f, body)
	if HashLeaf(scratch) != leaf {
		return scratch, fmt.Errorf("does not render to its leaf")
	}
	salt := body[f[idSalt].From:f[idSalt].To]
	scratch = enc.appendFieldsContent(scratch[:0], &f, body)
	if len(scratch) == 0 && len(salt) == 0 {
		return scratch, nil // none, or erased
	}
	size, _ := binary.Varint(body[f[idContentSize].From:f[idContentSize].To])
	if int64(len(scratch)) != size || Digest(salt, scratch) != f.digest(body) {
		return scratch, fmt.Errorf("content does not match its digest")
	}
	return scratch, nil
}
