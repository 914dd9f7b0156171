package part

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// MaxLeaf is the largest leaf in bytes: tlog-tiles entry bundles give an entry
// a 16-bit length.
const MaxLeaf = 65535

// Encoder renders entries. It is safe for concurrent use.
type Encoder struct {
	all      []*Column // by ID
	envelope []*Column // sorted by name, as RFC 8785 orders the leaf's keys
	content  []*Column // by ID
	byName   map[string]*Column
	at       int // where "content" belongs among envelope

	// The same for rows, by ID.
	kinds       [MaxID + 1]Kind
	texts       [256]bool // for any byte: that of a column whose values are texts, or bytes
	fieldOf     [MaxID + 1]entryField
	leaf        []leafKey          // sorted by key, the commitment among them
	inLeaf      [MaxID + 1]leafSet // which of those a column is
	placed      leafSet            // those whose values are in the place
	leafRoom    int                // for the keys of a leaf and the quotes of its texts
	contentKeys []leafKey
	file        func() *fileSchema
	buffers     atomic.Pointer[writeBuffers] // of the last file, for the next one
	pickers     sync.Pool                    // of *picker

	salt, contentDigest, contentSize *Column
}

// NewEncoder returns an Encoder for encoder version 1.
func NewEncoder() *Encoder {
	enc := &Encoder{all: Columns(), byName: map[string]*Column{}}
	for _, c := range enc.all {
		enc.byName[c.Name] = c
		switch c.Class {
		case Envelope:
			enc.envelope = append(enc.envelope, c)
		case Content:
			enc.content = append(enc.content, c)
		}
	}
	enc.salt, enc.contentDigest, enc.contentSize = enc.byName["salt"], enc.byName["content_digest"], enc.byName["content_size"]
	sort.Slice(enc.envelope, func(i, j int) bool { return enc.envelope[i].Name < enc.envelope[j].Name })
	enc.at = sort.Search(len(enc.envelope), func(i int) bool { return enc.envelope[i].Name > "content" })
	enc.prepareRows()
	enc.file = sync.OnceValue(func() *fileSchema { return newFileSchema(enc) })
	return enc
}

// prepareRows fills what rows are read by.
func (enc *Encoder) prepareRows() {
	for _, c := range enc.all {
		enc.kinds[c.ID] = c.Kind
		enc.texts[c.ID] = c.Kind.text()
		enc.fieldOf[c.ID] = c.entryField()
		if c.Placed() {
			enc.kinds[c.ID] = placed
		}
	}
	for i, c := range enc.envelope {
		if i == enc.at {
			enc.leaf = append(enc.leaf, newLeafKey("content", idContentSize, Int))
		}
		enc.leaf = append(enc.leaf, newLeafKey(c.Name, byte(c.ID), c.Kind))
	}
	enc.leafRoom = maxLeafKey
	for i, k := range enc.leaf {
		enc.leafRoom += k.len + len(`""`)
		enc.inLeaf[k.id] = leafSet{}.with(i)
		if enc.kinds[k.id] == placed {
			enc.placed = enc.placed.with(i)
		}
	}
	for _, c := range enc.content {
		enc.contentKeys = append(enc.contentKeys, newLeafKey(c.Name, byte(c.ID), c.Kind))
	}
}

// Columns returns the columns in the order of their IDs.
func (enc *Encoder) Columns() []*Column { return enc.all }

// Column returns the column with the given name, nil if there is none.
func (enc *Encoder) Column(name string) *Column { return enc.byName[name] }

// AppendLeaf appends the Merkle leaf of e: RFC 8785 canonical JSON of the
// envelope with the commitment to the content. Encoder version 1.
func (enc *Encoder) AppendLeaf(dst []byte, e *hansard.Entry) []byte {
	dst = append(dst, '{')
	for i, c := range enc.envelope {
		if i == enc.at && e.ContentSize > 0 {
			dst = appendCommitment(dst, e)
		}
		if c.Null(e) {
			continue
		}
		dst = appendKey(dst, c.Name)
		dst = c.appendLeafValue(dst, e)
	}
	return append(dst, '}')
}

func appendKey(dst []byte, name string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst = append(dst, '"')
	dst = append(dst, name...)
	return append(dst, '"', ':')
}

func appendCommitment(dst []byte, e *hansard.Entry) []byte {
	return appendCommitmentValue(appendKey(dst, "content"), e.ContentDigest, e.ContentSize)
}

func appendCommitmentValue(dst []byte, digest hansard.Hash, size int64) []byte {
	dst = append(dst, `{"alg":"sha256","digest":"`...)
	dst = appendHex(dst, &digest)
	dst = append(dst, `","size":`...)
	dst = appendInt(dst, size)
	return append(dst, '}')
}

