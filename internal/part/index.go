package part

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"path/filepath"
	"slices"
	"sort"

	"github.com/hansardhq/hansard"
)

// Info says what the manifest knows of a part. All of it is derived from the
// part's rows and bytes.
type Info struct {
	Log           hansard.LogID
	Date          string // the folder: UTC date of receipt of the last entry
	Name          Name
	Rows          int64
	Bytes         int64        // size of the Parquet file
	SHA256        hansard.Hash // of the Parquet file
	MinTime       int64        // least timestamp, Unix nanoseconds
	MaxTime       int64
	FirstPosition uint64
	LastPosition  uint64
	FirstReceived int64
	LastReceived  int64
	Traces        Filter // trace ids
	IDs           int    // ids of events in the index
	// Texts describe the text filters in the index, one for each row group;
	// none: every row group may hold any text.
	Texts []TextInfo
}

// TextInfo says how large a row group and its text filter are.
type TextInfo struct{ Rows, Words int }

// Path returns the path of the part's Parquet file below the data folder dir.
func (i Info) Path(dir string) string {
	return filepath.Join(Folder(dir, i.Log), i.Date, i.Name.String())
}

// Folder returns the folder of a log's parts, by date, below the data folder dir.
func Folder(dir string, log hansard.LogID) string {
	return filepath.Join(dir, "tenants", log.Tenant, string(log.Tier), "parts")
}

// ID is the short form of an event id that de-duplication keeps: the first
// bytes of its SHA-256, and of the keyed fingerprint of what was submitted.
type ID struct {
	Event       [10]byte
	Fingerprint [6]byte
}

// IDSize is the size of an ID on disk in bytes.
const IDSize = 16

// EventHash returns the short form of an event id.
func EventHash[T string | []byte](eventID T) (h [10]byte) {
	var short [64]byte // most are, and need no other memory
	sum := sha256.Sum256(append(short[:0], eventID...))
	copy(h[:], sum[:])
	return h
}

// Index is the file beside a part, "<name>.index": the manifest's line for the
// part and the ids in it. It is derived and is rebuilt when missing.
type Index struct {
	Info
	IDs []ID // sorted by Event
	// Texts are the filters that Info.Texts describes.
	Texts []*TextFilter
}

// NewIndex returns the index of a part that holds the entries, without the
// file's size and hash, which the writer fills in, and without text filters. ids
// are those of the entries, in any order; the slice is sorted.
func NewIndex(name Name, entries []*hansard.Entry, ids []ID) *Index {
	b := NewIndexBuilder(entries[0].Log, name, 0)
	for _, e := range entries {
		b.add(PlaceOf(e), []byte(e.TraceID))
	}
	b.x.IDs = ids
	return b.Index()
}

// NewRowIndex is NewIndex for rows, but for the traces, which WriteIndexed finds in
// passing.
func NewRowIndex(name Name, rows []*Row, ids []ID) *Index {
	b := NewIndexBuilder(rows[0].Log, name, 0)
	for _, r := range rows {
		b.place(r.Place)
	}
	b.x.IDs = ids
	return b.Index()
}

// Find returns the fingerprint under which the event id is in the index.
func (x *Index) Find(event [10]byte) (fingerprint [6]byte, ok bool) {
	i := sort.Search(len(x.IDs), func(i int) bool { return bytes.Compare(x.IDs[i].Event[:], event[:]) >= 0 })
	if i == len(x.IDs) || x.IDs[i].Event != event {
		return fingerprint, false
	}
	return x.IDs[i].Fingerprint, true
}

// AddRowTexts adds the text filters of the part's row groups. rows are those of
// NewRowIndex, by index, as WriteRows cuts them into row groups.
func (x *Index) AddRowTexts(enc *Encoder, rows []*Row) error {
	t := newTexts(enc.all)
	x.Texts, x.Info.Texts = nil, nil
	for len(rows) > 0 {
		f, err := t.filter(enc, rows)
		if err != nil {
			return fmt.Errorf("make text filters: %w", err)
		}
		rows = rows[f.Rows:]
		x.addFilter(f)
	}
	return nil
}

