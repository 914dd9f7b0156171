package ledger

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// signedFrame returns a commit of two logs as the journal writes it, and its key.
func signedFrame(t *testing.T, enc *part.Encoder) (frame, note.Verifier) {
	t.Helper()
	skey, vkey, err := note.GenerateKey(rand.Reader, "test/journal")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	var logs []*stagedLog
	for i, tier := range []hansard.Tier{hansard.TierInfo, hansard.TierCritical} {
		s := &stagedLog{log: &log{id: hansard.LogID{Tenant: "acme", Tier: tier}}, first: 200}
		for n := range 3 {
			e := &hansard.Entry{
				Encoder: hansard.EncoderVersion, Tier: tier, SubmittedBy: "loopback", Index: 200 + uint64(n), Position: uint64(1000 + 10*i + n), ReceivedAt: 1763907781000000001,
				Event: hansard.Event{EventID: fmt.Sprint("e-", i, n), EventType: hansard.TypeToolCall, Timestamp: 1763907781000000000, Params: []byte(`{"n":1}`), Tags: []string{"a", "b"}, InputTokens: hansard.Some(int64(7))},
			}
			if n == 2 {
				e.Params = nil // and so no content
			}
			if content := enc.AppendContent(nil, e); len(content) > 0 {
				e.Salt = []byte("0123456789abcdef")
				e.ContentDigest, e.ContentSize = part.Digest(e.Salt, content), int64(len(content))
			}
			s.add(enc, e)
		}
		logs = append(logs, s)
	}
	c := newCommitFrame(logs)
	sig, err := c.sign(signer, 9)
	if err != nil {
		t.Fatal(err)
	}
	return frame{commit: 9, entries: 6, signed: signedLeaves, body: c.appendBody(nil), sig: sig}, verifier
}

// TestFrameSignature changes every bit of a commit's body, whose checksum whoever
// changes it can make fit: no change passes, though the rows themselves are not what
// is signed.
func TestFrameSignature(t *testing.T) {
	enc := part.NewEncoder()
	f, key := signedFrame(t, enc)
	if sections, err := sectionsOf(enc, f, key); err != nil || len(sections) != 2 || len(sections[1].leaves) != 3 {
		t.Fatalf("%d sections, %v", len(sections), err)
	}
	if !signedWith(enc, key)(f) {
		t.Error("a signed commit is told from one")
	}
	for i := range f.body {
		for bit := range 8 {
			f.body[i] ^= 1 << bit
			if _, err := sectionsOf(enc, f, key); err == nil {
				t.Errorf("bit %d of byte %d changed: the signature fits", bit, i)
			}
			f.body[i] ^= 1 << bit
		}
	}
	for _, other := range []frame{
		{commit: 10, signed: f.signed, body: f.body, sig: f.sig},
		{commit: 9, signed: signedBody, body: f.body, sig: f.sig},
	} {
		if _, err := sectionsOf(enc, other, key); !errors.Is(err, errSignature) {
			t.Errorf("commit %d, %d: %v", other.commit, other.signed, err)
		}
	}
}

// TestFrameRowsAreBound rewrites rows so that their leaves stay the same: content is
// taken out as an erasure does, or replaced, or a number is spelled with more bytes.
func TestFrameRowsAreBound(t *testing.T) {
	enc := part.NewEncoder()
	f, key := signedFrame(t, enc)
	rewrite := func(name string, change func(e *hansard.Entry) []byte) {
		t.Helper()
		sections, err := parseBody(enc, f.body)
		if err != nil {
			t.Fatal(err)
		}
		body := binary.AppendUvarint(nil, uint64(len(sections)))
		for _, s := range sections {
			body = appendSectionHead(body, s.log, s.first, len(s.rows))
			for _, e := range s.rows {
				body = appendString(body, string(change(e)))
			}
			body = append(body, s.root[:]...)
		}
		changed := f
		changed.body = body
		_, err = sectionsOf(enc, changed, key)
		if (err == nil) != (name == "nothing") {
			t.Errorf("%s: %v", name, err)
		}
	}
	row := func(e *hansard.Entry) []byte { return enc.AppendRow(nil, e) }
	rewrite("nothing", row)
	rewrite("content erased", func(e *hansard.Entry) []byte { enc.Erase(e); return row(e) })
	rewrite("content replaced", func(e *hansard.Entry) []byte {
		if len(e.Params) > 0 {
			e.Params = []byte(`{"n":2}`)
		}
		return row(e)
	})
	rewrite("salt replaced", func(e *hansard.Entry) []byte {
		if len(e.Salt) > 0 {
			e.Salt = []byte("0123456789abcdeg")
		}
		return row(e)
	})
	rewrite("index spelled long", func(e *hansard.Entry) []byte {
		b := row(e)
		_, n := binary.Uvarint(b)
		long := append([]byte{}, b[:n]...)
		long[n-1] |= 0x80
		return append(append(long, 0), b[n:]...)
	})
}
