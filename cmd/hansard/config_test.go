package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hansardhq/hansard"
)

// FuzzConfig reads any bytes as a configuration file: it is taken, or refused as
// invalid with a word about why.
func FuzzConfig(f *testing.F) {
	f.Add([]byte("listen: 127.0.0.1:0\nlimits: {body_bytes: 1}\nledger:\n  seal_after: 5s\nredact:\n  detectors: {email: {action: mask}}\n"))
	f.Add([]byte("a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nallowed_hosts: *c\n"))
	f.Add([]byte("limits: {body_bytes: 99999999999999999999}\n"))
	path := filepath.Join(f.TempDir(), "config.yaml")
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readConfig(path); err != nil && (hansard.KindOf(err) != hansard.KindInvalid || !strings.Contains(err.Error(), "configuration")) {
			t.Fatalf("%v: %v", hansard.KindOf(err), err)
		}
	})
}
