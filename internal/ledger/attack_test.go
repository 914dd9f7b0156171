package ledger_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/keys"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/part"
)

// The tests in this file are attacks by somebody who may write to the data
// folder and has none of the keys.

func checkpointPath(dir string, id hansard.LogID) string {
	return filepath.Join(dir, "tenants", id.Tenant, string(id.Tier), "checkpoint")
}

// stoppedLedger makes a folder with n sealed parts of 256 tool calls. It returns
// the checkpoints that were published after the one before the last.
func stoppedLedger(t *testing.T, n int) (dir string, older map[hansard.LogID][]byte) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "data")
	l := open(t, dir, nil, quiet)
	d := newDesk(t, l)
	older = map[hansard.LogID][]byte{}
	for k := range n {
		d.sealCalls(k*256, (k+1)*256)
		if k == n-2 {
			for _, id := range []hansard.LogID{infoLog, metaLog} {
				older[id] = readFile(t, checkpointPath(dir, id))
			}
		}
	}
	closeLedger(t, l)
	checkLedger(t, dir)
	return dir, older
}

// forgeAll gives entry 300 of the info log another agent and edits what the meta
// log states, so that all hashes fit again.
func forgeAll(t *testing.T, dir string, older map[hansard.LogID][]byte) {
	t.Helper()
	sums, err := ledger.Forge(dir, infoLog, func(e *hansard.Entry) bool {
		if e.Index == 300 {
			e.AgentName = "somebody-else"
		}
		return e.Index == 300
	})
	if err != nil || len(sums) != 1 {
		t.Fatalf("%d parts forged: %v", len(sums), err)
	}
	edited, err := ledger.Forge(dir, metaLog, func(e *hansard.Entry) bool {
		s := restate(t, e.Statement, sums, string(older[infoLog]))
		changed := s != nil
		if changed {
			e.Statement = s
		}
		return changed
	})
	if err != nil || len(edited) == 0 {
		t.Fatalf("%d parts of the meta log forged: %v", len(edited), err)
	}
}

// restate returns the statement with the forged parts' hashes and an older
// checkpoint, nil if it is not about them.
func restate(t *testing.T, statement []byte, sums map[string]string, checkpoint string) []byte {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(statement, &m); err != nil {
		t.Fatal(err)
	}
	parts, _ := m["parts"].([]any)
	hit := false
	for _, p := range parts {
		p := p.(map[string]any)
		if sum := sums[p["name"].(string)]; sum != "" {
			p["sha256"], m["checkpoint"], hit = sum, checkpoint, true
		}
	}
	if !hit {
		return nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(m); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSpace(b.Bytes())
}

// TestForgedRows edits a sealed entry and everything that leads to it, and puts
// back checkpoints that do not cover it, or none.
func TestForgedRows(t *testing.T) {
	t.Parallel()
	dir, older := stoppedLedger(t, 2)
	forgeAll(t, dir, older)
	f := func(name string, change func(t *testing.T, dir string)) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			forged := filepath.Join(t.TempDir(), "data")
			copyFolder(t, dir, forged)
			change(t, forged)
			found(t, forged, "log acme/info, entry ")
			found(t, forged, "log acme/meta, entry ")
			found(t, forged, "an older one was put back")
			refused(t, forged)
		})
	}
	putBack := func(t *testing.T, dir string) {
		for id, b := range older {
			writeFile(t, checkpointPath(dir, id), b)
		}
	}
	f("older checkpoints", putBack)
	f("older checkpoints, no indexes", func(t *testing.T, dir string) {
		putBack(t, dir)
		for _, path := range glob(t, dir, "tenants/acme/info/parts/*/*"+ledger.IndexSuffix) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
	})
	f("no checkpoints", func(t *testing.T, dir string) {
		for id := range older {
			if err := os.Remove(checkpointPath(dir, id)); err != nil {
				t.Fatal(err)
			}
		}
	})
	// With the checkpoints that were there the roots do not fit.
	found(t, dir, "are not those that the checkpoint covers")
	refused(t, dir)
}

