package intake_test

import (
	"sync/atomic"

	"github.com/hansardhq/hansard/internal/durable"
)

// fullDisk is a file system on which no space can be reserved while it is full.
type fullDisk struct {
	durable.FS
	full atomic.Bool
}

func (d *fullDisk) Create(path string) (durable.File, error) {
	f, err := d.FS.Create(path)
	return &fullFile{f, d}, err
}

type fullFile struct {
	durable.File
	disk *fullDisk
}

func (f *fullFile) Preallocate(n int64) error {
	if f.disk.full.Load() {
		return durable.ErrNoSpace
	}
	return f.File.Preallocate(n)
}
