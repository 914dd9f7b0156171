package proof_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/proof"
)

// memTree is a tree in memory, by the library's own bookkeeping.
type memTree []tlog.Hash

func (m memTree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, i := range indexes {
		out = append(out, m[i])
	}
	return out, nil
}

func leafWith(salt, content []byte) []byte {
	sum := sha256.Sum256(append(bytes.Clone(salt), content...))
	return []byte(fmt.Sprintf(`{"content":{"alg":"sha256","digest":"%x","size":%d},"event_id":"e"}`, sum, len(content)))
}

func newProof(t *testing.T, size, index int64) (*proof.Proof, note.Verifier) {
	t.Helper()
	skey, vkey, err := note.GenerateKey(rand.Reader, proof.Origin("test", hansard.LogID{Tenant: "a", Tier: "info"}))
	if err != nil {
		t.Fatal(err)
	}
	signer, _ := note.NewSigner(skey)
	verifier, _ := note.NewVerifier(vkey)
	p := &proof.Proof{Index: index, Salt: []byte("0123456789abcdef"), Content: []byte(`{"params":{"a":1}}`)}
	p.Leaf = leafWith(p.Salt, p.Content)
	var tree memTree
	for i := range size {
		leaf := p.Leaf
		if i != index {
			leaf = []byte(fmt.Sprint(i))
		}
		hashes, err := tlog.StoredHashes(i, leaf, tree)
		if err != nil {
			t.Fatal(err)
		}
		tree = append(tree, hashes...)
	}
	root, err := tlog.TreeHash(size, tree)
	if err != nil {
		t.Fatal(err)
	}
	if p.Hashes, err = tlog.ProveRecord(size, index, tree); err != nil {
		t.Fatal(err)
	}
	if p.Checkpoint, err = (proof.Checkpoint{Origin: signer.Name(), Size: size, Root: root}).Sign(signer); err != nil {
		t.Fatal(err)
	}
	return p, verifier
}

func TestVerify(t *testing.T) {
	for _, size := range []int64{1, 2, 7, 256, 1000} {
		p, v := newProof(t, size, size/3)
		got, err := proof.Parse(p.Format())
		if err != nil {
			t.Fatal(err)
		}
		c, err := got.Verify(v)
		if err != nil || c.Size != size {
			t.Errorf("size %d: %v, %v", size, c, err)
		}
	}
}

// TestTampered flips every bit of a proof's text: each must be refused, except
// where base64 has bits that mean nothing.
func TestTampered(t *testing.T) {
	p, v := newProof(t, 100, 42)
	text := p.Format()
	for i := range text {
		for bit := range 8 {
			bad := bytes.Clone(text)
			bad[i] ^= 1 << bit
			got, err := proof.Parse(bad)
			if err != nil {
				continue
			}
			if _, err := got.Verify(v); err == nil && !bytes.Equal(got.Leaf, p.Leaf) {
				t.Fatalf("byte %d bit %d: accepted another leaf", i, bit)
			}
		}
	}
}

func TestRefused(t *testing.T) {
	f := func(name, want string, change func(*proof.Proof)) {
		t.Helper()
		p, v := newProof(t, 100, 42)
		change(p)
		if _, err := p.Verify(v); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	f("another leaf", "not in the log", func(p *proof.Proof) { p.Leaf = []byte("{}") })
	f("another index", "not in the log", func(p *proof.Proof) { p.Index++ })
	f("index beyond", "log of 100 entries", func(p *proof.Proof) { p.Index = 100 })
	f("another content", "committed to", func(p *proof.Proof) { p.Content = []byte(`{"params":{"a":2}}`) })
	f("another salt", "committed to", func(p *proof.Proof) { p.Salt[0]++ })
	f("another key", "checkpoint", func(p *proof.Proof) { q, _ := newProof(t, 1, 0); p.Checkpoint = q.Checkpoint })
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("c2sp.org/tlog-proof@v1\nextra e30=\nindex 0\n\no\n1\nx\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := proof.Parse(b)
		if err != nil {
			return
		}
		if _, err := proof.Parse(p.Format()); err != nil {
			t.Fatalf("what was parsed does not parse again: %v", err)
		}
		_, _ = proof.ParseCheckpoint(string(b))
	})
}

// FuzzOpenCheckpoint signs any text, and reads any bytes as a signed checkpoint:
// what is taken is what a checkpoint says, with the key's name as its origin.
func FuzzOpenCheckpoint(f *testing.F) {
	skey, vkey, err := note.GenerateKey(rand.Reader, "test/log/acme/info")
	if err != nil {
		f.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		f.Fatal(err)
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		f.Fatal(err)
	}
	good := proof.Checkpoint{Origin: "test/log/acme/info", Size: 7}
	signed, err := good.Sign(signer)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(signed))
	f.Add(good.Text())
	f.Add(good.Text() + "extension\n")
	f.Add(strings.Replace(good.Text(), "7", "-7", 1))
	f.Fuzz(func(t *testing.T, text string) {
		candidates := [][]byte{[]byte(text)}
		if b, err := note.Sign(&note.Note{Text: text}, signer); err == nil {
			candidates = append(candidates, b)
		}
		for _, b := range candidates {
			c, err := proof.OpenCheckpoint(b, verifier)
			if err != nil {
				continue
			}
			if c.Origin != verifier.Name() || c.Size < 0 || !strings.HasPrefix(string(b), strings.TrimSuffix(c.Text(), "\n")) {
				t.Fatalf("%q is read as %+v", b, c)
			}
		}
	})
}
