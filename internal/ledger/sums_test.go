package ledger_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/hansardhq/hansard/internal/ledger"
)

// TestSumsAreNoRecord has a file of sums in the folder, which verification leaves to
// those who read it, and files beside it that belong to nothing.
func TestSumsAreNoRecord(t *testing.T) {
	t.Parallel()
	dir, _ := stoppedLedger(t, 2)
	f := func(name string) {
		t.Helper()
		path := filepath.Join(dir, ledger.SumsFolder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("whatever"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f("acme/tools-0123456789abcdef01234567.sums")
	checkLedger(t, dir)
	f("acme/notes.txt")
	found(t, dir, "unexpected file")
}