// removeParts removes the parts of the info log whose names begin so.
func removeParts(t *testing.T, dir, first string) {
	t.Helper()
	for _, path := range glob(t, dir, "tenants/acme/info/parts/*/"+first+"-*") {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFirstPartRemoved(t *testing.T) {
	t.Parallel()
	dir, _ := stoppedLedger(t, 3)
	removeParts(t, dir, "000000000000")
	found(t, dir, "entries 0 to 255 are in no part")
	unreadable(t, dir)
	refused(t, dir)
}

// TestCutTail removes the last part and its hashes, and puts back the checkpoint
// from before: only what the meta log states gives it away.
func TestCutTail(t *testing.T) {
	t.Parallel()
	dir, older := stoppedLedger(t, 3)
	removeParts(t, dir, "000000000512")
	for row, n := range []int64{512, 2} {
		if err := os.Truncate(filepath.Join(dir, "tenants/acme/info/tiles", fmt.Sprint(row), "000000"), n*32); err != nil {
			t.Fatal(err)
		}
	}
	writeFile(t, checkpointPath(dir, infoLog), older[infoLog])
	found(t, dir, "the log had 768 entries when statement ")
	removeParts(t, dir, "000000000000")
	found(t, dir, "entries 0 to 255 are in no part")
	found(t, dir, "the log had 768 entries when statement ")
	unreadable(t, dir)
	refused(t, dir)
}

// TestForeignIndex puts indexes beside parts that are not theirs. They are
// derived: a start may make them anew; a reader changes nothing and refuses.
func TestForeignIndex(t *testing.T) {
	t.Parallel()
	dir, _ := stoppedLedger(t, 2)
	f := func(name string, change func(t *testing.T, first, second string)) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			copied := filepath.Join(t.TempDir(), "data")
			copyFolder(t, dir, copied)
			indexes := glob(t, copied, "tenants/acme/info/parts/*/*"+ledger.IndexSuffix)
			change(t, indexes[0], indexes[1])
			found(t, copied, "log acme/info")
			unreadable(t, copied)
			l, err := ledger.Open(ledger.Config{Dir: copied})
			if err != nil {
				t.Logf("refused: %v", err)
				return
			}
			closeLedger(t, l)
			checkLedger(t, copied)
			if n := len(readAll(t, copied)); n != 512 {
				t.Errorf("%d events, want 512", n)
			}
		})
	}
	edit := func(change func(x *part.Index)) func(t *testing.T, first, second string) {
		return func(t *testing.T, first, _ string) {
			x, err := part.ParseIndex(readFile(t, first))
			if err != nil {
				t.Fatal(err)
			}
			change(x)
			writeFile(t, first, x.Append(nil))
		}
	}
	f("swapped", func(t *testing.T, first, second string) {
		a, b := readFile(t, first), readFile(t, second)
		writeFile(t, first, b)
		writeFile(t, second, a)
	})
	f("another date", edit(func(x *part.Index) { x.Date = "2001-01-01" }))
	f("a path for a date", edit(func(x *part.Index) { x.Date = "../../../../../../../etc" }))
	f("another tenant", edit(func(x *part.Index) { x.Log.Tenant = "other" }))
	f("another range", edit(func(x *part.Index) { x.Name.End += 256 }))
}

