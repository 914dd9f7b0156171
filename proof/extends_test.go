package proof_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/hansardhq/hansard/proof"
)

// growing returns a tree of size entries and its checkpoint at each size. Entry
// other, if it is not negative, is another one.
func growing(t *testing.T, size, other int64) (memTree, []proof.Checkpoint) {
	t.Helper()
	var tree memTree
	points := []proof.Checkpoint{{Origin: "test"}}
	for i := range size {
		leaf := fmt.Sprint(i)
		if i == other {
			leaf = "another"
		}
		hashes, err := tlog.StoredHashes(i, []byte(leaf), tree)
		if err != nil {
			t.Fatal(err)
		}
		tree = append(tree, hashes...)
		root, err := tlog.TreeHash(i+1, tree)
		if err != nil {
			t.Fatal(err)
		}
		points = append(points, proof.Checkpoint{Origin: "test", Size: i + 1, Root: root})
	}
	return tree, points
}

func tilesOf(tree memTree) proof.Tiles {
	return func(_ context.Context, level int, n int64, width int) ([]byte, error) {
		return tlog.ReadTileData(tlog.Tile{H: 8, L: level, N: n, W: width}, tree)
	}
}

func TestExtends(t *testing.T) {
	tree, points := growing(t, 700, -1)
	forged, forgedPoints := growing(t, 700, 300)
	f := func(before, now proof.Checkpoint, tiles proof.Tiles, want error) {
		t.Helper()
		if err := proof.Extends(t.Context(), before, now, tiles); !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%d to %d: %v, want %v", before.Size, now.Size, err, want)
		}
	}
	for _, size := range []int64{0, 1, 255, 256, 257, 512, 699, 700} {
		f(points[size], points[700], tilesOf(tree), nil)
	}
	f(points[301], forgedPoints[700], tilesOf(forged), proof.ErrRewritten)
	f(points[700], forgedPoints[700], tilesOf(forged), proof.ErrRewritten)
	f(points[300], forgedPoints[700], tilesOf(forged), nil)          // before the change
	f(points[300], points[700], tilesOf(forged), proof.ErrRewritten) // tiles that are not those of the root
	f(points[700], points[699], tilesOf(tree), proof.ErrRewritten)   // cut
	broken := errors.New("broken")
	f(points[300], points[700], func(context.Context, int, int64, int) ([]byte, error) { return nil, broken }, broken)
	short := func(ctx context.Context, level int, n int64, width int) ([]byte, error) { return make([]byte, 5), nil }
	if err := proof.Extends(t.Context(), points[300], points[700], short); err == nil || errors.Is(err, proof.ErrRewritten) {
		t.Errorf("short tiles: %v", err)
	}
	other := points[300]
	other.Origin = "another"
	if err := proof.Extends(t.Context(), other, points[700], tilesOf(tree)); err == nil {
		t.Error("checkpoints of two logs are compared")
	}
}

// FuzzCheckpoint reads signed checkpoints from bytes that nobody vouches for.
func FuzzCheckpoint(f *testing.F) {
	f.Add([]byte("test\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n\u2014 test AAAAAAAA\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := proof.ParseCheckpoint(string(b))
		if err != nil {
			return
		}
		if again, err := proof.ParseCheckpoint(c.Text()); err != nil || again != c {
			t.Fatalf("what was parsed does not parse again: %v, %v", again, err)
		}
	})
}
