package ledger_test

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/proof"
)

// olderFile puts a file back as it was before.
func (x *mutation) olderFile() bool {
	p := x.pick("index", "tiles", "checkpoint", "journal")
	old, ok := x.older[p]
	if !ok || bytes.Equal(old, x.m[p]) {
		return false
	}
	x.m[p], x.what, x.want = old, p, alone
	x.on(p)
	switch kind(p) {
	case "journal": // a reused number: other commits, or fewer
		x.want = alone | outside
	case "checkpoint":
		if !x.moreParts(p) {
			x.want = harmless // it covers what is in parts, and the journal has the rest
		}
	case "tiles":
		x.want = alone
	}
	return true
}

// moreParts reports whether the log of a checkpoint has parts that the older
// folder had not.
func (x *mutation) moreParts(checkpoint string) bool {
	dir := path.Dir(checkpoint) + "/parts/"
	for _, p := range x.m.names(func(p string) bool { return strings.HasPrefix(p, dir) && kind(p) == "part" }) {
		if _, ok := x.older[p]; !ok {
			return true
		}
	}
	return false
}

// olderFolder puts the whole folder, a tenant or a log back as it was before. The
// whole folder is consistent then.
func (x *mutation) olderFolder() bool {
	id := x.logs[x.r.IntN(len(x.logs))]
	dir := worldData + "/"
	x.want = outside
	switch x.r.IntN(3) {
	case 0:
		dir, x.want = worldData+"/tenants/"+id.Tenant+"/", alone|outside|harmless
	case 1: // the journal may have all that came later
		dir, x.want = worldData+"/tenants/"+id.String()+"/", alone|outside|harmless
	}
	under := func(p string) bool { return strings.HasPrefix(p, dir) }
	for _, p := range x.m.names(under) {
		delete(x.m, p)
	}
	for _, p := range x.older.names(under) {
		x.m[p] = x.older[p]
	}
	x.what = dir
	x.names = append(x.names, "log "+id.Tenant, "journal")
	return true
}

// forgery returns an edit of one entry of a part, and what it is.
func (x *mutation) forgery(first, end uint64) (what string, edit func(e *hansard.Entry) bool) {
	at := first + x.r.Uint64N(end-first)
	changes := []struct {
		what string
		edit func(e *hansard.Entry)
	}{
		{"another agent", func(e *hansard.Entry) { e.AgentName = "somebody-else" }},
		{"received a day earlier", func(e *hansard.Entry) { e.ReceivedAt -= 86400e9 }},
		{"happened a year earlier", func(e *hansard.Entry) { e.Timestamp -= 365 * 86400e9 }},
		{"another content", func(e *hansard.Entry) { e.Reasoning += " and more" }},
		{"no content", func(e *hansard.Entry) { e.Params, e.Reasoning, e.Salt = nil, "", nil; e.ContentSize = 0 }},
		{"another position", func(e *hansard.Entry) { e.Position++ }},
		{"another event id", func(e *hansard.Entry) { e.EventID += "x" }},
		{"another tier", func(e *hansard.Entry) { e.Tier = hansard.TierDebug; e.SubmittedBy = "x" }},
		{"another salt", func(e *hansard.Entry) {
			e.Salt = append([]byte("x"), e.Salt...)[:max(len(e.Salt), 1)]
		}},
	}
	c := changes[x.r.IntN(len(changes))]
	return fmt.Sprintf("entry %d: %s", at, c.what), func(e *hansard.Entry) bool {
		if e.Index == at {
			c.edit(e)
		}
		return e.Index == at
	}
}

// somePart returns a part that counts, of any log or of one.
func (x *mutation) somePart() part.Info {
	id := x.logs[x.r.IntN(len(x.logs))]
	live, err := ledger.LivePart(x.m, worldData, id)
	if err != nil || len(live) == 0 {
		x.t.Fatalf("log %s has no part: %v", id, err)
	}
	return live[x.r.IntN(len(live))]
}

