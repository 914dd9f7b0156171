// Package proof checks Hansard's evidence offline, from files alone: that an
// entry is in a log whose signed checkpoint one trusts, and that content is
// what the entry committed to. It needs no server and does not trust one.
//
// A proof is a C2SP tlog-proof (c2sp.org/tlog-proof@v1):
//
//	c2sp.org/tlog-proof@v1
//	extra <base64>
//	index 1204112
//	<base64 hash>
//	...
//
//	hansard-1f2e3d4c/log/acme/info
//	1204113
//	<base64 root>
//
//	— hansard-1f2e3d4c/log/acme/info <base64 signature>
//
// The extra data holds what is proved: the leaf (canonical JSON, one line), and
// after it, where content is disclosed, a line with the salt in hexadecimal and
// the content. Any tool that checks tlog-proofs can check it: the record hash
// is that of the leaf, SHA-256(0x00 || leaf).
//
//	p, err := proof.Parse(data)
//	v, err := note.NewVerifier(vkey)
//	entry, err := p.Verify(v) // entry.Leaf is now as good as the key
package proof

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const header = "c2sp.org/tlog-proof@v1\n"

// MaxSize is the largest proof that Parse reads, in bytes: an entry's content
// is at most a few MiB.
const MaxSize = 16 << 20

// Proof shows that a leaf is in a log.
type Proof struct {
	Leaf       []byte // the leaf's bytes: canonical JSON of the envelope
	Salt       []byte // 16 bytes; nil when the content is not disclosed
	Content    []byte // one JSON object; nil when it is not disclosed
	Index      int64  // the leaf's place in the log, from 0
	Hashes     tlog.RecordProof
	Checkpoint []byte // signed note
}

// Format returns the proof's text.
func (p *Proof) Format() []byte {
	extra := bytes.Clone(p.Leaf)
	if p.Content != nil {
		extra = append(extra, '\n')
		extra = hex.AppendEncode(extra, p.Salt)
		extra = append(append(extra, '\n'), p.Content...)
	}
	var b bytes.Buffer
	b.WriteString(header)
	fmt.Fprintf(&b, "extra %s\n", base64.StdEncoding.EncodeToString(extra))
	fmt.Fprintf(&b, "index %d\n", p.Index)
	for _, h := range p.Hashes {
		fmt.Fprintf(&b, "%s\n", h)
	}
	b.WriteByte('\n')
	b.Write(p.Checkpoint)
	return b.Bytes()
}

// Parse reads a proof. It checks nothing but the form.
func Parse(data []byte) (*Proof, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("proof of %d bytes, more than %d", len(data), MaxSize)
	}
	rest, ok := strings.CutPrefix(string(data), header)
	if !ok {
		return nil, errors.New("not a proof: the first line is not c2sp.org/tlog-proof@v1")
	}
	body, checkpoint, ok := strings.Cut(rest, "\n\n")
	if !ok {
		return nil, errors.New("malformed proof: no empty line before the checkpoint")
	}
	lines := strings.Split(body, "\n")
	if len(lines) < 2 {
		return nil, errors.New("malformed proof: expected an extra line and an index line")
	}
	p := &Proof{Checkpoint: []byte(checkpoint)}
	if err := p.parseExtra(lines[0]); err != nil {
		return nil, err
	}
	index, ok := strings.CutPrefix(lines[1], "index ")
	n, err := strconv.ParseInt(index, 10, 64)
	if !ok || err != nil || n < 0 {
		return nil, errors.New("malformed proof: expected an index line")
	}
	p.Index = n
	if len(lines) > 2+64 {
		return nil, errors.New("malformed proof: more than 64 hashes")
	}
	for _, line := range lines[2:] {
		h, err := tlog.ParseHash(line)
		if err != nil {
			return nil, errors.New("malformed proof: bad hash line")
		}
		p.Hashes = append(p.Hashes, h)
	}
	return p, nil
}

func (p *Proof) parseExtra(line string) error {
	text, ok := strings.CutPrefix(line, "extra ")
	extra, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil {
		return errors.New("malformed proof: expected an extra line")
	}
	leaf, rest, disclosed := bytes.Cut(extra, []byte("\n"))
	p.Leaf = leaf
	if !disclosed {
		return nil
	}
	salt, content, ok := bytes.Cut(rest, []byte("\n"))
	if p.Salt, err = hex.DecodeString(string(salt)); err != nil || !ok {
		return errors.New("malformed proof: bad salt")
	}
	p.Content = content
	return nil
}

// Verify checks the proof with the log's verifier key: the checkpoint's
// signature, that the leaf is in the tree, and that disclosed content is what
// the leaf committed to. It returns the checkpoint. Only after it has returned
// without an error may the proof's fields be believed.
func (p *Proof) Verify(v note.Verifier) (Checkpoint, error) {
	c, err := OpenCheckpoint(p.Checkpoint, v)
	if err != nil {
		return Checkpoint{}, err
	}
	if p.Index >= c.Size {
		return Checkpoint{}, fmt.Errorf("entry %d is not in a log of %d entries", p.Index, c.Size)
	}
	if err := tlog.CheckRecord(p.Hashes, c.Size, c.Root, p.Index, tlog.RecordHash(p.Leaf)); err != nil {
		return Checkpoint{}, fmt.Errorf("the entry is not in the log: %w", err)
	}
	return c, p.checkContent()
}

func (p *Proof) checkContent() error {
	if p.Content == nil {
		return nil
	}
	var leaf struct {
		Content struct {
			Alg    string
			Digest string
			Size   int
		}
	}
	if err := json.Unmarshal(p.Leaf, &leaf); err != nil {
		return fmt.Errorf("leaf: %w", err)
	}
	sum := sha256.Sum256(append(bytes.Clone(p.Salt), p.Content...))
	if leaf.Content.Alg != "sha256" || leaf.Content.Size != len(p.Content) || leaf.Content.Digest != hex.EncodeToString(sum[:]) {
		return errors.New("the content is not what the entry committed to")
	}
	return nil
}
