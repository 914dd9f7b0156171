package intake_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/intake"
	"github.com/hansardhq/hansard/internal/part"
)

// TestMemoryIsUsedAgain sends bodies of several batches side by side, each event of
// its own text, and each body again with other texts: what is on record, and what
// the receipts name, must be what was sent, whatever memory it went through.
func TestMemoryIsUsedAgain(t *testing.T) {
	in, l, dir := open(t)
	const senders, n = 4, 3500
	id := func(sender, i int) string { return fmt.Sprintf("event-%d-%d", sender, i) }
	text := func(sender, i int, word string) string { return fmt.Sprintf("%s %d of %d", word, i, sender) }
	send := func(sender int, word string) (*intake.Receipt, error) {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `{"event_type":"reasoning","event_id":%q,"agent_name":"agent %d","trace_id":"trace-%d","reasoning":%q}`+"\n",
				id(sender, i), i, i, text(sender, i, word))
		}
		return in.Body(context.Background(), intake.Source{Tenant: "acme", SubmittedBy: "loopback"}, dialect.FormNDJSON, strings.NewReader(b.String()))
	}
	each := func(f func(sender int)) {
		var wg sync.WaitGroup
		for sender := range senders {
			wg.Go(func() { f(sender) })
		}
		wg.Wait()
	}
	each(func(sender int) {
		if r, err := send(sender, "first"); err != nil || r.Accepted != n {
			t.Errorf("sender %d: %+v %v", sender, r, err)
		}
	})
	each(func(sender int) {
		r, err := send(sender, "second")
		if err != nil || len(r.Conflicts) != n {
			t.Errorf("sender %d: %d conflicts, %v", sender, len(r.Conflicts), err)
			return
		}
		for i, c := range r.Conflicts {
			if c.EventID != id(sender, i) {
				t.Errorf("sender %d, line %d: the receipt names %q", sender, c.Line, c.EventID)
				return
			}
		}
	})
	stored := map[string]string{}
	verify(t, l, dir)
	parts, err := filepath.Glob(filepath.Join(dir, "tenants", "acme", "*", "parts", "*", "*.parquet"))
	if err != nil || len(parts) == 0 {
		t.Fatal(parts, err)
	}
	for _, path := range parts {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entriesOf(t, part.NewEncoder(), path, b) {
			stored[e.EventID] = e.Reasoning
		}
	}
	for sender := range senders {
		for i := range n {
			if got, want := stored[id(sender, i)], text(sender, i, "first"); got != want {
				t.Fatalf("%s says %q, not %q", id(sender, i), got, want)
			}
		}
	}
}

// TestConflictsAreNamedAsSent sends ids that redaction changes, and some that it does
// not, twice: the receipt names those that the sender knows.
func TestConflictsAreNamedAsSent(t *testing.T) {
	in, _, _ := open(t)
	ids := []string{"plain-1", "for bob.miller@example.com", "plain-2", "for ann.miller@example.com"}
	for _, word := range []string{"first", "second"} {
		var b strings.Builder
		for _, id := range ids {
			fmt.Fprintf(&b, `{"event_type":"reasoning","event_id":%q,"reasoning":%q}`+"\n", id, word)
		}
		r, err := in.Body(context.Background(), intake.Source{Tenant: "acme", SubmittedBy: "loopback"}, dialect.FormNDJSON, strings.NewReader(b.String()))
		if err != nil {
			t.Fatal(err)
		}
		if word == "first" {
			continue
		}
		if len(r.Conflicts) != len(ids) {
			t.Fatalf("%+v", r)
		}
		for i, c := range r.Conflicts {
			if c.EventID != ids[i] || c.Line != i+1 {
				t.Errorf("line %d: the receipt names %q, %q was sent", c.Line, c.EventID, ids[i])
			}
		}
	}
}
