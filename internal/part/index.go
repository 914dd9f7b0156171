package part

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"path/filepath"
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
}

// Path returns the path of the part's Parquet file below the data folder dir.
func (i Info) Path(dir string) string {
	return filepath.Join(dir, "tenants", i.Log.Tenant, string(i.Log.Tier), "parts", i.Date, i.Name.String())
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
	sum := sha256.Sum256([]byte(eventID))
	copy(h[:], sum[:])
	return h
}

// Index is the file beside a part, "<name>.index": the manifest's line for the
// part and the ids in it. It is derived and is rebuilt when missing.
type Index struct {
	Info
	IDs []ID // sorted by Event
}

// NewIndex returns the index of a part that holds the entries, without the
// file's size and hash, which the writer fills in. ids are those of the
// entries, in any order; the slice is sorted.
func NewIndex(name Name, entries []*hansard.Entry, ids []ID) *Index {
	b := NewIndexBuilder(entries[0].Log, name, 0)
	for _, e := range entries {
		b.add(PlaceOf(e), []byte(e.TraceID))
	}
	b.x.IDs = ids
	return b.Index()
}

// NewRowIndex is NewIndex for rows.
func (enc *Encoder) NewRowIndex(name Name, rows []*Row, ids []ID) (*Index, error) {
	b := NewIndexBuilder(rows[0].Log, name, 0)
	for _, r := range rows {
		_, body, err := SplitRow(r.Bytes)
		if err != nil {
			return nil, err
		}
		trace, err := enc.textOf(body, idTraceID)
		if err != nil {
			return nil, err
		}
		b.add(r.Place, trace)
	}
	b.x.IDs = ids
	return b.Index(), nil
}

// Find returns the fingerprint under which the event id is in the index.
func (x *Index) Find(event [10]byte) (fingerprint [6]byte, ok bool) {
	i := sort.Search(len(x.IDs), func(i int) bool { return bytes.Compare(x.IDs[i].Event[:], event[:]) >= 0 })
	if i == len(x.IDs) || x.IDs[i].Event != event {
		return fingerprint, false
	}
	return x.IDs[i].Fingerprint, true
}

const indexMagic = "hansard index 1\n"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Append appends the index's bytes: magic, fields, filter, ids and a CRC-32C
// of all before it. They depend on the index alone.
func (x *Index) Append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, indexMagic...)
	dst = appendText(dst, x.Log.Tenant)
	dst = appendText(dst, string(x.Log.Tier))
	dst = appendText(dst, x.Date)
	dst = append(dst, x.SHA256[:]...)
	for _, v := range []uint64{
		x.Name.First, x.Name.End, uint64(x.Name.Rewrite), uint64(x.Rows), uint64(x.Bytes),
		uint64(x.MinTime), uint64(x.MaxTime), x.FirstPosition, x.LastPosition,
		uint64(x.FirstReceived), uint64(x.LastReceived), uint64(len(x.Traces)), uint64(len(x.IDs)),
	} {
		dst = binary.LittleEndian.AppendUint64(dst, v)
	}
	for _, w := range x.Traces {
		dst = binary.LittleEndian.AppendUint64(dst, w)
	}
	for _, id := range x.IDs {
		dst = append(append(dst, id.Event[:]...), id.Fingerprint[:]...)
	}
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
}

var errIndex = errors.New("index: damaged")

// ParseIndex reads an index as Append wrote it.
func ParseIndex(b []byte) (*Index, error) {
	if len(b) < len(indexMagic)+4 || string(b[:len(indexMagic)]) != indexMagic {
		return nil, fmt.Errorf("%w: no magic", errIndex)
	}
	body, sum := b[:len(b)-4], binary.LittleEndian.Uint32(b[len(b)-4:])
	if crc32.Checksum(body, castagnoli) != sum {
		return nil, fmt.Errorf("%w: wrong checksum", errIndex)
	}
	r := &rowReader{b: body[len(indexMagic):]}
	x := &Index{}
	x.Log.Tenant, x.Log.Tier, x.Date = string(r.text()), hansard.Tier(r.text()), string(r.text())
	if r.err != nil || len(r.b) < 32+13*8 {
		return nil, fmt.Errorf("%w: cut short", errIndex)
	}
	copy(x.SHA256[:], r.b)
	v := make([]uint64, 13)
	for i := range v {
		v[i] = binary.LittleEndian.Uint64(r.b[32+8*i:])
	}
	rest := r.b[32+13*8:]
	x.Name = Name{First: v[0], End: v[1], Rewrite: int(v[2])}
	x.Rows, x.Bytes, x.MinTime, x.MaxTime = int64(v[3]), int64(v[4]), int64(v[5]), int64(v[6])
	x.FirstPosition, x.LastPosition, x.FirstReceived, x.LastReceived = v[7], v[8], int64(v[9]), int64(v[10])
	if v[11] > 1<<32 || v[12] > 1<<32 || uint64(len(rest)) != v[11]*8+v[12]*IDSize {
		return nil, fmt.Errorf("%w: wrong length", errIndex)
	}
	x.Traces = make(Filter, v[11])
	for i := range x.Traces {
		x.Traces[i] = binary.LittleEndian.Uint64(rest[8*i:])
	}
	rest = rest[8*v[11]:]
	x.IDs = make([]ID, v[12])
	for i := range x.IDs {
		copy(x.IDs[i].Event[:], rest[i*IDSize:])
		copy(x.IDs[i].Fingerprint[:], rest[i*IDSize+10:])
	}
	return x, nil
}
