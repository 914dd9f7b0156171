package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/trace"
	"github.com/hansardhq/hansard/proof"
)

// maxCheckpoint bounds a file with a checkpoint, in bytes.
const maxCheckpoint = 1 << 16

// readOutside reads the files of checkpoints that were kept outside a record.
func readOutside(paths []string) ([]ledger.Outside, error) {
	var all []ledger.Outside
	for _, path := range paths {
		b, err := durable.ReadFile(durable.OS{}, path, maxCheckpoint)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, hansard.Errorf(hansard.KindNotFound, "there is no checkpoint %s", path)
		}
		if err != nil {
			return nil, hansard.Errorf(hansard.KindInvalid, "read checkpoint %s: %w", path, err)
		}
		all = append(all, ledger.Outside{Name: path, Note: b})
	}
	return all, nil
}

// verifyServer checks that a server's logs still begin with what checkpoints
// cover. The key is the auditor's own: nothing that the server says is believed.
func (p *program) verifyServer(ctx context.Context, against []string, key, format string) error {
	outside, err := readOutside(against)
	if err != nil {
		return err
	}
	if key == "" {
		err := hansard.Errorf(hansard.KindInvalid, "checkpoints are checked with the log's verifier key: --key KEY or --key @FILE")
		return hansard.WithHint(err, "take it from whom you trust, not from the server that you check; to check a folder, name it with --data DIR")
	}
	verifier, err := verifierOf(key)
	if err != nil {
		return err
	}
	v := verificationJSON{Logs: []verifiedLog{}, Findings: []findingJSON{}, Notes: []string{}, Agrees: []agreement{}}
	v.Name, _, _ = strings.Cut(verifier.Name(), "/")
	for _, o := range outside {
		log, size, err := p.compareServer(ctx, o, verifier)
		switch {
		case errors.Is(err, proof.ErrRewritten):
			v.Findings = append(v.Findings, findingJSON{Log: log, Text: fmt.Sprintf("checkpoint %s: %v", o.Name, err)})
		case err != nil:
			return err
		default:
			v.Agrees = append(v.Agrees, agreement{o.Name, log, size})
		}
	}
	v.Verified = len(v.Findings) == 0
	if err := p.writeCompared(v, format); err != nil {
		return err
	}
	if !v.Verified {
		return quietError{exitFinding}
	}
	return nil
}

func (p *program) writeCompared(v verificationJSON, format string) error {
	if format == formatJSON {
		return p.writeJSON(v)
	}
	for _, a := range v.Agrees {
		fmt.Fprintf(p.stdout, "agrees: log %s still begins with the %s %s of checkpoint %s\n", a.Log, trace.Count(a.Size), entriesWord(a.Size), trace.Clean(a.Checkpoint))
	}
	for _, f := range v.Findings {
		fmt.Fprintf(p.stdout, "WRONG: log %s: %s\n", f.Log, trace.Clean(f.Text))
	}
	return nil
}

// compareServer compares one checkpoint with the log on the server.
func (p *program) compareServer(ctx context.Context, o ledger.Outside, verifier note.Verifier) (log string, size int64, err error) {
	before, err := proof.OpenCheckpoint(o.Note, verifier)
	if err != nil {
		return "", 0, hansard.Errorf(hansard.KindCorrupt, "%s is not signed by the key given: %w", o.Name, err)
	}
	_, log, ok := strings.Cut(before.Origin, "/log/")
	if !ok || strings.Count(log, "/") != 1 {
		return "", 0, hansard.Errorf(hansard.KindInvalid, "%s is of %q, which is no log", o.Name, before.Origin)
	}
	c, err := p.client()
	if err != nil {
		return "", 0, err
	}
	signed, err := c.Checkpoint(ctx, log)
	if err != nil {
		return "", 0, err
	}
	now, err := proof.OpenCheckpoint(signed, verifier)
	if err != nil {
		return log, 0, fmt.Errorf("%w: the server's checkpoint is not signed by the key given (%w)", proof.ErrRewritten, err)
	}
	tiles := func(ctx context.Context, level int, n int64, width int) ([]byte, error) {
		return c.Tile(ctx, log, level, n, width)
	}
	return log, before.Size, proof.Extends(ctx, before, now, tiles)
}
