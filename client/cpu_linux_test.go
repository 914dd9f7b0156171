package client_test

import (
	"runtime"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// onThread reports the CPU time that one goroutine spends in f for each call of it:
// what an agent pays, whatever else the machine and the client's own goroutines
// do. The goroutine keeps its thread to itself, whose clock
// (CLOCK_THREAD_CPUTIME_ID) stands still while others run.
//
// It calls in bursts, and after each waits until settle returns, off the clock, as
// an agent waits for its model: without pauses a goroutine makes events faster
// than any network takes them, and what is measured is how they are given up.
func onThread(b *testing.B, f, settle func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	spent := time.Duration(0)
	for left := b.N; left > 0; left -= burst {
		begin := threadTime(b)
		for range min(left, burst) {
			f()
		}
		spent += threadTime(b) - begin
		settle()
	}
	b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N), "cpu-ns/op")
}

// burst is how many calls stand between two readings of the clock, each of which
// is a system call.
const burst = 500

func threadTime(b *testing.B) time.Duration {
	const threadCPU = 3 // CLOCK_THREAD_CPUTIME_ID
	var t syscall.Timespec
	if _, _, errno := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, threadCPU, uintptr(unsafe.Pointer(&t)), 0); errno != 0 {
		b.Fatal(errno)
	}
	return time.Duration(t.Nano())
}
