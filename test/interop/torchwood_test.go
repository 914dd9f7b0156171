package interop_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"testing"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"
)

// reader is torchwood's client of one log.
type reader struct {
	*torchwood.Client
	tiles  *torchwood.TileFetcher
	policy torchwood.Policy
}

func newReader(t *testing.T, base string, l publicLog) *reader {
	t.Helper()
	tiles, err := torchwood.NewTileFetcher(base)
	if err != nil {
		t.Fatal(err)
	}
	c, err := torchwood.NewClient(tiles)
	if err != nil {
		t.Fatal(err)
	}
	return &reader{c, tiles, policy(t, l)}
}

// policy is satisfied by a checkpoint with the log's origin and signature.
func policy(t *testing.T, l publicLog) torchwood.Policy {
	t.Helper()
	return torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(l.Origin), torchwood.SingleVerifierPolicy(l.verifier(t)))
}

// tree fetches the checkpoint and returns what it says, if it is signed.
func (r *reader) tree(ctx context.Context) (tlog.Tree, error) {
	signed, err := r.tiles.ReadEndpoint(ctx, "checkpoint")
	if err != nil {
		return tlog.Tree{}, err
	}
	checkpoint, _, err := torchwood.VerifyCheckpoint(signed, r.policy)
	return checkpoint.Tree, err
}

