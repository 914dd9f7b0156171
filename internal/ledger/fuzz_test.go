package ledger

import (
	"bytes"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// FuzzJournal reads a journal file of any bytes: it never panics, and what it
// takes for a commit writes back to the same bytes.
func FuzzJournal(f *testing.F) {
	enc := part.NewEncoder()
	id := hansard.LogID{Tenant: "acme", Tier: hansard.TierInfo}
	e := &hansard.Entry{Encoder: 1, Tier: id.Tier, Log: id, Event: hansard.Event{EventID: "e", EventType: "x.y", Timestamp: 1}}
	body := newCommitFrame([]*stagedLog{{log: &log{id: id}, items: []*sealable{{Row: part.Row{Bytes: part.AppendBody(nil, e)}}}}}).body()
	file := appendFrame(journalHead(1, true), 1, journalHeader, 1, 1, body, make([]byte, frameSig))
	f.Add(file)
	f.Add(append(file, make([]byte, 64)...))
	f.Add(file[:len(file)-9])
	f.Fuzz(func(t *testing.T, b []byte) {
		at := int64(journalHeader)
		tail, err := scanJournal(b, 1, nil, func(fr frame) error {
			again := appendFrame(nil, 1, at, fr.commit, int(fr.entries), fr.body, fr.sig)
			if !bytes.Equal(again, b[at:at+fr.size]) {
				t.Fatalf("commit at %d does not write back", at)
			}
			at += fr.size
			_, _ = parseBody(enc, fr.body)
			return nil
		})
		if err == nil && (tail.end < journalHeader || tail.end > int64(len(b))) {
			t.Fatalf("the tail begins at %d of %d", tail.end, len(b))
		}
		_, _ = parseBody(enc, b)
	})
}