// editRows edits an entry of a part, swaps two, leaves one out or doubles one, and
// writes the part and its index anew.
func (x *mutation) editRows() bool {
	p := x.somePart()
	file := p.Path(worldData)
	x.want = alone
	x.on(file)
	if x.r.IntN(2) == 0 {
		what, edit := x.forgery(p.Name.First, p.Name.End)
		if _, sum, err := ledger.ForgePart(x.m, worldData, p, edit); err != nil || sum == "" {
			x.t.Fatal(err)
		}
		x.what = file + ": " + what
		return true
	}
	entries, err := ledger.ReadPart(x.m, worldData, p)
	if err != nil || len(entries) < 2 {
		return false
	}
	i := x.r.IntN(len(entries) - 1)
	a, b := entries[i], entries[i+1]
	switch x.r.IntN(4) {
	case 0:
		x.what = "two entries swapped"
		a.Index, b.Index = b.Index, a.Index
		entries[i], entries[i+1] = b, a
	case 1:
		x.what = "two entries swapped, with their places"
		ia, ib := part.PlaceOf(a), part.PlaceOf(b)
		a.Index, a.Position, a.ReceivedAt = ib.Index, ib.Position, ib.ReceivedAt
		b.Index, b.Position, b.ReceivedAt = ia.Index, ia.Position, ia.ReceivedAt
		entries[i], entries[i+1] = b, a
	case 2:
		x.what = "one left out"
		entries = append(entries[:i:i], entries[i+1:]...)
		for k := i; k < len(entries); k++ {
			entries[k].Index--
		}
	default:
		x.what = "one doubled in another's place"
		twice := *a
		twice.Index = b.Index
		entries[i+1] = &twice
	}
	x.what = fmt.Sprintf("%s: %s at %d", file, x.what, i)
	x.putPart(p, entries)
	return true
}

// putPart writes a part and its index with other entries.
func (x *mutation) putPart(p part.Info, entries []*hansard.Entry) {
	file := p.Path(worldData)
	err := durable.WriteFile(x.m, file, func(w io.Writer) error { return part.NewEncoder().Write(w, entries) })
	if err != nil {
		x.t.Fatal(err)
	}
	ids := make([]part.ID, len(entries))
	for i, e := range entries {
		ids[i].Event = part.EventHash(e.EventID)
	}
	if err := ledger.ForgeIndex(x.m, file, part.NewIndex(p.Name, entries, ids)); err != nil {
		x.t.Fatal(err)
	}
}

// editAll edits an entry and all that leads to it but what is signed: part, index,
// tiles, and what the meta log states, with its own part, index and tiles.
func (x *mutation) editAll() bool {
	id := x.logs[x.r.IntN(len(x.logs))]
	live, err := ledger.LivePart(x.m, worldData, id)
	if err != nil || len(live) == 0 {
		return false
	}
	what, edit := x.forgery(0, live[len(live)-1].Name.End)
	sums, err := ledger.ForgeIn(x.m, worldData, id, edit)
	if err != nil || len(sums) == 0 {
		x.t.Fatalf("%d parts: %v", len(sums), err)
	}
	x.what, x.want = fmt.Sprintf("log %s, %s", id, what), alone
	meta := hansard.LogID{Tenant: id.Tenant, Tier: hansard.TierMeta}
	x.names = append(x.names, "log "+id.String(), "log "+meta.String())
	if id == meta || x.r.IntN(2) == 0 {
		return true
	}
	x.what += ", and its statements"
	x.restate(meta, func(m map[string]any) bool {
		hit := false
		parts, _ := m["parts"].([]any)
		for _, p := range parts {
			p := p.(map[string]any)
			if sum := sums[p["name"].(string)]; sum != "" && m["log"] == id.String() {
				p["sha256"], hit = sum, true
			}
		}
		return hit
	})
	if x.r.IntN(2) == 0 { // and older checkpoints, which cover less
		for _, lg := range []hansard.LogID{id, meta} {
			p := checkpointPath(worldData, lg)
			if old, ok := x.older[p]; ok {
				x.m[p] = old
			}
		}
		x.what += ", older checkpoints"
	}
	return true
}

// restate edits statements of a meta log and makes its parts, indexes and tiles
// fit.
func (x *mutation) restate(meta hansard.LogID, edit func(m map[string]any) bool) {
	_, err := ledger.ForgeIn(x.m, worldData, meta, func(e *hansard.Entry) bool {
		var m map[string]any
		if err := json.Unmarshal(e.Statement, &m); err != nil {
			x.t.Fatal(err)
		}
		if !edit(m) {
			return false
		}
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(m); err != nil {
			x.t.Fatal(err)
		}
		e.Statement = bytes.TrimSpace(b.Bytes())
		return true
	})
	if err != nil {
		x.t.Fatal(err)
	}
}

