package lake

import (
	"bytes"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// limitProcess bounds what this process may use from here on: memory beyond
// what it has, processor time, open files; it can write to no file at all.
func limitProcess(j *job) error {
	used, err := dataSize()
	if err != nil {
		return err
	}
	files := uint64(len(j.Events)+len(j.Statements))*uint64(j.Threads+1) + 256
	for _, l := range []struct {
		resource int
		max      uint64
	}{
		// DuckDB does not count everything against its own limit.
		{unix.RLIMIT_DATA, used + 2*uint64(j.Memory) + 256<<20},
		{unix.RLIMIT_CPU, j.CPUSeconds},
		{unix.RLIMIT_FSIZE, 0},
		{unix.RLIMIT_CORE, 0}, // a core would hold content
		{unix.RLIMIT_NOFILE, files},
	} {
		var old unix.Rlimit
		if err := unix.Getrlimit(l.resource, &old); err != nil {
			return err
		}
		limit := min(l.max, old.Max)
		if err := unix.Setrlimit(l.resource, &unix.Rlimit{Cur: limit, Max: limit}); err != nil {
			return err
		}
	}
	return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
}

// dataSize returns how much writable memory the process has mapped, in bytes.
func dataSize() (uint64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, after, _ := bytes.Cut(status, []byte("VmData:"))
	number, _, _ := bytes.Cut(bytes.TrimSpace(after), []byte(" "))
	kib, err := strconv.ParseUint(string(number), 10, 64)
	return kib << 10, err
}
