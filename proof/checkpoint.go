package proof

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/hansardhq/hansard"
)

// Origin returns the origin of a log, which is also the name of its key:
// "<name>/log/<tenant>/<tier>".
func Origin(name string, log hansard.LogID) string {
	return name + "/log/" + log.Tenant + "/" + string(log.Tier)
}

// Checkpoint is the size and the root of a log (C2SP tlog-checkpoint).
type Checkpoint struct {
	Origin string
	Size   int64 // entries
	Root   tlog.Hash
}

// Text returns the text that is signed: three lines, origin, size and root.
func (c Checkpoint) Text() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, base64.StdEncoding.EncodeToString(c.Root[:]))
}

// Sign returns the checkpoint as a signed note.
func (c Checkpoint) Sign(s note.Signer) ([]byte, error) {
	return note.Sign(&note.Note{Text: c.Text()}, s)
}

// ParseCheckpoint reads the text of a checkpoint. Extension lines after the
// root are allowed and ignored, as the specification asks.
func ParseCheckpoint(text string) (Checkpoint, error) {
	bad := errors.New("malformed checkpoint")
	origin, rest, ok := strings.Cut(text, "\n")
	size, rest, ok2 := strings.Cut(rest, "\n")
	root, _, ok3 := strings.Cut(rest, "\n")
	if !ok || !ok2 || !ok3 || origin == "" {
		return Checkpoint{}, bad
	}
	n, err := strconv.ParseInt(size, 10, 64)
	if err != nil || n < 0 || size != strconv.FormatInt(n, 10) {
		return Checkpoint{}, bad
	}
	h, err := base64.StdEncoding.Strict().DecodeString(root)
	if err != nil || len(h) != tlog.HashSize {
		return Checkpoint{}, bad
	}
	return Checkpoint{Origin: origin, Size: n, Root: tlog.Hash(h)}, nil
}

// OpenCheckpoint checks the signature of a signed checkpoint with the log's
// verifier key and returns what was signed. The origin must be the key's name.
func OpenCheckpoint(signed []byte, v note.Verifier) (Checkpoint, error) {
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint: %w", err)
	}
	c, err := ParseCheckpoint(n.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	if c.Origin != v.Name() {
		return Checkpoint{}, fmt.Errorf("checkpoint of %q, signed by the key of %q", c.Origin, v.Name())
	}
	return c, nil
}