// editStatements changes what a meta log states of a seal.
func (x *mutation) editStatements() bool {
	meta := []hansard.LogID{metaLog, {Tenant: "beta", Tier: hansard.TierMeta}}[x.r.IntN(2)]
	n, at := 0, x.r.IntN(8)
	x.restate(meta, func(m map[string]any) bool {
		if n++; n-1 != at {
			return false
		}
		x.what = fmt.Sprintf("statement %d of %s", at, meta)
		switch x.r.IntN(3) {
		case 0:
			m["kind"] = "nothing"
		case 1:
			delete(m, "parts")
			m["log"] = "acme/debug"
		default:
			m["checkpoint"] = "x"
		}
		return true
	})
	x.want = alone
	x.names = append(x.names, "log "+meta.String())
	return x.what != ""
}

// rewritePart edits what is no row: padding, or a bit of the footer, where the
// statistics are that hide rows from queries. The leaves are the same.
func (x *mutation) rewritePart() bool {
	p := x.somePart()
	file := p.Path(worldData)
	b := bytes.Clone(x.m[file])
	footer := len(b) - 8 - int(binary.LittleEndian.Uint32(b[len(b)-8:]))
	if x.r.IntN(2) == 0 {
		b = slices.Insert(b, footer, make([]byte, 1+x.r.IntN(100))...)
	} else {
		b[footer+x.r.IntN(len(b)-8-footer)] ^= 1 << x.r.IntN(8)
	}
	x.m[file] = b
	x.what, x.want = file, alone
	x.on(file)
	if x.r.IntN(3) == 0 {
		return true // with the old index
	}
	x.what += ", and its index"
	old, err := part.ParseIndex(x.m[file+ledger.IndexSuffix])
	if err == nil {
		err = ledger.ForgeIndex(x.m, file, old)
	}
	if err != nil {
		x.t.Fatal(err)
	}
	return true
}

// editTiles changes a leaf hash and all hashes above it, or one above alone.
func (x *mutation) editTiles() bool {
	id := x.logs[x.r.IntN(len(x.logs))]
	live, err := ledger.LivePart(x.m, worldData, id)
	if err != nil || len(live) == 0 {
		return false
	}
	var leaves []tlog.Hash
	for _, p := range live {
		entries, err := ledger.ReadPart(x.m, worldData, p)
		if err != nil {
			x.t.Fatal(err)
		}
		leaves = append(leaves, ledger.LeafHashes(entries)...)
	}
	i := x.r.IntN(len(leaves))
	switch x.r.IntN(3) {
	case 0:
		leaves[i][x.r.IntN(32)] ^= 1
	case 1:
		leaves = leaves[:i]
	default:
		leaves = append(leaves, leaves[i])
	}
	if err := ledger.ForgeTiles(x.m, worldData, id, leaves); err != nil {
		x.t.Fatal(err)
	}
	x.what, x.want = fmt.Sprintf("log %s at %d", id, i), alone
	x.names = append(x.names, "log "+id.String())
	return true
}

// editIndex changes what an index says, with a checksum that fits.
func (x *mutation) editIndex() bool {
	file := x.pick("index")
	b, err := part.ParseIndex(x.m[file])
	if err != nil {
		x.t.Fatal(err)
	}
	switch x.r.IntN(7) {
	case 0:
		b.MinTime++
	case 1:
		b.LastPosition++
	case 2:
		b.Traces[x.r.IntN(len(b.Traces))] ^= 1 << x.r.IntN(64) // hides a trace
	case 3:
		b.IDs = b.IDs[:len(b.IDs)-1] // an event may come again
	case 4:
		b.IDs[x.r.IntN(len(b.IDs))].Event[3] ^= 1
	case 5:
		b.SHA256[0] ^= 1
	default:
		b.Rows--
	}
	x.m[file] = b.Append(nil)
	x.what, x.want = file, alone
	x.on(file)
	return true
}

// someFrames returns a journal file with commits.
func (x *mutation) someFrames() (file string, seq uint64, frames []ledger.Frame) {
	file = x.pick("journal")
	seq = seqOf(file)
	frames, err := ledger.Frames(x.m[file], seq)
	if err != nil {
		x.t.Fatal(err)
	}
	return file, seq, frames
}

