package ledger

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"os"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/part"
)

// FuzzJournal reads a journal file of any bytes: it never panics, and what it
// takes for a commit writes back to the same bytes.
func FuzzJournal(f *testing.F) {
	enc := part.NewEncoder()
	id := hansard.LogID{Tenant: "acme", Tier: hansard.TierInfo}
	e := &hansard.Entry{Encoder: 1, Tier: id.Tier, Log: id, Event: hansard.Event{EventID: "e", EventType: "x.y", Timestamp: 1}}
	s := &stagedLog{log: &log{id: id}}
	s.add(enc, e)
	body := newCommitFrame([]*stagedLog{s}).appendBody(nil)
	file := appendFrame(journalHead(1, true), 1, journalHeader, frame{commit: 1, entries: 1, body: body, sig: make([]byte, frameSig)})
	f.Add(file)
	f.Add(append(file, make([]byte, 64)...))
	f.Add(file[:len(file)-9])
	f.Fuzz(func(t *testing.T, b []byte) {
		at := int64(journalHeader)
		tail, err := scanJournal(b, 1, nil, func(fr frame) error {
			again := appendFrame(nil, 1, at, fr)
			if !bytes.Equal(again, b[at:at+fr.size]) {
				t.Fatalf("commit at %d does not write back", at)
			}
			at += fr.size
			_, _ = sectionsOf(enc, fr, nil)
			return nil
		})
		if err == nil && (tail.end < journalHeader || tail.end > int64(len(b))) {
			t.Fatalf("the tail begins at %d of %d", tail.end, len(b))
		}
		_, _ = parseBody(enc, b)
	})
}

// FuzzFormat reads any bytes as the file that says what a data folder is: a name
// that is taken writes back to the same bytes.
func FuzzFormat(f *testing.F) {
	dir := f.TempDir()
	l := layout{dir: dir, fs: durable.OS{}}
	if err := l.writeName("hansard-1f2e3d4c"); err != nil {
		f.Fatal(err)
	}
	b, err := os.ReadFile(l.format())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte("hansard data 1\nname x\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, text := range []string{string(body), fmt.Sprintf("%scrc32c %08x\n", body, crc32.Checksum(body, castagnoli))} {
			if err := os.WriteFile(l.format(), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			name, err := l.readName()
			if err != nil {
				continue
			}
			if err := l.writeName(name); err != nil {
				t.Fatal(err)
			}
			if again, err := os.ReadFile(l.format()); err != nil || string(again) != text {
				t.Fatalf("%q writes back as %q, %v", text, again, err)
			}
		}
	})
}
