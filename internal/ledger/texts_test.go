package ledger_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/part"
)

// TestAddTexts takes the text filters out of the indexes, as if the parts had been
// sealed under load, and has them made anew.
func TestAddTexts(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	l := open(t, dir, newRecorder(), nil)
	d, known := newDesk(t, l), 3 // of what is sent again below
	if testing.Short() {         // the race run: one log of as many entries will do
		d.bulk("acme", 0, 4250)
		d.bulk("acme", 4250, 4250)
		known = 0
	} else {
		d.append(l, "acme", 0, 34_000)
	}
	closeLedger(t, l)
	want := map[string][]byte{}
	for _, path := range glob(t, dir, "tenants/acme/*/parts/*/*"+ledger.IndexSuffix) {
		b := readFile(t, path)
		x, err := part.ParseIndex(b)
		if err != nil {
			t.Fatal(err)
		}
		if len(x.Texts) == 0 {
			continue
		}
		want[path] = b
		x.Texts, x.Info.Texts = nil, nil
		if err := os.WriteFile(path, x.Append(nil), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if len(want) == 0 {
		t.Fatal("no part has text filters")
	}
	l = open(t, dir, newRecorder(), nil)
	for n := 0; ; n++ {
		more, err := l.AddTexts()
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			if n != len(want) {
				t.Errorf("%d parts were indexed, want %d", n, len(want))
			}
			break
		}
	}
	if r := newDesk(t, l).append(l, "acme", 33_000, 33_010); r[known].Outcome != ledger.Duplicate {
		t.Errorf("an event of an indexed part: outcome %v", r[3].Outcome)
	}
	closeLedger(t, l)
	for path, b := range want {
		if !bytes.Equal(readFile(t, path), b) {
			t.Errorf("%s is not what it was", path)
		}
	}
	checkLedger(t, dir)
}
