package bench

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// ticks is the unit of processor times in /proc, per second: fixed by the kernel
// for what it shows to programs.
const ticks = 100

// usageOf reads what a process has used from /proc.
func usageOf(pid int) (Usage, error) {
	dir := "/proc/" + strconv.Itoa(pid)
	stat, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return Usage{}, err
	}
	// The second field is the program's name in parentheses; it may hold any
	// character. From the 12th after it on stand utime, stime, cutime and cstime
	// (proc(5)).
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 15 {
		return Usage{}, fmt.Errorf("%s/stat has %d fields", dir, len(fields))
	}
	var times [4]time.Duration
	for i, field := range fields[11:15] {
		n, err := strconv.ParseInt(string(field), 10, 64)
		if err != nil {
			return Usage{}, fmt.Errorf("%s/stat holds no times: %w", dir, err)
		}
		times[i] = time.Duration(n) * (time.Second / ticks)
	}
	u := Usage{CPU: times[0] + times[1], Children: times[2] + times[3]}
	status, err := os.ReadFile(dir + "/status")
	if err != nil {
		return Usage{}, err
	}
	if u.RSS, err = kilobytes(status, "VmRSS:"); err != nil {
		return Usage{}, err
	}
	u.Peak, err = kilobytes(status, "VmHWM:")
	return u, err
}

// kilobytes returns a line of a status file, in bytes.
func kilobytes(status []byte, name string) (int64, error) {
	_, after, _ := bytes.Cut(status, []byte(name))
	fields := bytes.Fields(after)
	if len(fields) == 0 {
		return 0, fmt.Errorf("/proc has no %s", name)
	}
	kib, err := strconv.ParseInt(string(fields[0]), 10, 64)
	return kib << 10, err
}

// threadTime returns the processor time that this thread has used.
func threadTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &u); err != nil {
		return 0 // it fails for a wrong argument only
	}
	return time.Duration(unix.TimevalToNsec(u.Utime) + unix.TimevalToNsec(u.Stime))
}
