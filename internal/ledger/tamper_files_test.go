package ledger_test

import (
	"bytes"
	"fmt"
	"path"
	"strings"

	"github.com/hansardhq/hansard/internal/ledger"
)

// family is a kind of mutation. make returns false when what the dice say cannot
// be done; they are thrown again.
type family struct {
	name string
	make func(x *mutation) bool
}

func families() []family {
	return []family{
		{"bit", (*mutation).flipBit}, {"bit", (*mutation).flipBit}, {"bit", (*mutation).flipBit}, {"bit", (*mutation).flipBit},
		{"cut file", (*mutation).cutFile}, {"longer file", (*mutation).lengthen},
		{"file removed", (*mutation).removeFile}, {"files swapped", (*mutation).swapFiles},
		{"part copied", (*mutation).copyPart}, {"part moved", (*mutation).movePart},
		{"extra file", (*mutation).extraFile}, {"folder removed", (*mutation).removeFolder},
		{"older file", (*mutation).olderFile}, {"older folder", (*mutation).olderFolder},
		{"rows edited", (*mutation).editRows}, {"rows edited", (*mutation).editRows},
		{"rows and hashes edited", (*mutation).editAll}, {"part written anew", (*mutation).rewritePart},
		{"tiles edited", (*mutation).editTiles}, {"index edited", (*mutation).editIndex},
		{"statements edited", (*mutation).editStatements},
		{"commit edited", (*mutation).editCommit}, {"commits removed", (*mutation).removeCommits},
		{"commits moved", (*mutation).moveCommits}, {"journal header", (*mutation).editHead},
		{"keys replaced", (*mutation).replaceKeys}, {"name edited", (*mutation).editName},
	}
}

// kind returns what kind of file a path below the data folder is.
func kind(p string) string {
	switch {
	case strings.HasSuffix(p, ledger.IndexSuffix):
		return "index"
	case strings.HasSuffix(p, ".parquet"):
		return "part"
	case strings.HasSuffix(p, ledger.NoteSuffix):
		return "note"
	case strings.Contains(p, "/tiles/"):
		return "tiles"
	case strings.HasSuffix(p, ".journal"):
		return "journal"
	}
	return path.Base(p) // checkpoint, vkey, journal.vkey, FORMAT, LOCK
}

// pick returns one of the files of a random kind, or of the given one.
func (x *mutation) pick(kinds ...string) string {
	if len(kinds) == 0 {
		kinds = []string{"index", "part", "part", "tiles", "journal", "checkpoint", "vkey", "journal.vkey", "FORMAT", "note"}
	}
	want := kinds[x.r.IntN(len(kinds))]
	names := x.m.names(func(p string) bool { return strings.HasPrefix(p, worldData+"/") && kind(p) == want })
	return names[x.r.IntN(len(names))]
}

// seqOf returns the sequence number that a journal file's name says.
func seqOf(p string) (seq uint64) {
	fmt.Sscanf(path.Base(p), "%x", &seq)
	return seq
}

// journalEnd returns where the last commit of a journal file begins and ends, and
// whether the file is the last one with commits.
func (x *mutation) journalEnd(p string) (from, end int64, last bool) {
	frames, err := ledger.Frames(x.whole[p], seqOf(p))
	if err != nil {
		x.t.Fatal(err)
	}
	if from, end = 64, 64; len(frames) > 0 {
		f := frames[len(frames)-1]
		from = f.At
		end = f.At + int64(32+len(f.Body)+64+7)/8*8
	}
	all := x.m.names(func(q string) bool { return kind(q) == "journal" })
	return from, end, all[len(all)-1] == p
}

func (x *mutation) flipBit() bool {
	p := x.pick()
	b := bytes.Clone(x.m[p])
	at := x.r.IntN(len(b))
	b[at] ^= 1 << x.r.IntN(8)
	x.m[p], x.want, x.what = b, alone, fmt.Sprintf("byte %d of %s", at, p)
	if from, end, last := int64(0), int64(0), false; kind(p) == "journal" {
		if from, end, last = x.journalEnd(p); last && int64(at) >= from && int64(at) < end {
			x.want = alone | outside // a torn last commit looks like that
		}
	}
	x.on(p)
	return true
}

func (x *mutation) cutFile() bool {
	p := x.pick()
	b := x.m[p]
	n := x.r.IntN(len(b))
	switch x.r.IntN(4) {
	case 0:
		n = 0
	case 1:
		n = len(b) - 1
	case 2:
		n = n / 32 * 32
	}
	x.m[p], x.want, x.what = bytes.Clone(b[:n]), alone, fmt.Sprintf("%s to %d of %d bytes", p, n, len(b))
	x.on(p)
	if kind(p) != "journal" {
		return true
	}
	switch _, end, _ := x.journalEnd(p); {
	case int64(n) >= end:
		x.want = harmless // room for commits to come
	default:
		x.want = alone | outside
	}
	return true
}

