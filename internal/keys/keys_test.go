package keys_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/keys"
)

func ring(t *testing.T) (*keys.Ring, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	r, err := keys.Open(durable.OS{}, dir, "test")
	if err != nil {
		t.Fatal(err)
	}
	return r, dir
}

func TestSigners(t *testing.T) {
	r, dir := ring(t)
	log := hansard.LogID{Tenant: "acme", Tier: hansard.TierInfo}
	if _, _, err := r.LogSigner(log, false); hansard.KindOf(err) != hansard.KindCorrupt || hansard.HintOf(err) == "" {
		t.Errorf("a lost key: %v", err)
	}
	s, vkey, err := r.LogSigner(log, true)
	if err != nil || s.Name() != "test/log/acme/info" || !strings.HasPrefix(vkey, s.Name()+"+") {
		t.Fatalf("%v %q %v", s, vkey, err)
	}
	if _, again, err := r.LogSigner(log, true); err != nil || again != vkey {
		t.Errorf("a second call made another key: %q %v", again, err)
	}
	// The key of one log is not taken for that of another.
	other := filepath.Join(dir, "acme", "debug.key")
	b, _ := os.ReadFile(filepath.Join(dir, "acme", "info.key"))
	if err := os.WriteFile(other, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.LogSigner(hansard.LogID{Tenant: "acme", Tier: hansard.TierDebug}, true); err == nil {
		t.Error("the key of another log was taken")
	}
}

// TestMadeOnce asks for a new tenant's keys at once from many sides.
func TestMadeOnce(t *testing.T) {
	r, _ := ring(t)
	var mu sync.Mutex
	seen := map[string]bool{}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			k, err := r.Pseudonyms("acme", true)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
				return
			}
			seen[string(k.Current.Secret)] = true
		})
	}
	wg.Wait()
	if len(seen) != 1 {
		t.Errorf("%d keys were made", len(seen))
	}
}

func TestRotation(t *testing.T) {
	r, dir := ring(t)
	before, err := r.Pseudonyms("acme", true)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "acme", "pseudonym.key")
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString("k2 " + strings.Repeat("QUJD", 12) + "\n")
	f.Close()
	after, err := r.Pseudonyms("acme", false)
	if err != nil || after.Current.ID != "k2" || len(after.Old) != 1 || !bytes.Equal(after.Old[0].Secret, before.Current.Secret) {
		t.Errorf("%v %v", after.Current.ID, err)
	}
	if !bytes.Equal(keys.FingerprintKey(before), keys.FingerprintKey(after)) {
		t.Error("a rotation changed the key of fingerprints")
	}
	if err := os.WriteFile(path, []byte("k1 c2hvcnQ=\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Pseudonyms("acme", false); hansard.KindOf(err) != hansard.KindCorrupt {
		t.Errorf("a short key: %v", err)
	}
}

func TestReadableByOthers(t *testing.T) {
	r, dir := ring(t)
	if _, err := r.Pseudonyms("acme", true); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "acme", "pseudonym.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Pseudonyms("acme", false); hansard.KindOf(err) != hansard.KindDenied || !strings.Contains(hansard.HintOf(err), "chmod 600") {
		t.Errorf("a key that others may read: %v", err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Open(durable.OS{}, dir, "test"); hansard.KindOf(err) != hansard.KindDenied {
		t.Errorf("a folder that others may read: %v", err)
	}
}