func (x *Index) addFilter(f *TextFilter) {
	x.Texts = append(x.Texts, f)
	x.Info.Texts = append(x.Info.Texts, TextInfo{f.Rows, len(f.bits)})
}

const indexMagic = "hansard index 2\n"

// indexFields is how many numbers the head has.
const indexFields = 14

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Append appends the index's bytes: a head, which is all that the manifest needs,
// the ids and the text filters, each with a checksum. They depend on the index
// alone.
func (x *Index) Append(dst []byte) []byte {
	dst = x.appendHead(slices.Grow(dst, x.room()))
	start := len(dst)
	for _, id := range x.IDs {
		dst = append(append(dst, id.Event[:]...), id.Fingerprint[:]...)
	}
	dst = binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
	start = len(dst)
	for _, f := range x.Texts {
		for _, w := range f.bits {
			dst = binary.LittleEndian.AppendUint64(dst, w)
		}
	}
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
}

// room returns about how many bytes Append appends.
func (x *Index) room() int {
	words := len(x.Traces)
	for _, f := range x.Texts {
		words += len(f.bits) + 1
	}
	return 512 + 8*words + IDSize*len(x.IDs)
}

// appendHead appends magic, length of the head, fields, trace filter, sizes of
// the text filters and a CRC-32C of all before it.
func (x *Index) appendHead(dst []byte) []byte {
	start := len(dst)
	dst = append(append(dst, indexMagic...), 0, 0, 0, 0)
	dst = appendText(dst, x.Log.Tenant)
	dst = appendText(dst, string(x.Log.Tier))
	dst = appendText(dst, x.Date)
	dst = append(dst, x.SHA256[:]...)
	for _, v := range [indexFields]uint64{
		x.Name.First, x.Name.End, uint64(x.Name.Rewrite), uint64(x.Rows), uint64(x.Bytes),
		uint64(x.MinTime), uint64(x.MaxTime), x.FirstPosition, x.LastPosition,
		uint64(x.FirstReceived), uint64(x.LastReceived), uint64(len(x.Traces)), uint64(len(x.IDs)), uint64(len(x.Texts)),
	} {
		dst = binary.LittleEndian.AppendUint64(dst, v)
	}
	for _, w := range x.Traces {
		dst = binary.LittleEndian.AppendUint64(dst, w)
	}
	for _, f := range x.Texts {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(f.Rows))
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(f.bits)))
	}
	head := dst[start:]
	binary.LittleEndian.PutUint32(head[len(indexMagic):], uint32(len(head)+4))
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(head, castagnoli))
}

// ErrIndex is the error of an index that is damaged: it is made anew.
var ErrIndex = errors.New("index: damaged")

// ParseIndex reads an index as Append wrote it.
func ParseIndex(b []byte) (*Index, error) {
	info, head, err := parseHead(b)
	if err != nil {
		return nil, err
	}
	x := &Index{Info: info}
	rest := b[head:]
	want := int64(info.IDs)*IDSize + 4 + 4
	for _, t := range info.Texts {
		want += int64(t.Words) * 8
	}
	if int64(len(rest)) != want {
		return nil, fmt.Errorf("%w: wrong length", ErrIndex)
	}
	ids, texts := rest[:info.IDs*IDSize+4], rest[info.IDs*IDSize+4:]
	for _, section := range [][]byte{ids, texts} {
		if crc32.Checksum(section[:len(section)-4], castagnoli) != binary.LittleEndian.Uint32(section[len(section)-4:]) {
			return nil, fmt.Errorf("%w: wrong checksum", ErrIndex)
		}
	}
	x.IDs = make([]ID, info.IDs)
	for i := range x.IDs {
		copy(x.IDs[i].Event[:], ids[i*IDSize:])
		copy(x.IDs[i].Fingerprint[:], ids[i*IDSize+10:])
	}
	for _, t := range info.Texts {
		x.Texts = append(x.Texts, &TextFilter{t.Rows, wordsOf(texts[:t.Words*8])})
		texts = texts[t.Words*8:]
	}
	return x, nil
}

