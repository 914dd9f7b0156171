package ledger

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"golang.org/x/mod/sumdb/note"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/proof"
)

// NoteSuffix ends the name of the note beside a part of a meta log.
const NoteSuffix = ".note"

// partNote is the text of the note beside a part of a meta log, which the log's
// key signs: it puts the part's bytes on record, as statements do for the parts
// of all other logs. A statement about a part of the meta log would be in the
// next part of the meta log, and so on without end.
//
//	hansard part 1
//	<origin>
//	<date>/<name of the part>
//	<SHA-256 of the part, 64 hex digits>
func partNote(origin, date string, name part.Name, sum hansard.Hash) string {
	return fmt.Sprintf("hansard part 1\n%s\n%s/%s\n%s\n", origin, date, name, sum)
}

// signParts writes the notes of parts that are written and have no name yet. A
// crash leaves notes without a part, which the next start removes. A note is never
// made for a part that has its name: whoever removes one is found out.
func (l *Ledger) signParts(lg *log, added []*part.Index) error {
	for _, x := range added {
		signed, err := note.Sign(&note.Note{Text: partNote(lg.signer.Name(), x.Date, x.Name, x.SHA256)}, lg.signer)
		if err != nil {
			return fmt.Errorf("sign part %s: %w", x.Name, err)
		}
		err = durable.WriteFile(l.cfg.FS, x.Info.Path(l.cfg.Dir)+NoteSuffix, func(w io.Writer) error {
			_, err := w.Write(signed)
			return err
		})
		if err := l.disk(err); err != nil {
			return fmt.Errorf("sign part %s: %w", x.Name, err)
		}
	}
	return nil
}

// removeBeside removes what lies beside a part. What is not there need not be
// removed.
func (l *Ledger) removeBeside(path string) error {
	var errs error
	for _, suffix := range []string{IndexSuffix, NoteSuffix} {
		if err := l.cfg.FS.Remove(path + suffix); !errors.Is(err, fs.ErrNotExist) {
			errs = errors.Join(errs, err)
		}
	}
	return errs
}

// checkNote verifies the note beside a part of a meta log.
func (c *logCheck) checkNote(path string, p part.Info, sum hansard.Hash) {
	if c.id.Tier != hansard.TierMeta {
		return
	}
	b, err := durable.ReadFile(c.v.cfg.FS, path+NoteSuffix, 1<<16)
	c.v.read(path+NoteSuffix, int64(len(b)))
	switch {
	case notExist(err):
		c.find(int64(p.Name.First), path, "the part was never put on record: it has no note")
		return
	case err != nil || c.key == nil:
		c.find(int64(p.Name.First), path+NoteSuffix, "the note cannot be checked")
		return
	}
	signed, err := note.Open(b, note.VerifierList(c.key))
	switch {
	case err != nil || string(b) != canonicalNote(b, c.key):
		c.find(int64(p.Name.First), path+NoteSuffix, "the note is not signed by the log's key as it was written")
	case signed.Text != partNote(proof.Origin(c.v.v.Name, c.id), p.Date, p.Name, sum):
		c.find(int64(p.Name.First), path, "the part is not the one that was put on record")
	}
}
