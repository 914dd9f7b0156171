package lake

import (
	"os"

	"golang.org/x/sys/unix"
)

// memoryFile returns an empty file that is on no disk.
func memoryFile() (*os.File, error) {
	fd, err := unix.MemfdCreate("hansard-fresh", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "hansard-fresh"), nil
}
