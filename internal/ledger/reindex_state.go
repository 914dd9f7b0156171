package ledger

import (
	"bufio"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/proof"
)

// A reindex that is interrupted leaves the file REINDEX in the data folder, which
// says how far it was in each log:
//
//	hansard reindex 1
//	acme/info 1204224
//	crc32c 0a1b2c3d
//
// The next one goes on from there. Who cannot read it begins at the beginning.
const reindexHead = "hansard reindex 1\n"

func (l layout) reindex() string { return filepath.Join(l.dir, "REINDEX") }

// readReindex returns below which index each log was done.
func (l layout) readReindex() map[hansard.LogID]uint64 {
	done, err := l.parseReindex()
	if err != nil {
		return map[hansard.LogID]uint64{}
	}
	return done
}

func (l layout) parseReindex() (map[hansard.LogID]uint64, error) {
	b, err := durable.ReadFile(l.fs, l.reindex(), 1<<20)
	if err != nil {
		return nil, err
	}
	body, sum, ok := strings.Cut(string(b), "crc32c ")
	if !ok || sum != fmt.Sprintf("%08x\n", crc32.Checksum([]byte(body), castagnoli)) {
		return nil, errors.New("wrong checksum")
	}
	lines, ok := strings.CutPrefix(body, reindexHead)
	if !ok {
		return nil, errors.New("not how far a reindex was")
	}
	done := map[hansard.LogID]uint64{}
	for s := bufio.NewScanner(strings.NewReader(lines)); s.Scan(); {
		var log string
		var end uint64
		if _, err := fmt.Sscanf(s.Text(), "%s %d", &log, &end); err != nil || !strings.Contains(log, "/") {
			return nil, errors.New("malformed line")
		}
		done[logIDOf(log)] = end
	}
	return done, nil
}

func (l layout) writeReindex(done map[hansard.LogID]uint64) error {
	var b strings.Builder
	b.WriteString(reindexHead)
	for id, end := range done {
		fmt.Fprintf(&b, "%s %d\n", id, end)
	}
	return durable.WriteFile(l.fs, l.reindex(), func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%scrc32c %08x\n", b.String(), crc32.Checksum([]byte(b.String()), castagnoli))
		return err
	})
}

// removeReindex says that a reindex is complete.
func (l layout) removeReindex() error {
	err := l.fs.Remove(l.reindex())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return errors.Join(err, l.fs.SyncDir(l.dir))
}

// readCheckpoint returns a log's checkpoint, checked with the key beside it.
func (l layout) readCheckpoint(id hansard.LogID) (proof.Checkpoint, error) {
	signed, err := durable.ReadFile(l.fs, l.checkpoint(id), 1<<16)
	if err != nil {
		return proof.Checkpoint{}, err
	}
	vkey, err := durable.ReadFile(l.fs, l.vkey(id), 4096)
	if err != nil {
		return proof.Checkpoint{}, err
	}
	v, err := note.NewVerifier(trimLine(vkey))
	if err != nil {
		return proof.Checkpoint{}, err
	}
	return proof.OpenCheckpoint(signed, v)
}