func (x *mutation) lengthen() bool {
	p := x.pick()
	b := bytes.Clone(x.m[p])
	extra := make([]byte, []int{1, 8, 32, 4096}[x.r.IntN(4)])
	zeros := x.r.IntN(2) == 0
	for i := range extra {
		if !zeros {
			extra[i] = byte(x.r.IntN(255) + 1)
		}
	}
	x.m[p], x.want, x.what = append(b, extra...), alone, fmt.Sprintf("%s by %d bytes, zero %v", p, len(extra), zeros)
	if kind(p) == "journal" && zeros {
		x.want = harmless
	}
	x.on(p)
	return true
}

func (x *mutation) removeFile() bool {
	p := x.pick("index", "part", "tiles", "journal", "checkpoint", "vkey", "journal.vkey", "FORMAT", "LOCK", "note")
	delete(x.m, p)
	x.what, x.want = p, alone
	x.on(p)
	switch kind(p) {
	case "LOCK":
		x.want = harmless // a copy may lack it
	case "journal":
		x.want = alone | outside | harmless // all of it may be sealed
	}
	return true
}

func (x *mutation) swapFiles() bool {
	k := []string{"index", "part", "tiles", "journal", "checkpoint", "vkey", "note"}[x.r.IntN(7)]
	p, q := x.pick(k), x.pick(k)
	if bytes.Equal(x.m[p], x.m[q]) {
		return false
	}
	x.m[p], x.m[q] = x.m[q], x.m[p]
	x.what, x.want = p+" and "+q, alone
	x.on(p)
	x.on(q)
	return true
}

// copyPart puts a part, with its index, where none or another one is.
func (x *mutation) copyPart() bool {
	p, q := x.pick("part"), x.pick("part")
	dst := path.Join(path.Dir(q), path.Base(p))
	switch x.r.IntN(4) {
	case 0:
		dst = path.Join(path.Dir(path.Dir(q)), "2020-01-01", path.Base(p)) // another date
	case 1:
		dst = path.Join(path.Dir(q), strings.Replace(path.Base(p), ".0.parquet", ".1.parquet", 1)) // as after an erasure
	case 2:
		dst = q
	}
	if bytes.Equal(x.m[dst], x.m[p]) {
		return false
	}
	x.m[dst], x.m[dst+ledger.IndexSuffix] = x.m[p], x.m[p+ledger.IndexSuffix]
	x.what, x.want = p+" to "+dst, alone
	x.on(dst)
	return true
}

func (x *mutation) movePart() bool {
	p := x.pick("part")
	dst := path.Join(path.Dir(path.Dir(p)), []string{"2025-11-20", "1999-12-31", "2031-01-01"}[x.r.IntN(3)], path.Base(p))
	if x.r.IntN(3) == 0 {
		dst = path.Join(path.Dir(p), strings.Replace(path.Base(p), ".0.parquet", ".7.parquet", 1))
	}
	for _, s := range []string{"", ledger.IndexSuffix} {
		x.m[dst+s] = x.m[p+s]
		delete(x.m, p+s)
	}
	x.what, x.want = p+" to "+dst, alone
	x.on(dst)
	return true
}

func (x *mutation) extraFile() bool {
	near := path.Dir(x.pick())
	name := []string{"notes.txt", "000000000000-000000000256.0.parquet.bak", "vkey2", ".hidden", "1.journal", "000007"}[x.r.IntN(6)]
	p := path.Join(near, name)
	if x.m[p] != nil {
		return false
	}
	x.m[p] = []byte("something")
	x.what, x.want = p, alone
	x.on(p)
	if near == worldData+"/journal" {
		x.names = append(x.names, "journal")
	}
	return true
}

func (x *mutation) removeFolder() bool {
	id := x.logs[x.r.IntN(len(x.logs))]
	dir := worldData + "/tenants/" + id.Tenant + "/" + string(id.Tier) + "/"
	x.want = alone
	switch x.r.IntN(5) {
	case 0:
		dir += "tiles/"
	case 1:
		dir += "parts/"
	case 2:
		dir, x.want = worldData+"/journal/", alone // a checkpoint covers commits in it
	case 3:
		dir = worldData + "/tenants/" + id.Tenant + "/" // and what the journal has of it
	}
	for _, p := range x.m.names(func(p string) bool { return strings.HasPrefix(p, dir) }) {
		delete(x.m, p)
		x.on(p)
	}
	x.what = dir
	x.names = append(x.names, "log "+id.Tenant, id.String(), "tenants/"+id.Tenant)
	return true
}