// editCommit changes a byte of a commit, with a checksum that fits.
func (x *mutation) editCommit() bool {
	file, seq, frames := x.someFrames()
	if len(frames) == 0 {
		return false
	}
	i := x.r.IntN(len(frames))
	f := &frames[i]
	switch x.r.IntN(3) {
	case 0:
		f.Body = bytes.Clone(f.Body)
		f.Body[x.r.IntN(len(f.Body))] ^= 1 << x.r.IntN(8)
	case 1:
		f.Sig = bytes.Clone(f.Sig)
		f.Sig[x.r.IntN(len(f.Sig))] ^= 1
	default:
		f.Commit++
	}
	x.m[file] = ledger.PutFrames(x.m[file], seq, frames)
	x.what, x.want = fmt.Sprintf("%s, commit %d", file, i), alone
	x.on(file)
	return true
}

// removeCommits leaves commits out: in the middle, or from the end.
func (x *mutation) removeCommits() bool {
	file, seq, frames := x.someFrames()
	if len(frames) == 0 {
		return false
	}
	i := x.r.IntN(len(frames))
	if x.r.IntN(2) == 0 {
		x.what = fmt.Sprintf("%s, from %d on", file, i)
		frames = frames[:i]
		x.want = alone | outside // whether a checkpoint in the folder covers them
		if i == 0 {
			x.want |= harmless // all of them may be sealed
		}
	} else {
		x.what = fmt.Sprintf("%s, commit %d", file, i)
		x.want = alone
		if i == len(frames)-1 || i == 0 {
			x.want = alone | outside | harmless // the first may be sealed already
		}
		frames = append(frames[:i:i], frames[i+1:]...)
	}
	x.m[file] = ledger.PutFrames(x.m[file], seq, frames)
	x.on(file)
	return true
}

// moveCommits swaps commits, doubles one, or puts it into another file.
func (x *mutation) moveCommits() bool {
	file, seq, frames := x.someFrames()
	if len(frames) < 2 {
		return false
	}
	i := x.r.IntN(len(frames) - 1)
	switch x.r.IntN(3) {
	case 0:
		frames[i], frames[i+1] = frames[i+1], frames[i]
	case 1:
		frames[i+1] = frames[i]
	default:
		frames[i], frames[len(frames)-1] = frames[len(frames)-1], frames[i]
	}
	x.m[file] = ledger.PutFrames(x.m[file], seq, frames)
	x.what, x.want = fmt.Sprintf("%s at %d", file, i), alone
	x.on(file)
	return true
}

// editHead changes the header of a journal file, with a checksum that fits.
func (x *mutation) editHead() bool {
	file := x.pick("journal")
	at := []int{0, 16, 24, 44, 50}[x.r.IntN(5)]
	x.want = alone
	if x.r.IntN(5) == 0 {
		at, x.want = 32+x.r.IntN(8), harmless // when the file was made
	}
	x.m[file] = ledger.PutHead(x.m[file], func(head []byte) { head[at] ^= 1 << x.r.IntN(8) })
	x.what = fmt.Sprintf("%s, byte %d", file, at)
	x.on(file)
	return true
}

// replaceKeys puts keys of the attacker's own into the folder, and signs a
// checkpoint over a shorter log with them, or not.
func (x *mutation) replaceKeys() bool {
	file := x.pick("vkey", "journal.vkey")
	name := strings.SplitN(string(x.m[file]), "+", 2)[0]
	skey, vkey, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		x.t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		x.t.Fatal(err)
	}
	x.m[file] = []byte(vkey + "\n")
	x.what, x.want = "keys of "+file, alone
	x.on(file)
	x.names = append(x.names, "journal/")
	if kind(file) == "vkey" && x.r.IntN(2) == 0 {
		p := path.Join(path.Dir(file), "checkpoint")
		text, _, _ := strings.Cut(string(x.m[p]), "\n\n")
		c, err := proof.ParseCheckpoint(text + "\n")
		if err != nil {
			x.t.Fatal(err)
		}
		if x.m[p], err = c.Sign(signer); err != nil {
			x.t.Fatal(err)
		}
		x.what += ", and its checkpoint"
	}
	return true
}

// editName gives the server another name, with a checksum that fits.
func (x *mutation) editName() bool {
	body := []string{"hansard data 1\nname other\n", "hansard data 1\nname test\nname other\n", "hansard data 0\nname test\n", "hansard data 1\nname  test\n"}[x.r.IntN(4)]
	x.m[worldData+"/FORMAT"] = fmt.Appendf(nil, "%scrc32c %08x\n", body, crc32.Checksum([]byte(body), crc32.MakeTable(crc32.Castagnoli)))
	x.what, x.want = fmt.Sprintf("%q", body), alone
	x.names = append(x.names, "FORMAT", "vkey")
	return true
}
