package ledger

import (
	"bytes"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/proof"
)

// Outside is a checkpoint that was kept outside the data folder.
type Outside struct {
	Name string // what to call it, such as the file that it was read from
	Note []byte // the signed note
}

// Compared is an outside checkpoint with which a log agrees: the log had this
// size and this root, and still begins with these entries.
type Compared struct {
	Name string
	Log  string
	Size int64
}

// comparing is an outside checkpoint on its way through the verification.
type comparing struct {
	Outside
	check *logCheck
	point proof.Checkpoint
	met   bool // the log had the size
	gone  bool // what it takes to tell was pruned
}

// beginAgainst finds the logs of the outside checkpoints, checks the signatures
// and has the roots watched for.
func (v *verifier) beginAgainst(checks []*logCheck) []*comparing {
	var all []*comparing
	for _, o := range v.cfg.Against {
		if c := v.beginCompare(o, checks); c != nil {
			all = append(all, c)
			c.check.watchSize(uint64(c.point.Size), c.compare, func() { c.gone = true })
		}
	}
	return all
}

func (v *verifier) beginCompare(o Outside, checks []*logCheck) *comparing {
	none := hansard.LogID{}
	text, _, _ := bytes.Cut(o.Note, []byte("\n\n"))
	claimed, err := proof.ParseCheckpoint(string(text) + "\n")
	if err != nil {
		v.find(none, -1, "", "%s is no checkpoint: %v", o.Name, err)
		return nil
	}
	for _, check := range checks {
		if proof.Origin(v.v.Name, check.id) != claimed.Origin {
			continue
		}
		key, err := note.NewVerifier(check.vkey)
		if err != nil {
			return nil // found already
		}
		point, err := proof.OpenCheckpoint(o.Note, key)
		if err != nil {
			v.find(check.id, -1, v.layout.vkey(check.id), "checkpoint %s is not signed by the key in the folder: it is forged, or the key was replaced and the log with it (%v)", o.Name, err)
			return nil
		}
		return &comparing{Outside: o, check: check, point: point}
	}
	v.find(none, -1, "", "checkpoint %s is of log %s, which is not in the folder", o.Name, claimed.Origin)
	return nil
}

// compare hears which root the log had at the checkpoint's size.
func (c *comparing) compare(root tlog.Hash) {
	c.met = true
	v, log := c.check.v, c.check.id
	if root != c.point.Root {
		v.find(log, -1, "", "the first %d entries are not those that checkpoint %s covers: history was written anew", c.point.Size, c.Name)
		return
	}
	v.v.Against = append(v.v.Against, Compared{c.Name, log.String(), c.point.Size})
}

// endAgainst reports the checkpoints whose size no log reached.
func (v *verifier) endAgainst(all []*comparing) {
	for _, c := range all {
		switch size := c.check.tree.size; {
		case c.met:
		case c.gone:
			c.compareStated()
		case uint64(c.point.Size) > size:
			v.find(c.check.id, int64(size), "", "checkpoint %s covers %d entries, but only %d are there: the tail was cut off, or the folder is an older copy", c.Name, c.point.Size, size)
		default:
			v.find(c.check.id, -1, "", "checkpoint %s cannot be compared: entries that it covers are missing or unreadable", c.Name)
		}
	}
}

// compareStated compares a checkpoint whose entries were pruned with those that were
// put on record when they were made.
func (c *comparing) compareStated() {
	v, log := c.check.v, c.check.id
	if stated, ok := v.statedRoot(log, c.check.key, c.point.Size); ok {
		c.compare(stated.Root)
		return
	}
	v.note("checkpoint %s covers %d entries of log %s, of which those below %d were pruned, as is on record: that checkpoint cannot be compared any more, neither for nor against; keep a newer one", c.Name, c.point.Size, log, c.check.min.Index)
}
