package detect_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/detect"
	"github.com/hansardhq/hansard/internal/live"
	"github.com/hansardhq/hansard/internal/part"
)

// every finds each entry.
type every struct{}

func (every) Wants(string) bool { return true }

func (every) Take(e *hansard.Entry) []*hansard.Event {
	return []*hansard.Event{{EventID: "f" + e.EventID}}
}

// TestRun commits more than the queue holds while the record of findings is stuck:
// nothing is missed, nothing waits, and nothing is found twice.
func TestRun(t *testing.T) {
	hub, enc := live.New(), part.NewEncoder()
	var mu sync.Mutex
	var committed []*hansard.Entry
	var found []string
	commit := func(id string) {
		mu.Lock()
		e := &hansard.Entry{Event: hansard.Event{EventID: id, EventType: hansard.TypeToolCall, TraceID: id, Timestamp: 1}, Encoder: 1, Position: uint64(len(committed)), ReceivedAt: 1, Tier: hansard.TierInfo}
		e.Log = hansard.LogID{Tenant: "acme", Tier: hansard.TierInfo}
		committed = append(committed, e)
		mu.Unlock()
		hub.Committed(enc.RowsOf([]*hansard.Entry{e}))
	}
	stuck := make(chan struct{})
	cfg := detect.Config{
		Hub: hub, Logger: slog.New(slog.DiscardHandler), Tenants: func() []string { return []string{"acme"} },
		Begin: func(context.Context, string) ([]detect.Detector, uint64, error) {
			return []detect.Detector{every{}}, 1, nil
		},
		Follow: func(_ string, from uint64) func(context.Context, int) ([]*part.Row, error) {
			return func(_ context.Context, limit int) ([]*part.Row, error) {
				mu.Lock()
				defer mu.Unlock()
				some := committed[min(len(committed), int(from)):]
				some = some[:min(limit, len(some))]
				from += uint64(len(some))
				return enc.RowsOf(some), nil
			}
		},
		Record: func(_ context.Context, _ string, events []*hansard.Event) error {
			<-stuck
			mu.Lock()
			defer mu.Unlock()
			for _, e := range events {
				found = append(found, e.EventID)
			}
			return nil
		},
	}
	commit("before")
	commit("e1")
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { detect.Run(ctx, cfg); close(ended) }()
	const n = 1000
	for i := range n {
		commit(string(rune('a'+i%26)) + time.Duration(i).String())
	}
	close(stuck)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		mu.Lock()
		got := len(found)
		mu.Unlock()
		if got > n || time.Now().After(deadline) {
			break
		}
	}
	cancel()
	<-ended
	if len(found) != n+1 {
		t.Fatalf("%d found, want %d", len(found), n+1)
	}
	for i, id := range found {
		if id != "f"+committed[i+1].EventID {
			t.Fatalf("found %s in place %d, want f%s", id, i, committed[i+1].EventID)
		}
	}
}
