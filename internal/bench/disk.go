package bench

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
)

// measureDisk measures what the events take on the disk: the blocks that files
// have, not their lengths.
func (b *bench) measureDisk() error {
	sizes, files, err := diskUse(b.data())
	if err != nil {
		return err
	}
	n := float64(b.cfg.Events)
	var total int64
	for _, size := range sizes {
		total += size
	}
	each := func(kind string) float64 { return float64(sizes[kind]) / n }
	b.add(MeasureDisk, "bytes an event on disk, all files", float64(total)/n, "bytes", atMost(220, 160),
		"parts %.1f, indexes %.1f, tiles %.1f, journal %.1f, other %.1f; %d files, %d of them parts",
		each(kindPart), each(kindIndex), each(kindTiles), each(kindJournal), each(kindOther), files[""], files[kindPart])
	return nil
}

// The kinds of files.
const (
	kindPart    = "parts"
	kindIndex   = "indexes"
	kindTiles   = "tiles"
	kindJournal = "journal"
	kindOther   = "other"
)

// diskUse returns the bytes of each kind of file below a data folder, and how
// many there are; "" counts all.
func diskUse(dir string) (sizes map[string]int64, files map[string]int, err error) {
	sizes, files = map[string]int64{}, map[string]int{}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return skipGone(err)
		}
		info, err := d.Info()
		if err != nil {
			return skipGone(err)
		}
		size := info.Size()
		if st, ok := info.Sys().(*syscall.Stat_t); ok {
			size = st.Blocks * 512
		}
		kind := kindOf(filepath.ToSlash(path))
		sizes[kind] += size
		files[kind]++
		files[""]++
		return nil
	})
	return sizes, files, err
}

// skipGone forgives what a server has unlinked meanwhile.
func skipGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func kindOf(path string) string {
	switch {
	case strings.HasSuffix(path, ".parquet"):
		return kindPart
	case strings.HasSuffix(path, ".index"):
		return kindIndex
	case strings.HasSuffix(path, ".journal"):
		return kindJournal
	case strings.Contains(path, "/tiles/"):
		return kindTiles
	}
	return kindOther
}
