package live_test

import (
	"context"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/live"
	"github.com/hansardhq/hansard/internal/part"
)

// commit is the rows of a commit, of so many bytes in all.
func commit(bytes int) []*part.Row {
	return []*part.Row{{Log: hansard.LogID{Tenant: "acme", Tier: hansard.TierInfo}, Bytes: make([]byte, bytes)}}
}

// TestRowsAreBounded lets more commits, or more bytes, wait than may.
func TestRowsAreBounded(t *testing.T) {
	f := func(name string, depth, size, commits, want int, dropped bool) {
		t.Helper()
		hub := live.New()
		r := hub.Rows(depth)
		for range commits {
			hub.Committed(commit(size))
		}
		for range want {
			if rows, gone := r.Next(context.Background()); len(rows) != 1 || gone {
				t.Fatalf("%s: %d rows, dropped: %t", name, len(rows), gone)
			}
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		for range 100 { // the end of the context may be seen first
			rows, gone := r.Next(ctx)
			if len(rows) > 0 || gone && !dropped {
				t.Fatalf("%s: then %d rows, dropped: %t", name, len(rows), gone)
			}
			if gone {
				return
			}
		}
		if dropped {
			t.Errorf("%s: not dropped", name)
		}
	}
	f("a few", 4, 1000, 4, 4, false)
	f("too many", 4, 1000, 5, 4, true)
	f("many bytes", 100, 1<<20, 32, 32, false)
	f("too many bytes", 100, 1<<20, 33, 32, true)
	f("one commit, of any size", 4, 40<<20, 1, 1, false)
	f("and another", 4, 40<<20, 2, 1, true)
}

// TestCommits counts commits, whoever follows.
func TestCommits(t *testing.T) {
	hub := live.New()
	for n := range uint64(3) {
		if got := hub.Commits(); got != n {
			t.Errorf("%d commits, want %d", got, n)
		}
		hub.Committed(commit(10))
	}
}

// TestRowsAreTaken has a reader that keeps up: what it took counts no more.
func TestRowsAreTaken(t *testing.T) {
	hub := live.New()
	r := hub.Rows(4)
	for range 100 {
		hub.Committed(commit(10 << 20))
		if rows, gone := r.Next(context.Background()); len(rows) != 1 || gone || r.Waiting() > 0 {
			t.Fatalf("%d rows, dropped: %t", len(rows), gone)
		}
	}
	r.Close()
	r.Close()
	if rows, gone := r.Next(context.Background()); len(rows) > 0 || !gone {
		t.Error("closing did not end the collecting")
	}
}
