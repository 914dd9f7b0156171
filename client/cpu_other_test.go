//go:build !linux

package client_test

import "testing"

// onThread measures CPU time on Linux only; ns/op has to do here.
func onThread(_ *testing.B, f func()) { f() }
