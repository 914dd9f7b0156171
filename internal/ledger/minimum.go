package ledger

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/proof"
)

// minimum is where a log begins after entries were pruned: those below Index are
// gone. It lies beside the log as a note that the log's key signs, so that nobody
// else can move it:
//
//	hansard minimum 1
//	<origin>
//	<index, a multiple of 256>
//	<root of the entries before, base64>
//	<time of receipt of the last of them, RFC 3339>
//
// The zero minimum is that of a log of which nothing was pruned; it has no file.
type minimum struct {
	Index    uint64
	Root     tlog.Hash
	Received int64 // Unix nanoseconds
}

// ErrPruned says that what was asked for lies below a log's minimum index: it was
// there, and retention removed it.
var ErrPruned = errors.New("it was pruned")

func (l layout) minimum(id hansard.LogID) string { return filepath.Join(l.log(id), "minimum") }

func (m minimum) text(origin string) string {
	return fmt.Sprintf("hansard minimum 1\n%s\n%d\n%s\n%s\n", origin, m.Index, m.Root, time.Unix(0, m.Received).UTC().Format(time.RFC3339Nano))
}

// parseMinimum reads a signed minimum of the log with the given origin. It is an
// error if it is spelled otherwise than it is written.
func parseMinimum(signed []byte, origin string, key note.Verifier) (m minimum, err error) {
	n, err := note.Open(signed, note.VerifierList(key))
	if err != nil {
		return m, fmt.Errorf("the minimum is not signed by the log's key: %w", err)
	}
	var from, root, at string
	if _, err := fmt.Sscanf(n.Text, "hansard minimum 1\n%s\n%d\n%s\n%s\n", &from, &m.Index, &root, &at); err != nil {
		return m, errors.New("the minimum is malformed")
	}
	m.Root, err = tlog.ParseHash(root)
	received, err2 := time.Parse(time.RFC3339Nano, at)
	m.Received = received.UnixNano()
	if err != nil || err2 != nil || m.Index == 0 || m.Index%tileWidth != 0 || m.text(origin) != n.Text || canonicalNote(signed, key) != string(signed) {
		return m, errors.New("the minimum is malformed, or that of another log")
	}
	return m, nil
}

// maxMinimum bounds the file of a minimum.
const maxMinimum = 4096

// readMinimum returns a log's minimum; the zero one if nothing was pruned.
func (l layout) readMinimum(id hansard.LogID, name, vkey string) (minimum, error) {
	signed, err := durable.ReadFile(l.fs, l.minimum(id), maxMinimum)
	if errors.Is(err, fs.ErrNotExist) {
		return minimum{}, nil
	}
	if err != nil {
		return minimum{}, err
	}
	key, err := note.NewVerifier(vkey)
	if err != nil {
		return minimum{}, hansard.Errorf(hansard.KindCorrupt, "vkey: %w", err)
	}
	m, err := parseMinimum(signed, proof.Origin(name, id), key)
	if err != nil {
		err := hansard.Errorf(hansard.KindCorrupt, "%w", err)
		return minimum{}, hansard.WithHint(err, "run hansard verify on the folder; restore the file minimum from a backup")
	}
	return m, nil
}

// writeMinimum signs a minimum and makes it durable. Every start from then on takes
// what is below for pruned, and removes what is left of it.
func (l *Ledger) writeMinimum(lg *log, m minimum) error {
	signed, err := note.Sign(&note.Note{Text: m.text(lg.signer.Name())}, lg.signer)
	if err != nil {
		return fmt.Errorf("sign the minimum: %w", err)
	}
	err = durable.WriteFile(l.cfg.FS, l.layout.minimum(lg.id), func(w io.Writer) error {
		_, err := w.Write(signed)
		return err
	})
	return l.disk(err)
}

// partsFrom is partFiles for a log with a minimum. What lies below it is expired:
// a crash left it, and the next start removes it.
func (l layout) partsFrom(id hansard.LogID, m minimum) (live, superseded, expired []part.Info, err error) {
	all, covered, err := l.partFiles(id)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, p := range all {
		switch {
		case p.Name.End <= m.Index:
			expired = append(expired, p)
		case p.Name.First < m.Index:
			return nil, nil, nil, hansard.Errorf(hansard.KindCorrupt, "part %s begins below the minimum index %d", p.Name, m.Index)
		default:
			live = append(live, p)
		}
	}
	for _, p := range covered {
		if p.Name.End <= m.Index {
			expired = append(expired, p)
		} else {
			superseded = append(superseded, p)
		}
	}
	return live, superseded, expired, nil
}

// errBelow says that an index lies below the minimum.
func errBelow(id hansard.LogID, m minimum) error {
	err := hansard.Errorf(hansard.KindNotFound, "log %s is kept from entry %d on: %w", id, m.Index, ErrPruned)
	return hansard.WithHint(err, "read from entry "+fmt.Sprint(m.Index)+" on; what is there still verifies")
}
