package part

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// renderMembers renders each text of the dictionary as a member of a leaf, once
// for all rows that have it.
func (v *columnValues) renderMembers() {
	for i := range v.distinct {
		v.members = append(v.members, v.key...)
		v.members = rawjson.AppendQuote(v.members, v.value(int32(i)))
		v.members = append(v.members, ',')
		v.ends = append(v.ends, uint32(len(v.members)))
	}
}

// Len returns the number of rows.
func (r *Group) Len() int { return r.n }

// Int returns the value of a required Int or Time column in a row. The column
// must have been loaded.
func (r *Group) Int(c *Column, row int) int64 {
	v := &r.vectors[c.ID-1]
	return v.nums[v.slots[row]]
}

// Bytes returns the value of a String, JSON or Bytes column in a row, empty when
// it is null. It is valid until the next Load and must not be changed.
func (r *Group) Bytes(c *Column, row int) []byte {
	v := &r.vectors[c.ID-1]
	if !v.some || v.slots[row] < 0 {
		return nil
	}
	return v.value(v.slots[row])
}

// AppendLeaf appends the leaf of a row, as Encoder.AppendLeaf does.
func (r *Group) AppendLeaf(dst []byte, row int) []byte {
	dst = append(dst, '{')
	start := len(dst)
	for _, v := range r.leaf {
		if v.c.Class == Beside {
			dst = r.appendCommitment(dst, row)
		} else {
			dst = r.appendMember(dst, v, row)
		}
	}
	if len(dst) == start {
		return append(dst, '}')
	}
	dst[len(dst)-1] = '}'
	return dst
}

// appendMember appends `"name":value,` if the row has a value.
func (r *Group) appendMember(dst []byte, v *columnValues, row int) []byte {
	if v.c.Kind == List {
		return v.appendList(dst, row)
	}
	slot := v.slots[row]
	if slot < 0 {
		return dst
	}
	if int(slot) < v.distinct && v.c.Kind == String {
		if len(v.ends) == 1 {
			v.renderMembers()
		}
		return append(dst, v.members[v.ends[slot]:v.ends[slot+1]]...)
	}
	dst = append(dst, v.key...)
	switch v.c.Kind {
	case String:
		dst = rawjson.AppendQuote(dst, v.value(slot))
	case Int:
		dst = appendInt(dst, v.nums[slot])
	case Time:
		dst = AppendTime(dst, v.nums[slot])
	case Float:
		dst = appendFloat(dst, v.floats[slot])
	case Bool:
		dst = append(dst, "true"...)
	default:
		dst = append(dst, v.value(slot)...)
	}
	return append(dst, ',')
}

func (v *columnValues) appendList(dst []byte, row int) []byte {
	items := v.slots[v.first[row]:v.first[row+1]]
	if len(items) == 0 {
		return dst
	}
	dst = append(append(dst, v.key...), '[')
	for i, slot := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = rawjson.AppendQuote(dst, v.value(slot))
	}
	return append(dst, ']', ',')
}

func (r *Group) appendCommitment(dst []byte, row int) []byte {
	size := r.contentSize(row)
	if size <= 0 {
		return dst
	}
	digest := r.digest(row)
	dst = append(dst, `"content":{"alg":"sha256","digest":"`...)
	dst = appendHex(dst, &digest)
	dst = append(dst, `","size":`...)
	dst = appendInt(dst, size)
	return append(dst, '}', ',')
}

func (r *Group) contentSize(row int) int64 {
	v := &r.vectors[r.enc.contentSize.ID-1]
	if !v.some || v.slots[row] < 0 {
		return 0
	}
	return v.nums[v.slots[row]]
}

func (r *Group) digest(row int) (h hansard.Hash) {
	copy(h[:], r.Bytes(r.enc.contentDigest, row))
	return h
}

// HashLeaf returns the leaf hash of a row.
func (r *Group) HashLeaf(row int) hansard.Hash {
	r.scratch = r.AppendLeaf(append(r.scratch[:0], 0), row)
	return sha256.Sum256(r.scratch)
}

// AppendContent appends the content of a row, as Encoder.AppendContent does.
func (r *Group) AppendContent(dst []byte, row int) []byte {
	start := len(dst)
	for _, v := range r.content {
		if v.slots[row] < 0 {
			continue
		}
		if len(dst) == start {
			dst = append(dst, '{')
		}
		dst = r.appendMember(dst, v, row)
	}
	if len(dst) > start {
		dst[len(dst)-1] = '}'
	}
	return dst
}

// CheckContent checks the content of a row as Encoder.CheckContent does.
func (r *Group) CheckContent(row int) error {
	salt := r.Bytes(r.enc.salt, row)
	r.scratch = r.AppendContent(append(r.scratch[:0], salt...), row)
	size := int64(len(r.scratch) - len(salt))
	switch {
	case len(r.scratch) == 0:
		return nil // none, or erased
	case size != r.contentSize(row):
		return fmt.Errorf("content of %d bytes, the leaf says %d", size, r.contentSize(row))
	case hansard.Hash(sha256.Sum256(r.scratch)) != r.digest(row):
		return errors.New("content does not match its digest")
	}
	return nil
}

// Erased reports whether the row had content that is gone.
func (r *Group) Erased(row int) bool {
	return r.contentSize(row) > 0 && len(r.Bytes(r.enc.salt, row)) == 0
}

// Place returns the place of a row.
func (r *Group) Place(row int) Place {
	at := func(id int) int64 { return r.Int(r.vectors[id-1].c, row) }
	return Place{uint64(at(idIndex)), uint64(at(idPosition)), at(idReceivedAt), at(idTimestamp)}
}

// Equal reports whether a row has the given value in a String, JSON or Bytes
// column.
func (r *Group) Equal(c *Column, row int, value string) bool {
	return bytes.Equal(r.Bytes(c, row), []byte(value))
}
