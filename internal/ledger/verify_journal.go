package ledger

import (
	"slices"

	"golang.org/x/mod/sumdb/note"

	"github.com/hansardhq/hansard"
)

// checkJournal reads the commits that may not be sealed yet.
func (v *verifier) checkJournal() {
	seqs, err := v.layout.journalSeqs()
	if err != nil {
		v.find(hansard.LogID{}, -1, v.layout.journal(), "%v", err)
		return
	}
	if v.layout.justMade(seqs) {
		v.note("nothing was ever recorded: the first start was interrupted")
		return
	}
	key, _ := v.verifierKey(hansard.LogID{}, v.layout.journalVKey(), v.v.Name+"/journal", func() (note.Signer, string, error) { return v.keys.JournalSigner(false) })
	live, _, err := v.layout.liveJournal(seqs)
	if err != nil {
		v.find(hansard.LogID{}, -1, v.layout.journal(), "%v", err)
		return
	}
	void := &journalCheck{v: v, key: key, void: true}
	for _, seq := range seqs {
		v.read(journalPath(v.layout.journal(), seq), 0)
		if !slices.Contains(live, seq) && !v.unborn(seq, key) {
			void.commit = 0
			void.file(seq, true)
		}
	}
	j := &journalCheck{v: v, key: key}
	for i, seq := range live {
		j.file(seq, i == len(live)-1)
	}
}

// unborn reports whether a file has no header. It was made for commits to come, and
// holds nothing.
func (v *verifier) unborn(seq uint64, key note.Verifier) bool {
	head, err := v.layout.readHead(seq)
	if err != nil || !blank(head) {
		return false
	}
	path := journalPath(v.layout.journal(), seq)
	if last, err := v.layout.lastCommit(seq, signedWith(v.enc, key)); err != nil || last > 0 {
		v.find(hansard.LogID{}, -1, path, "the file's header is gone, but it holds commits")
	} else if !blank(v.readFile(hansard.LogID{}, path, maxJournal)) {
		v.find(hansard.LogID{}, -1, path, "bytes that belong to no commit, in a file for commits to come")
	}
	return true
}

type journalCheck struct {
	v      *verifier
	key    note.Verifier
	void   bool // a later file makes the files void; a crash left them
	commit uint64
}

func (j *journalCheck) file(seq uint64, last bool) {
	path := journalPath(j.v.layout.journal(), seq)
	b := j.v.readFile(hansard.LogID{}, path, maxJournal)
	if b == nil {
		return
	}
	tail, err := scanJournal(b, seq, signedWith(j.v.enc, j.key), func(f frame) error {
		j.frame(path, f)
		return nil
	})
	switch {
	case err != nil:
		j.v.find(hansard.LogID{}, -1, path, "%v", err)
	case !blank(b[44:60]):
		j.v.find(hansard.LogID{}, -1, path, "its header holds more than a header")
	case tail.torn && (tail.more || !last):
		j.v.find(hansard.LogID{}, -1, path, "damaged at byte %d, before commits that were acknowledged", tail.end)
	case tail.torn && !tail.begun:
		j.v.find(hansard.LogID{}, -1, path, "bytes that belong to no commit after byte %d", tail.end)
	case tail.torn:
		j.v.note("the journal ends with a torn commit at byte %d, which the next start drops unless a checkpoint covers it (%s)", tail.end, j.v.rel(path))
	}
}

func (j *journalCheck) frame(path string, f frame) {
	none := hansard.LogID{}
	if j.commit != 0 && f.commit != j.commit+1 {
		j.v.find(none, -1, path, "commit %d follows commit %d", f.commit, j.commit)
	}
	j.commit = f.commit
	sections, err := sectionsOf(j.v.enc, f, j.key)
	if err != nil {
		j.v.find(none, -1, path, "commit %d: %v", f.commit, err)
		return // whoever wrote it may have written anything
	}
	if j.void {
		return
	}
	for _, s := range sections {
		j.v.fresh[s.log] = append(j.v.fresh[s.log], s)
	}
}
