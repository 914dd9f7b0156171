package keys_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/keys"
	"github.com/hansardhq/hansard/internal/redact"
)

// FuzzKeyFiles reads any bytes as files of keys: they are keys that can be used,
// or refused, and no error repeats them.
func FuzzKeyFiles(f *testing.F) {
	f.Add([]byte("k1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nk2 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n"))
	f.Add([]byte("PRIVATE+KEY+test+00000000+AA==\ntest+00000000+AA==\n"))
	f.Add([]byte(" \n\n"))
	dir := filepath.Join(f.TempDir(), "keys")
	log := hansard.LogID{Tenant: "acme", Tier: hansard.TierInfo}
	if err := os.MkdirAll(filepath.Join(dir, "acme"), 0o700); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, name := range []string{"pseudonym.key", "info.key"} {
			if err := os.WriteFile(filepath.Join(dir, "acme", name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		r, err := keys.Open(durable.OS{}, dir, "test")
		if err != nil {
			t.Fatal(err)
		}
		if k, err := r.Pseudonyms("acme", false); err == nil {
			for _, key := range append(k.Old, k.Current) {
				if len(key.Secret) < redact.MinKeySize {
					t.Fatalf("a key of %d bytes", len(key.Secret))
				}
			}
			keys.FingerprintKey(k)
		}
		if signer, vkey, err := r.LogSigner(log, false); err == nil && (signer.Name() == "" || vkey == "") {
			t.Fatal("a signer without a name")
		}
	})
}
