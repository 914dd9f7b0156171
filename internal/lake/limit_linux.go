package lake

import (
	"bytes"
	"os"
	"os/signal"
	"strconv"

	"golang.org/x/sys/unix"
)

// limitProcess bounds what this process may use from its first job on: memory beyond
// what it has, processor time, open files; it can write to no file at all.
func limitProcess(j *job) error {
	used, err := dataSize()
	if err != nil {
		return err
	}
	// DuckDB does not count everything against its own limit.
	data := used + 2*uint64(j.Memory) + 256<<20
	// A core would hold content.
	for resource, most := range map[int]uint64{unix.RLIMIT_DATA: data, unix.RLIMIT_FSIZE: 0, unix.RLIMIT_CORE: 0} {
		if err := lower(resource, most, most); err != nil {
			return err
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	over := make(chan os.Signal, 1)
	signal.Notify(over, unix.SIGXCPU) // what reaches its limit of processor time
	go func() {
		<-over
		os.Exit(1)
	}()
	return limitStatement(j)
}

// limitStatement bounds what this process may use for one more job: processor time and
// open files. The system itself kills a process with the time of as many as one answers.
func limitStatement(j *job) error {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return err
	}
	seconds := uint64(u.Utime.Sec+u.Stime.Sec) + 1 + j.CPUSeconds
	if err := lower(unix.RLIMIT_CPU, seconds, maxAnswers*j.CPUSeconds); err != nil {
		return err
	}
	files := uint64(len(j.Events)+len(j.Statements))*uint64(j.Threads+1) + 256
	return lower(unix.RLIMIT_NOFILE, files, unix.RLIM_INFINITY)
}

// lower sets a limit and how far it may be raised again, neither above what that is.
func lower(resource int, limit, most uint64) error {
	var old unix.Rlimit
	if err := unix.Getrlimit(resource, &old); err != nil {
		return err
	}
	most = min(most, old.Max)
	return unix.Setrlimit(resource, &unix.Rlimit{Cur: min(limit, most), Max: most})
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