// mustTree returns the log's tree as it is now.
func (r *reader) mustTree(t *testing.T) tlog.Tree {
	t.Helper()
	tree, err := r.tree(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// verify reads all entries of the log, of which torchwood checks each.
func (r *reader) verify(ctx context.Context) error {
	tree, err := r.tree(ctx)
	if err != nil {
		return err
	}
	for range r.AllEntries(ctx, tree, 0) {
	}
	return r.Err()
}

// leaf is what the tests read of a leaf.
type leaf struct {
	V          int
	EventID    string `json:"event_id"`
	Tier       string
	Position   int64
	ReceivedAt time.Time `json:"received_at"`
	Statement  json.RawMessage
}

// readAll reads all entries of a tree. torchwood checks each against the root;
// here each is compared with what the log promises of its leaves.
func (r *reader) readAll(t *testing.T, tree tlog.Tree) (leaves []leaf, hashes []tlog.Hash, largest int) {
	t.Helper()
	var last leaf
	for i, entry := range r.AllEntries(t.Context(), tree, 0) {
		var l leaf
		if err := json.Unmarshal(entry, &l); err != nil {
			t.Fatalf("entry %d: %v", i, err)
		}
		if l.V != 1 || l.EventID == "" || i > 0 && (l.Position <= last.Position || l.ReceivedAt.Before(last.ReceivedAt)) {
			t.Fatalf("entry %d: %+v after %+v", i, l, last)
		}
		last, largest = l, max(largest, len(entry))
		leaves, hashes = append(leaves, l), append(hashes, tlog.RecordHash(entry))
	}
	if err := r.Err(); err != nil || int64(len(leaves)) != tree.N {
		t.Fatalf("read %d of %d entries: %v", len(leaves), tree.N, err)
	}
	return leaves, hashes, largest
}

// TestTorchwoodReads reads every entry of every log and compares it with what
// the API says of the same entry. Then the logs grow, and each is shown to have
// kept what was signed before.
func TestTorchwoodReads(t *testing.T) {
	s := start(t)
	s.fill(12, 100)
	listed := s.listed()
	before := map[string]tlog.Tree{}
	total, largest := int64(0), 0
	for _, l := range s.logs() {
		r := newReader(t, s.base(l), l)
		tree := r.mustTree(t)
		if uint64(tree.N) != l.Size || tree.N < 64 {
			t.Errorf("%s: a checkpoint of %d entries, committed are %d", l.Log, tree.N, l.Size)
		}
		leaves, hashes, size := r.readAll(t, tree)
		for i, leaf := range leaves {
			if want := listed[fmt.Sprintf("%s/%d", l.Log, i)]; want.EventID != leaf.EventID || want.LeafHash != fmt.Sprintf("%x", hashes[i][:]) {
				t.Fatalf("%s: entry %d: %+v, the API says %+v", l.Log, i, leaf, want)
			}
		}
		before[l.Log], total, largest = tree, total+tree.N, max(largest, size)
		t.Logf("%s: %d entries, %d of them in parts", l.Log, tree.N, l.Sealed)
	}
	if int(total) != len(listed) {
		t.Errorf("the logs hold %d entries, the API lists %d", total, len(listed))
	}
	if largest < 1<<15 || largest >= 1<<16 {
		t.Errorf("the largest leaf has %d bytes, the test wants one whose length needs all 16 bits", largest)
	}
	for i := range 3 {
		s.post(300 + i*77)
		if i == 1 {
			s.seal()
			s.merge(1000)
		}
		s.publish()
		for _, l := range s.logs() {
			r := newReader(t, s.base(l), l)
			tree := r.mustTree(t)
			r.checkGrowth(t, before[l.Log], tree)
			before[l.Log] = tree
		}
	}
}

// checkGrowth checks that newer is a later state of the tree older.
func (r *reader) checkGrowth(t *testing.T, older, newer tlog.Tree) {
	t.Helper()
	if newer.N < older.N {
		t.Fatalf("a log of %d entries became one of %d", older.N, newer.N)
	}
	proof, err := tlog.ProveTree(newer.N, older.N, torchwood.TileHashReaderWithContext(t.Context(), newer, r.tiles))
	if err != nil {
		t.Fatal(err)
	}
	if err := tlog.CheckTree(proof, newer.N, newer.Hash, older.N, older.Hash); err != nil {
		t.Errorf("from %d to %d entries: %v", older.N, newer.N, err)
	}
	older.Hash[0] ^= 1
	if tlog.CheckTree(proof, newer.N, newer.Hash, older.N, older.Hash) == nil {
		t.Error("another older root is consistent too")
	}
}

// listedEntry is an entry as the API lists it.
type listedEntry struct {
	EventID  string `json:"event_id"`
	Log      string
	Index    int64
	LeafHash string `json:"leaf_hash"`
}

// listed pages through all entries, events and statements, by log and index.
func (s *server) listed() map[string]listedEntry {
	s.t.Helper()
	all := map[string]listedEntry{}
	for _, q := range []string{"", "tier:meta"} {
		for cursor := ""; ; {
			b, _ := s.call("GET", "/v1/events?limit=1000&q="+q+"&cursor="+url.QueryEscape(cursor), nil)
			var page struct {
				Events     []listedEntry
				NextCursor string `json:"next_cursor"`
			}
			if err := json.Unmarshal(b, &page); err != nil {
				s.t.Fatal(err)
			}
			for _, e := range page.Events {
				all[fmt.Sprintf("%s/%d", e.Log, e.Index)] = e
			}
			if cursor = page.NextCursor; cursor == "" {
				break
			}
		}
	}
	return all
}

// TestTorchwoodProof gives proofs of events to torchwood, with and without the
// content, of entries in parts and in none.
func TestTorchwoodProof(t *testing.T) {
	s := start(t)
	s.post(700)
	s.postGiant()
	s.seal()
	s.post(333)
	policies := map[string]torchwood.Policy{}
	for _, l := range s.logs() {
		policies[l.VKey] = policy(t, l)
	}
	ids := []string{"giant"}
	for i := 0; i < 700; i += 19 {
		ids = append(ids, fmt.Sprintf("e-%06d", i))
	}
	for i := 701; i < 1034; i += 11 {
		ids = append(ids, fmt.Sprintf("e-%06d", i))
	}
	for _, id := range ids {
		for _, query := range []string{"", "?disclose=true"} {
			proof, header := s.call("GET", "/v1/events/"+id+"/proof"+query, nil)
			p := policies[header.Get("Hansard-VKey")]
			if p == nil {
				t.Fatalf("%s: no log has the key %q", id, header.Get("Hansard-VKey"))
			}
			if err := verifyProof(p, proof, id); err != nil {
				t.Errorf("%s%s: %v", id, query, err)
			}
		}
	}
	t.Logf("%d proofs accepted", 2*len(ids))
}

// verifyProof checks that a proof's extra data begins with the leaf of the named
// event, and that this leaf is in the log.
func verifyProof(p torchwood.Policy, proof []byte, id string) error {
	extra, err := torchwood.ProofExtraData(proof)
	if err != nil {
		return err
	}
	first, _, _ := bytes.Cut(extra, []byte("\n"))
	var l leaf
	if err := json.Unmarshal(first, &l); err != nil {
		return err
	}
	if l.EventID != id {
		return fmt.Errorf("a proof of %s", l.EventID)
	}
	return torchwood.VerifyProof(p, tlog.RecordHash(first), proof)
}

// TestTorchwoodRefuses changes every byte of a proof. What torchwood then still
// accepts must be the same leaf: base64 has bits that mean nothing.
func TestTorchwoodRefuses(t *testing.T) {
	s := start(t)
	s.post(300)
	proof, header := s.call("GET", "/v1/events/e-000123/proof", nil)
	var p torchwood.Policy
	for _, l := range s.logs() {
		if l.VKey == header.Get("Hansard-VKey") {
			p = policy(t, l)
		} else if err := verifyProof(policy(t, l), proof, "e-000123"); err == nil {
			t.Errorf("the key of %s verifies it too", l.Log)
		}
	}
	if err := verifyProof(p, proof, "e-000123"); err != nil {
		t.Fatal(err)
	}
	extra, _ := torchwood.ProofExtraData(proof)
	refused := 0
	for i := range proof {
		bad := bytes.Clone(proof)
		bad[i] ^= 1
		if err := verifyProof(p, bad, "e-000123"); err != nil {
			refused++
		} else if got, err := torchwood.ProofExtraData(bad); err != nil || !bytes.Equal(got, extra) {
			t.Errorf("byte %d changed: another leaf is accepted", i)
		}
	}
	if refused < len(proof)-16 { // one character of each base64 at most
		t.Errorf("%d of %d changed proofs refused", refused, len(proof))
	}
	t.Logf("%d of %d changed proofs refused", refused, len(proof))
}
