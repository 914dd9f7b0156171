//go:build !linux

package client_test

import "testing"

// onThread measures CPU time on Linux only; elsewhere ns/op, the pauses included,
// has to do.
func onThread(b *testing.B, f, settle func()) {
	for i := range b.N {
		if f(); i%500 == 499 {
			settle()
		}
	}
}