// TestHostileRow puts a commit into the journal whose checksums fit and whose
// row is no JSON where it should be. With the journal's own signature it gets as
// far as the row.
func TestHostileRow(t *testing.T) {
	t.Parallel()
	dir, _ := stoppedLedger(t, 1)
	ring, err := keys.Open(durable.OS{}, dir+".keys", "test")
	if err != nil {
		t.Fatal(err)
	}
	signer, _, err := ring.JournalSigner(false)
	if err != nil {
		t.Fatal(err)
	}
	id := part.NewEncoder().Column("redactions").ID
	f := func(redactions string, signer note.Signer, want string) {
		t.Helper()
		row := append(part.AppendPlace(nil, part.Place{}), byte(id), byte(len(redactions)))
		row = append(row, redactions...)
		b, err := ledger.JournalFile(1, 1, signer, infoLog, row)
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(dir, "journal", "0000000000000001.journal"), b)
		found(t, dir, want)
		unreadable(t, dir)
		refused(t, dir)
	}
	for _, s := range []string{`{"aaaaa"`, `{"aaaa"`, `{"aaaaa\`, `{"aaaaaa`, `{"a":1`, `"`, `{"a":1}{`} {
		f(s, signer, "redactions")
		f(s, nil, "signature is not the journal key's")
	}
}

// crashedLedger makes a folder with n commits in the journal, in files of the
// given size, and no seal. It returns the journal's files.
func crashedLedger(t *testing.T, n int, journal int64) (dir string, files []string) {
	t.Helper()
	running := filepath.Join(t.TempDir(), "data")
	l := open(t, running, nil, func(c *ledger.Config) {
		quiet(c)
		c.JournalSize = journal
	})
	d := newDesk(t, l)
	for i := range n {
		d.append(l, "acme", i, i+1)
	}
	dir = filepath.Join(t.TempDir(), "data")
	copyFolder(t, running, dir)
	closeLedger(t, l)
	checkLedger(t, dir)
	spare := func(file string) bool { return blank(readFile(t, file)) }
	return dir, slices.DeleteFunc(glob(t, dir, "journal/*"), spare)
}

// blank reports whether there is nothing but zeros.
func blank(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

// damaged changes one journal file in a copy of the folder and wants that to be
// noticed by everybody.
func damaged(t *testing.T, dir, file string, change func(b []byte)) {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "data")
	copyFolder(t, dir, copied)
	path := filepath.Join(copied, "journal", filepath.Base(file))
	b := readFile(t, path)
	change(b)
	writeFile(t, path, b)
	found(t, copied, "journal")
	unreadable(t, copied)
	refused(t, copied)
}

// TestJournalHeaderZeroed makes journal files with commits look as if they had
// never been begun.
func TestJournalHeaderZeroed(t *testing.T) {
	t.Parallel()
	for _, journal := range []int64{1 << 18, 1 << 12} {
		dir, files := crashedLedger(t, 30, journal)
		if several := journal < 1<<18; several != (len(files) > 2) {
			t.Fatalf("%d journal files of %d bytes", len(files), journal)
		}
		for i, file := range files {
			t.Run(fmt.Sprintf("file %d of %d", i+1, len(files)), func(t *testing.T) {
				damaged(t, dir, file, func(b []byte) { clear(b[:64]) })
			})
		}
	}
}

// TestJournalPageZeroed is what a lost first page leaves: the header is gone and
// the first commit with it, but later ones are there.
func TestJournalPageZeroed(t *testing.T) {
	t.Parallel()
	dir, files := crashedLedger(t, 12, 1<<18)
	damaged(t, dir, files[0], func(b []byte) { clear(b[:4096]) })
}

// TestEarlyCommitDamaged changes a bit in each commit but the last one. Only the
// last one may be torn.
func TestEarlyCommitDamaged(t *testing.T) {
	t.Parallel()
	dir, files := crashedLedger(t, 6, 1<<18)
	at, err := ledger.CommitsIn(readFile(t, files[0]), 1)
	if err != nil || len(at) != 6 {
		t.Fatalf("%d commits, want 6: %v", len(at), err)
	}
	for i, start := range at[:5] {
		for _, offset := range []int64{0, 5, 9, 17, 40, at[i+1] - start - 20} {
			t.Run(fmt.Sprintf("commit %d, byte %d", i+1, offset), func(t *testing.T) {
				damaged(t, dir, files[0], func(b []byte) { b[start+offset] ^= 1 })
			})
		}
	}
	several, files := crashedLedger(t, 30, 1<<12)
	for _, file := range files[:len(files)-1] {
		seq := uint64(0)
		if _, err := fmt.Sscanf(filepath.Base(file), "%x", &seq); err != nil {
			t.Fatal(err)
		}
		at, err := ledger.CommitsIn(readFile(t, file), seq)
		if err != nil {
			t.Fatal(err)
		}
		t.Run("the last commit of "+strings.TrimLeft(filepath.Base(file), "0"), func(t *testing.T) {
			damaged(t, several, file, func(b []byte) { b[at[len(at)-1]+40] ^= 1 })
		})
	}
}

// TestReaderBehindCheckpoint takes the journal away, or damages its last commit,
// under a checkpoint that covers it. A reader may refuse the folder; if it does
// not, what it proves must not end the process.
func TestReaderBehindCheckpoint(t *testing.T) {
	t.Parallel()
	running := filepath.Join(t.TempDir(), "data")
	l := open(t, running, nil, quiet)
	d := newDesk(t, l)
	d.sealCalls(0, 10)
	d.append(l, "acme", 400, 401)
	d.append(l, "acme", 404, 405)
	if err := l.PublishCheckpoints(); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "data")
	copyFolder(t, running, dir)
	closeLedger(t, l)
	entry := sealedOf(t, dir)[0]
	file := glob(t, dir, "journal/*")[0]
	whole := readFile(t, file)
	at, err := ledger.CommitsIn(whole, 1)
	if err != nil {
		t.Fatal(err)
	}
	f := func(name string, change func(b []byte)) {
		t.Helper()
		b := bytes.Clone(whole)
		change(b)
		writeFile(t, file, b)
		found(t, dir, "the checkpoint covers 12 entries")
		refused(t, dir)
		defer func() {
			if p := recover(); p != nil {
				t.Errorf("%s: the reader panics: %v", name, p)
			}
		}()
		r, err := ledger.OpenReader(durable.OS{}, dir)
		if err == nil {
			_, err = r.Prove(entry, false)
			_ = r.Close()
		}
		if hansard.KindOf(err) != hansard.KindCorrupt {
			t.Errorf("%s: %v, want an error of kind %v", name, err, hansard.KindCorrupt)
		}
	}
	f("last commit", func(b []byte) { b[at[len(at)-1]+60] ^= 1 })
	f("whole journal", func(b []byte) { clear(b) })
}