// appendHex appends a hash in lower-case hexadecimal, four of its bytes at a time.
func appendHex(dst []byte, h *hansard.Hash) []byte {
	const ones = 0x0101010101010101
	n := len(dst)
	dst = slices.Grow(dst, 2*len(h))[:n+2*len(h)]
	for i := 0; i < len(h); i += 4 {
		w := uint64(binary.LittleEndian.Uint32(h[i:]))
		w = (w | w<<16) & 0x0000ffff0000ffff
		w = (w | w<<8) & 0x00ff00ff00ff00ff                   // a byte in each two
		w = w>>4&0x000f000f000f000f | w<<8&0x0f000f000f000f00 // a digit in each
		letters := (w + 6*ones) >> 4 & ones
		binary.LittleEndian.PutUint64(dst[n+2*i:], w+'0'*ones+letters*('a'-'0'-10))
	}
	return dst
}

func (c *Column) appendLeafValue(dst []byte, e *hansard.Entry) []byte {
	switch c.Kind {
	case String:
		return rawjson.AppendQuote(dst, *c.str(e))
	case Int:
		v, _ := c.Int(e)
		return strconv.AppendInt(dst, v, 10)
	case Time:
		v, _ := c.Int(e)
		return AppendTime(dst, v)
	case Float:
		return appendFloat(dst, c.float(e).V)
	case Bool:
		return append(dst, "true"...)
	case List:
		dst = append(dst, '[')
		for i, s := range *c.list(e) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = rawjson.AppendQuote(dst, s)
		}
		return append(dst, ']')
	}
	return append(dst, c.Bytes(e)...)
}

// appendFloat appends the one spelling of f that RFC 8785 allows, which is
// ECMAScript's. f must be finite.
func appendFloat(dst []byte, f float64) []byte {
	if f == 0 {
		return append(dst, '0') // also -0
	}
	format := byte('f')
	if abs := math.Abs(f); abs < 1e-6 || abs >= 1e21 {
		format = 'e'
	}
	dst = strconv.AppendFloat(dst, f, format, -1, 64)
	if n := len(dst); format == 'e' && dst[n-4] == 'e' && dst[n-2] == '0' {
		dst[n-2] = dst[n-1] // e-09 is written e-9
		dst = dst[:n-1]
	}
	return dst
}

// HashLeaf returns the RFC 6962 leaf hash: SHA-256(0x00 || leaf).
func HashLeaf(leaf []byte) hansard.Hash {
	h := sha256.New()
	h.Write([]byte{0})
	h.Write(leaf)
	var sum hansard.Hash
	h.Sum(sum[:0])
	return sum
}

// AppendContent appends the content of e: one JSON object of the content
// columns that are present, in the order of their IDs. It appends nothing when
// there are none.
func (enc *Encoder) AppendContent(dst []byte, e *hansard.Entry) []byte {
	start := len(dst)
	for _, c := range enc.content {
		if c.Null(e) {
			continue
		}
		if len(dst) == start {
			dst = append(dst, '{')
		}
		dst = appendKey(dst, c.Name)
		if c.Kind == String {
			dst = rawjson.AppendQuote(dst, *c.str(e))
		} else {
			dst = append(dst, c.Bytes(e)...)
		}
	}
	if len(dst) > start {
		dst = append(dst, '}')
	}
	return dst
}

// Digest returns the commitment to content under salt: SHA-256(salt || content).
func Digest(salt, content []byte) hansard.Hash {
	h := sha256.New()
	h.Write(salt)
	h.Write(content)
	var sum hansard.Hash
	h.Sum(sum[:0])
	return sum
}

// CheckContent returns an error unless the content of e is what its digest
// commits to. Content that was erased, salt and all, is no error.
func (enc *Encoder) CheckContent(e *hansard.Entry) error {
	content := enc.AppendContent(nil, e)
	switch {
	case len(content) == 0 && len(e.Salt) == 0:
		return nil // none, or erased
	case int64(len(content)) != e.ContentSize:
		return fmt.Errorf("content of %d bytes, the leaf says %d", len(content), e.ContentSize)
	case Digest(e.Salt, content) != e.ContentDigest:
		return fmt.Errorf("content does not match its digest")
	}
	return nil
}

// Erase takes salt and content out of an entry. What its leaf commits to stays:
// digest and size, so that the leaf is the same. It reports whether there was any.
func (enc *Encoder) Erase(e *hansard.Entry) bool {
	had := len(e.Salt) > 0
	e.Salt = nil
	for _, c := range enc.content {
		switch {
		case c.raw != nil:
			had = had || len(*c.raw(e)) > 0
			*c.raw(e) = nil
		case c.str != nil:
			had = had || *c.str(e) != ""
			*c.str(e) = ""
		}
	}
	return had
}
