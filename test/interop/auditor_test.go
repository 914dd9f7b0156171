package interop_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// audit reads a whole log and checks it against its signed checkpoint, with the
// standard library and golang.org/x/mod alone: what an auditor may write on an
// afternoon, who trusts neither Hansard nor the other tools here. It returns the
// number of entries.
func audit(base, vkey string) (int64, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return 0, err
	}
	signed, err := fetch(base + "checkpoint")
	if err != nil {
		return 0, err
	}
	n, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return 0, err
	}
	var size int64
	var root string
	if _, err := fmt.Sscanf(n.Text, verifier.Name()+"\n%d\n%s\n", &size, &root); err != nil {
		return 0, err
	}
	var tree memory
	for i := int64(0); i < size; {
		bundle, err := fetch(base + bundlePath(i/256, min(256, size-i)))
		if err != nil {
			return 0, err
		}
		for ; len(bundle) > 0; i++ {
			end := 2 + int(binary.BigEndian.Uint16(bundle))
			hashes, err := tlog.StoredHashes(i, bundle[2:end], &tree)
			if err != nil {
				return 0, err
			}
			tree, bundle = append(tree, hashes...), bundle[end:]
		}
	}
	if got, err := tlog.TreeHash(size, &tree); err != nil || got.String() != root {
		return 0, fmt.Errorf("%d entries have the root %s, the checkpoint says %s: %v", size, got, root, err)
	}
	return size, nil
}

// memory holds the hashes of a tree.
type memory []tlog.Hash

// ReadHashes implements tlog.HashReader.
func (m *memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = (*m)[x]
	}
	return out, nil
}

// bundlePath returns the path of an entry bundle: the number in groups of three
// digits, all but the last after an x, and the width if it is not full.
func bundlePath(n, width int64) string {
	path := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		path = fmt.Sprintf("x%03d/", n%1000) + path
	}
	if width < 256 {
		path += fmt.Sprintf(".p/%d", width)
	}
	return "tile/entries/" + path
}

// fetch returns what a URL answers.
func fetch(url string) ([]byte, error) {
	res, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s", url, res.Status)
	}
	return b, err
}

// tiles reads the log's hash tiles for package tlog, which puts the height of
// the tiles into their paths; tlog-tiles does not.
type tiles string

// Height implements tlog.TileReader.
func (tiles) Height() int { return 8 }

// SaveTiles implements tlog.TileReader.
func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// ReadTiles implements tlog.TileReader.
func (base tiles) ReadTiles(wanted []tlog.Tile) (data [][]byte, err error) {
	for _, t := range wanted {
		b, err := fetch(string(base) + strings.Replace(t.Path(), "tile/8/", "tile/", 1))
		if err != nil {
			return nil, err
		}
		data = append(data, b)
	}
	return data, nil
}

// TestAuditor reads every log as an auditor would, and proves single entries of
// it from the hash tiles.
func TestAuditor(t *testing.T) {
	s := start(t)
	s.post(3000)
	s.seal()
	s.post(500)
	s.publish()
	total := int64(0)
	for _, l := range s.logs() {
		size, err := audit(s.base(l), l.VKey)
		if err != nil || uint64(size) != l.Size {
			t.Errorf("%s: %d entries of %d: %v", l.Log, size, l.Size, err)
		}
		total += size
		proveFromTiles(t, s, l)
	}
	t.Logf("%d entries", total)
}

// proveFromTiles proves some records of a log by package tlog's own tile reader.
func proveFromTiles(t *testing.T, s *server, l publicLog) {
	t.Helper()
	lines := strings.Split(l.Checkpoint, "\n")
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		t.Fatal(err)
	}
	tree := tlog.Tree{N: int64(l.Size), Hash: root}
	reader := tlog.TileHashReader(tree, tiles(s.base(l)))
	for i := int64(0); i < tree.N; i += 1 + tree.N/7 {
		leaf, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, i)})
		if err != nil {
			t.Fatalf("%s: %v", l.Log, err)
		}
		proof, err := tlog.ProveRecord(tree.N, i, reader)
		if err != nil {
			t.Fatalf("%s: %v", l.Log, err)
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, i, leaf[0]); err != nil {
			t.Errorf("%s: entry %d: %v", l.Log, i, err)
		}
	}
}
