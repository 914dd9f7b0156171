package client_test

import (
	"runtime"
	"syscall"
	"testing"
	"time"
)

// onThread reports the CPU time of f's goroutine alone for each operation: what
// an agent pays, whatever else the machine and the client's goroutines do.
func onThread(b *testing.B, f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const thread = 1 // RUSAGE_THREAD
	var before, after syscall.Rusage
	if err := syscall.Getrusage(thread, &before); err != nil {
		b.Fatal(err)
	}
	f()
	if err := syscall.Getrusage(thread, &after); err != nil {
		b.Fatal(err)
	}
	spent := time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())
	b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N), "cpu-ns/op")
}
