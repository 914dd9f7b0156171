package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// badTile says that rows differ from tiles that are sound.
type badTile struct{ entry uint64 }

// Error implements error.
func (b *badTile) Error() string {
	return fmt.Sprintf("entry %d is another one than its tile says", b.entry)
}

// mend writes the leaf hashes from index first on, and the hashes above them,
// where those that are stored are others or missing. It returns how many
// stretches it wrote. Where the stored leaf hashes are sound by the hash above
// them, but others, it writes nothing: then the leaves are not what they were.
func (s tileStore) mend(first uint64, leaves []tlog.Hash) (made int, err error) {
	stored, err := s.read(0, first, len(leaves))
	for i := range stored {
		if stored[i] != leaves[i] && s.sound((first+uint64(i))/tileWidth) {
			return 0, &badTile{first + uint64(i)}
		}
	}
	for row := 0; len(leaves) > 0; row++ {
		if row > 0 {
			stored, err = s.read(row, first, len(leaves))
		}
		if err != nil || !slices.Equal(stored, leaves) {
			if err := s.write(row, first, leaves); err != nil {
				return made, err
			}
			made++
		}
		from, to := first/tileWidth, (first+uint64(len(leaves)))/tileWidth
		var parents []tlog.Hash
		for t := from; t < to; t++ {
			tile, err := s.read(row, t*tileWidth, tileWidth)
			if err != nil {
				return made, err
			}
			parents = append(parents, foldTile(tile))
		}
		first, leaves = from, parents
	}
	return made, nil
}

// sound reports whether the stored leaf hashes of a tile are those that the hash
// above them stands for.
func (s tileStore) sound(tile uint64) bool {
	leaves, err := s.read(0, tile*tileWidth, tileWidth)
	if err != nil {
		return false
	}
	above, err := s.read(1, tile, 1)
	return err == nil && foldTile(leaves) == above[0]
}

// complete reports whether the stored leaf hashes from index first to end-1 fill
// tiles, and the hashes above them that they complete are those that they stand for.
// Whether they are those of the entries, the root says, which comes of them.
func (s tileStore) complete(first, end uint64) bool {
	if first%tileWidth != 0 || end%tileWidth != 0 {
		return false
	}
	for row := 0; first < end; row++ {
		from, to := first/tileWidth, end/tileWidth
		if from == to {
			return true
		}
		below, err := s.read(row, from*tileWidth, int(to-from)*tileWidth)
		if err != nil {
			return false
		}
		above, err := s.read(row+1, from, int(to-from))
		if err != nil {
			return false
		}
		for i, h := range above {
			if foldTile(below[i*tileWidth:(i+1)*tileWidth]) != h {
				return false
			}
		}
		first, end = from, to
	}
	return true
}

// trim cuts off hashes beyond the given number of entries, and removes files that
// hold nothing else.
func (s tileStore) trim(size uint64) error {
	for row := range 8 {
		count := size >> (row * tileHeight)
		for file := count / hashesInFile; ; file++ {
			done, err := s.trimFile(row, file, count)
			if err != nil {
				return err
			}
			if done {
				break
			}
		}
	}
	return nil
}

// trimFile trims one file; done says that there is none.
func (s tileStore) trimFile(row int, file, count uint64) (done bool, err error) {
	path := s.path(row, file)
	keep := int64(count-min(count, file*hashesInFile)) * tlog.HashSize
	if keep == 0 {
		err := s.fs.Remove(path)
		if errors.Is(err, fs.ErrNotExist) {
			return true, nil
		}
		return false, err
	}
	f, err := s.fs.Open(path, true)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	size, err := f.Size()
	if err == nil && size > keep {
		if err = f.Truncate(keep); err == nil {
			err = f.Sync()
		}
	}
	return false, errors.Join(err, f.Close())
}
