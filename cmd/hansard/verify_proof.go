package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/proof"
)

// verifyProof checks a proof file with a verifier key, offline.
func (p *program) verifyProof(path, key string, show bool, format string) error {
	verifier, err := verifierOf(key)
	if err != nil {
		return err
	}
	text, err := durable.ReadFile(durable.OS{}, path, proof.MaxSize)
	if errors.Is(err, fs.ErrNotExist) {
		return hansard.Errorf(hansard.KindNotFound, "there is no proof %s", path)
	}
	if err != nil {
		return hansard.Errorf(hansard.KindInvalid, "read %s: %w", path, err)
	}
	given, err := proof.Parse(text)
	var point proof.Checkpoint
	if err == nil {
		point, err = given.Verify(verifier)
	}
	if err != nil {
		return hansard.Errorf(hansard.KindCorrupt, "%s proves nothing: %w", path, err)
	}
	if format == formatJSON {
		return p.writeJSON(newProofJSON(given, point))
	}
	fmt.Fprintf(p.stdout, "verified: entry %d of %s\n", given.Index, point.Origin)
	fmt.Fprintf(p.stdout, "  in a log of %d entries with root %s\n", point.Size, point.Root)
	switch {
	case given.Content != nil:
		fmt.Fprintln(p.stdout, "  the content is what the entry committed to")
	default:
		fmt.Fprintln(p.stdout, "  the content is not disclosed")
	}
	if !show {
		return nil
	}
	return p.writeProved(given)
}

// writeProved shows what was proved.
func (p *program) writeProved(given *proof.Proof) error {
	fmt.Fprintln(p.stdout, "\nentry:")
	if err := p.writeIndented(given.Leaf); err != nil || given.Content == nil {
		return err
	}
	fmt.Fprintln(p.stdout, "\ncontent:")
	return p.writeIndented(given.Content)
}

// writeIndented writes JSON for people, its numbers and strings as they are.
func (p *program) writeIndented(raw []byte) error {
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return hansard.Errorf(hansard.KindCorrupt, "what is proved is no JSON: %w", err)
	}
	_, err := fmt.Fprintln(p.stdout, harmless(b.String()))
	return err
}

// proofJSON is a checked proof as JSON.
type proofJSON struct {
	Verified bool            `json:"verified"`
	Origin   string          `json:"origin"`
	Index    int64           `json:"index"`
	Size     int64           `json:"size"`
	Root     string          `json:"root"`
	Entry    json.RawMessage `json:"entry"`
	Content  json.RawMessage `json:"content,omitempty"`
}

func newProofJSON(given *proof.Proof, point proof.Checkpoint) proofJSON {
	return proofJSON{true, point.Origin, given.Index, point.Size, point.Root.String(), given.Leaf, given.Content}
}

// maxKey bounds a file with a verifier key, in bytes.
const maxKey = 4096

// verifierOf reads a verifier key: the key itself, or @FILE.
func verifierOf(key string) (note.Verifier, error) {
	if key == "" {
		err := hansard.Errorf(hansard.KindInvalid, "a proof is checked with the log's verifier key: --key KEY or --key @FILE")
		return nil, hansard.WithHint(err, "hansard logs lists the keys; take them from whom you trust, not from whom you check")
	}
	if path, ok := strings.CutPrefix(key, "@"); ok {
		b, err := durable.ReadFile(durable.OS{}, path, maxKey)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, hansard.Errorf(hansard.KindNotFound, "there is no key file %s", path)
		}
		if err != nil {
			return nil, hansard.Errorf(hansard.KindInvalid, "read key file %s: %w", path, err)
		}
		key = strings.TrimSpace(string(b))
	}
	v, err := note.NewVerifier(key)
	if err != nil {
		err := hansard.Errorf(hansard.KindInvalid, "--key is no verifier key: %w", err)
		return nil, hansard.WithHint(err, "it looks like hansard-1f2e3d4c/log/default/info+1a2b3c4d+AZ...; quote it")
	}
	return v, nil
}
