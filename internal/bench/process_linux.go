package bench

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
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
	own, err := timesOf(dir)
	if err != nil {
		return Usage{}, err
	}
	u := Usage{CPU: own.used, Children: own.ended}
	running, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return Usage{}, err
	}
	for _, other := range running {
		// One that ended meanwhile is in the next answer.
		if child, err := timesOf(other); err == nil && child.parent == strconv.Itoa(pid) {
			u.Children += child.used + child.ended
		}
	}
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

// times is what a process's stat file says.
type times struct {
	parent string        // the number of the process that started it
	used   time.Duration // user and system
	ended  time.Duration // ... of processes that it started and that have ended
}

// timesOf reads the stat file of a process (proc(5)).
func timesOf(dir string) (times, error) {
	stat, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return times{}, err
	}
	// The second field is the program's name in parentheses; it may hold any
	// character. The second after it is the parent, from the 12th on stand utime,
	// stime, cutime and cstime.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 15 {
		return times{}, fmt.Errorf("%s/stat has %d fields", dir, len(fields))
	}
	var took [4]time.Duration
	for i, field := range fields[11:15] {
		n, err := strconv.ParseInt(string(field), 10, 64)
		if err != nil {
			return times{}, fmt.Errorf("%s/stat holds no times: %w", dir, err)
		}
		took[i] = time.Duration(n) * (time.Second / ticks)
	}
	return times{parent: string(fields[1]), used: took[0] + took[1], ended: took[2] + took[3]}, nil
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
