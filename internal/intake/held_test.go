package intake_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/intake"
)

// TestManyPausedSenders has many senders pause in the middle of their bodies, each with
// less than a batch. Together they hold little more than they may.
func TestManyPausedSenders(t *testing.T) {
	const senders, events, size, most = 24, 200, 2000, 1 << 20
	in, l, dir := openHolding(t, most)
	var group sync.WaitGroup
	var bodies []*io.PipeWriter
	receipts, errs := make([]*intake.Receipt, senders), make([]error, senders)
	for i := range senders {
		r, w := io.Pipe()
		bodies = append(bodies, w)
		group.Go(func() {
			receipts[i], errs[i] = in.Body(context.Background(), intake.Source{Tenant: "acme", SubmittedBy: "loopback"}, dialect.FormNDJSON, r)
		})
		for n := range events {
			if _, err := fmt.Fprintf(w, `{"event_id":"%d-%d","event_type":"reasoning","reasoning":"%s"}`+"\n", i, n, strings.Repeat("ab ", size/3)); err != nil {
				t.Fatal(err)
			}
		}
	}
	// Each may have some that were not counted yet, and what is on its way.
	if held := in.Held(); held > most+senders*(64<<10) {
		t.Errorf("%d bytes are held, of %d that were sent; at most %d may be", held, senders*events*size, most)
	}
	for _, w := range bodies {
		w.Close()
	}
	group.Wait()
	for i, r := range receipts {
		if errs[i] != nil || r.Accepted != events {
			t.Errorf("sender %d: %d of %d events were accepted, %v", i, r.Accepted, events, errs[i])
		}
	}
	if held := in.Held(); held != 0 {
		t.Errorf("%d bytes are held at the end", held)
	}
	verify(t, l, dir)
}
