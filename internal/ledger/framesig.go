package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// sign returns the journal key's signature of a commit.
func (f *commitFrame) sign(s note.Signer, commit uint64) ([]byte, error) {
	sections := sha256.New()
	for _, l := range f.logs {
		sections.Write(l.head())
		for _, it := range l.items {
			sections.Write(it.LeafHash[:])
		}
		sections.Write(l.root[:])
	}
	sig, err := s.Sign(leavesText(commit, sections))
	if err != nil {
		return nil, fmt.Errorf("sign commit: %w", err)
	}
	if len(sig) != frameSig {
		return nil, fmt.Errorf("sign commit: signature of %d bytes", len(sig))
	}
	return sig, nil
}

// leavesText is what the journal key signs for a commit: its number, and the SHA-256
// of, for each section, what stands in front of its rows, their leaf hashes, and the
// root.
func leavesText(commit uint64, sections hash.Hash) []byte {
	dst := binary.LittleEndian.AppendUint64([]byte("hansard journal commit 2\n"), commit)
	return sections.Sum(dst)
}

// bodyText is what the journal key of former versions signed.
func bodyText(commit uint64, body []byte) []byte {
	sum := sha256.Sum256(body)
	dst := binary.LittleEndian.AppendUint64([]byte("hansard journal commit\n"), commit)
	return append(dst, sum[:]...)
}

var errSignature = errors.New("its signature is not the journal key's")

// sectionsOf reads the body of a commit that the journal key signed: any change of it
// is an error. Without a key all is taken that can be read.
func sectionsOf(enc *part.Encoder, f frame, key note.Verifier) ([]*section, error) {
	if f.signed == signedBody && key != nil && !key.Verify(bodyText(f.commit, f.body), f.sig) {
		return nil, errSignature
	}
	sections, err := parseBody(enc, f.body)
	if err != nil || f.signed == signedBody {
		return sections, err
	}
	sum := sha256.New()
	var scratch []byte
	for _, s := range sections {
		if scratch, err = s.checkRows(enc, scratch); err != nil {
			return nil, err
		}
		sum.Write(appendSectionHead(nil, s.log, s.first, len(s.rows)))
		for _, leaf := range s.leaves {
			sum.Write(leaf[:])
		}
		sum.Write(s.root[:])
	}
	if key != nil && !key.Verify(leavesText(f.commit, sum), f.sig) {
		return nil, errSignature
	}
	return sections, nil
}

// checkRows computes the leaf hashes of a section's rows. It refuses a row that says
// anything that its leaf does not bind: content other than the digest's, or none, or
// another spelling.
func (s *section) checkRows(enc *part.Encoder, scratch []byte) ([]byte, error) {
	s.leaves = make([]tlog.Hash, len(s.rows))
	for i, e := range s.rows {
		scratch = enc.AppendLeaf(scratch[:0], e)
		s.leaves[i] = tlog.Hash(part.HashLeaf(scratch))
		err := enc.CheckContent(e)
		if err == nil && e.ContentSize > 0 && len(e.Salt) == 0 {
			err = errors.New("its content is gone")
		}
		if scratch = enc.AppendRow(scratch[:0], e); err == nil && !bytes.Equal(scratch, s.raw[i]) {
			err = errors.New("not spelled as entries are")
		}
		if err != nil {
			return scratch, fmt.Errorf("%w: %s entry %d: %w", errBody, s.log, s.first+uint64(i), err)
		}
	}
	return scratch, nil
}

// leaf returns the leaf hash of the i-th row.
func (s *section) leaf(enc *part.Encoder, i int) hansard.Hash {
	if s.leaves != nil {
		return hansard.Hash(s.leaves[i])
	}
	return part.HashLeaf(enc.AppendLeaf(nil, s.rows[i]))
}

// signedBy reports of a frame whether the journal key signed it.
type signedBy func(frame) bool

// signedWith returns that check; without a key every frame passes.
func signedWith(enc *part.Encoder, key note.Verifier) signedBy {
	return func(f frame) bool {
		if key == nil {
			return true
		}
		_, err := sectionsOf(enc, f, key)
		return err == nil || f.signed == signedBody && !errors.Is(err, errSignature)
	}
}