func wordsOf(b []byte) []uint64 {
	words := make([]uint64, len(b)/8)
	for i := range words {
		words[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	return words
}

// IDsAt returns where the ids begin in the part's index, in bytes: they follow
// the head.
func (i *Info) IDsAt() int64 {
	text := func(n int) int { return len(binary.AppendUvarint(nil, uint64(n))) + n }
	fixed := len(indexMagic) + 4 + text(len(i.Log.Tenant)) + text(len(i.Log.Tier)) + text(len(i.Date)) + 32 + indexFields*8 + 4
	return int64(fixed + 8*len(i.Traces) + 8*len(i.Texts))
}

// headSize returns the length that the index gives its head, which is not checked
// but for its bounds.
func headSize(b []byte) (int, error) {
	if len(b) < len(indexMagic)+4 || string(b[:len(indexMagic)]) != indexMagic {
		return 0, fmt.Errorf("%w: no magic", ErrIndex)
	}
	n := binary.LittleEndian.Uint32(b[len(indexMagic):])
	if n < uint32(len(indexMagic))+4+3+32+indexFields*8+4 || n > maxHead {
		return 0, fmt.Errorf("%w: wrong length of the head", ErrIndex)
	}
	return int(n), nil
}

// maxHead bounds a head, in bytes: the filter of 256k traces takes 1 MiB.
const maxHead = 8 << 20

// parseHead reads the head of an index and returns its length.
func parseHead(b []byte) (info Info, size int, err error) {
	if size, err = headSize(b); err != nil {
		return info, 0, err
	}
	if len(b) < size {
		return info, 0, fmt.Errorf("%w: cut short", ErrIndex)
	}
	if crc32.Checksum(b[:size-4], castagnoli) != binary.LittleEndian.Uint32(b[size-4:]) {
		return info, 0, fmt.Errorf("%w: wrong checksum", ErrIndex)
	}
	r := &rowReader{b: b[len(indexMagic)+4 : size-4]}
	info.Log.Tenant, info.Log.Tier, info.Date = string(r.text()), hansard.Tier(r.text()), string(r.text())
	if r.err != nil || len(r.b) < 32+indexFields*8 {
		return info, 0, fmt.Errorf("%w: cut short", ErrIndex)
	}
	copy(info.SHA256[:], r.b)
	var v [indexFields]uint64
	for i := range v {
		v[i] = binary.LittleEndian.Uint64(r.b[32+8*i:])
	}
	info.Name = Name{First: v[0], End: v[1], Rewrite: int(v[2])}
	info.Rows, info.Bytes, info.MinTime, info.MaxTime = int64(v[3]), int64(v[4]), int64(v[5]), int64(v[6])
	info.FirstPosition, info.LastPosition, info.FirstReceived, info.LastReceived = v[7], v[8], int64(v[9]), int64(v[10])
	rest := r.b[32+indexFields*8:]
	if v[11] > maxHead || v[12] > 1<<32 || v[13] > maxHead || uint64(len(rest)) != v[11]*8+v[13]*8 {
		return info, 0, fmt.Errorf("%w: wrong length", ErrIndex)
	}
	info.Traces, info.IDs = wordsOf(rest[:v[11]*8]), int(v[12])
	for rest = rest[v[11]*8:]; len(rest) > 0; rest = rest[8:] {
		t := TextInfo{int(binary.LittleEndian.Uint32(rest)), int(binary.LittleEndian.Uint32(rest[4:]))}
		if t.Words < 2*minTextBits/64 || t.Words > 2*maxTextBits/64 || t.Words&(t.Words-1) != 0 {
			return info, 0, fmt.Errorf("%w: wrong size of a text filter", ErrIndex)
		}
		info.Texts = append(info.Texts, t)
	}
	if info.IDsAt() != int64(size) {
		return info, 0, fmt.Errorf("%w: wrong length of the head", ErrIndex)
	}
	return info, size, nil
}
