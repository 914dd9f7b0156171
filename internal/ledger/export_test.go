package ledger

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/classify"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/part"
)

// MaxBody is the most that one commit may hold, in bytes.
const MaxBody = maxBody

// Freeze keeps the sealer and the publisher from changing the folder until the
// returned function is called. Locks are taken in the order of publish1.
func (l *Ledger) Freeze() func() {
	l.sealMu.Lock()
	var logs []*log
	l.mu.Lock()
	for _, t := range l.tenants {
		for _, lg := range t.logs {
			logs = append(logs, lg)
		}
	}
	l.mu.Unlock()
	for _, lg := range logs {
		lg.publishing.Lock()
	}
	l.mu.Lock()
	return func() {
		l.mu.Unlock()
		for _, lg := range logs {
			lg.publishing.Unlock()
		}
		l.sealMu.Unlock()
	}
}

// SealOnly seals one log, as the sealer does when no other is due.
func (l *Ledger) SealOnly(id hansard.LogID) error {
	l.sealMu.Lock()
	defer l.sealMu.Unlock()
	lg, err := l.log(id)
	if err != nil {
		return err
	}
	if err := l.sealLog(lg); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.journal.free(l.sealedEnd, false)
}

// CommitTogether commits requests of a tenant as one group, as the committer does
// with what arrived while it waited for the disk. Nothing else may be under way.
func (l *Ledger) CommitTogether(tenant string, requests ...[]classify.Record) []error {
	var group []*request
	for _, records := range requests {
		group = append(group, &request{tenant: tenant, records: records, done: make(chan struct{})})
	}
	l.commit(group)
	errs := make([]error, len(group))
	for i, r := range group {
		errs[i] = r.err
	}
	return errs
}

// Forge edits entries of a closed log and makes its parts, indexes and tiles fit,
// as somebody would who may write to the data folder and has no key. It returns
// the new SHA-256 of each part that it changed, by the part's name.
func Forge(dir string, id hansard.LogID, edit func(*hansard.Entry) bool) (map[string]string, error) {
	lay := layout{durable.OS{}, dir}
	live, _, err := lay.partFiles(id)
	if err != nil {
		return nil, err
	}
	sums := map[string]string{}
	var leaves []tlog.Hash
	for _, p := range live {
		entries, sum, err := forgePart(dir, p, edit)
		if err != nil {
			return nil, err
		}
		if sum != "" {
			sums[p.Name.String()] = sum
		}
		leaves = append(leaves, leafHashes(entries)...)
	}
	if err := os.RemoveAll(lay.tiles(id)); err != nil {
		return nil, err
	}
	return sums, tileStore{durable.OS{}, lay.tiles(id)}.append(0, leaves)
}

// forgePart writes a part anew if edit changed an entry of it.
func forgePart(dir string, p part.Info, edit func(*hansard.Entry) bool) ([]*hansard.Entry, string, error) {
	enc, path := part.NewEncoder(), p.Path(dir)
	entries, err := readPart(durable.OS{}, enc, path, p)
	if err != nil {
		return nil, "", err
	}
	old, err := readIndex(durable.OS{}, path+IndexSuffix)
	if err != nil {
		return nil, "", err
	}
	changed := false
	ids := make([]part.ID, len(entries))
	for i, e := range entries {
		if edit(e) {
			changed, e.LeafHash = true, part.HashLeaf(enc.AppendLeaf(nil, e))
		}
		ids[i].Event = part.EventHash(e.EventID)
		ids[i].Fingerprint, _ = old.Find(ids[i].Event)
	}
	if !changed {
		return entries, "", nil
	}
	err = durable.WriteFile(durable.OS{}, path, func(w io.Writer) error { return enc.Write(w, entries) })
	if err != nil {
		return nil, "", err
	}
	x := part.NewIndex(p.Name, entries, ids)
	if len(old.Texts) > 0 {
		x.AddTexts(enc, entries)
	}
	if x.SHA256, x.Bytes, err = hashFile(durable.OS{}, path); err != nil {
		return nil, "", err
	}
	if err := os.WriteFile(path+IndexSuffix, x.Append(nil), 0o600); err != nil {
		return nil, "", err
	}
	return entries, x.SHA256.String(), nil
}

// JournalFile returns a journal file with one commit of one row, whose checksums
// fit. Without a signer its signature is 64 zeros.
func JournalFile(seq, commit uint64, signer note.Signer, id hansard.LogID, row []byte) ([]byte, error) {
	body := appendString(appendString([]byte{1}, id.Tenant), string(id.Tier))
	body = appendString(append(body, 0, 1), string(row))
	body = append(body, make([]byte, tlog.HashSize)...)
	sig := make([]byte, frameSig)
	if signer != nil {
		var err error
		if sig, err = signFrame(signer, commit, body); err != nil {
			return nil, err
		}
	}
	return appendFrame(journalHead(seq, false), seq, journalHeader, commit, 1, body, sig), nil
}

// CommitsIn returns where the commits of a journal file begin.
func CommitsIn(b []byte, seq uint64) ([]int64, error) {
	var at []int64
	next := int64(journalHeader)
	_, err := scanJournal(b, seq, nil, func(f frame) error {
		at, next = append(at, next), next+f.size
		return nil
	})
	if err == nil && len(at) == 0 {
		err = fmt.Errorf("journal file %x holds no commit", seq)
	}
	return at, err
}
