package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/reading"
	"github.com/hansardhq/hansard/proof"
)

// tileSource is where tiles come from: a server, or a folder that is opened.
type tileSource interface {
	Logs(ctx context.Context) (name string, logs []reading.Log, err error)
	// Checkpoint, Tile and Bundle are of the log "tenant/tier".
	Checkpoint(ctx context.Context, log string) ([]byte, error)
	Tile(ctx context.Context, log string, level int, n int64, width int) ([]byte, error)
	Bundle(ctx context.Context, log string, n int64, width int) ([]byte, error)
}

// tilesManifest says what an export of tiles holds.
type tilesManifest struct {
	Format  string     `json:"format"` // tiles
	Name    string     `json:"name"`   // of the server
	Created time.Time  `json:"created"`
	Logs    []tiledLog `json:"logs"`
	Entries int64      `json:"entries"`
	Missing int64      `json:"expired"` // entries of expired bundles
}

// tiledLog is one log in the manifest.
type tiledLog struct {
	Log     string `json:"log"`
	Origin  string `json:"origin"`
	VKey    string `json:"vkey"`
	Size    int64  `json:"size"`
	Root    string `json:"root"` // hexadecimal
	Entries int64  `json:"entries"`
	Expired int64  `json:"expired"`
}

const tileWidth = 256

// exportTiles writes all logs as tlog-tiles.
func (p *program) exportTiles(ctx context.Context, dir string) error {
	if dir == "" {
		return hansard.Errorf(hansard.KindInvalid, "tiles are files: name a folder with --to")
	}
	var m *tilesManifest
	// A part that was there when the folder was opened may have been merged when it
	// is read. What was written stays: full tiles never change.
	for attempt := 0; ; attempt++ {
		source, end, err := p.tileSource()
		if err != nil {
			return err
		}
		m, err = p.writeTiles(ctx, source, dir)
		if err = errors.Join(err, end()); err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) || p.global.data == "" || attempt == 20 {
			return err
		}
	}
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "manifest.json"), append(b, '\n'), 0o600); err != nil {
		return hansard.Errorf(hansard.KindInternal, "write the manifest: %w", err)
	}
	p.say("exported %s of %s to %s", count(m.Entries, "event"), count(int64(len(m.Logs)), "log"), dir)
	if m.Missing > 0 {
		p.say("%s expired before", count(m.Missing, "event"))
	}
	return nil
}

func (p *program) tileSource() (tileSource, func() error, error) {
	if p.global.data == "" {
		c, err := p.client()
		return c, func() error { return nil }, err
	}
	r, err := ledger.OpenBeside(durable.OS{}, p.global.data)
	if err != nil {
		return nil, nil, err
	}
	return folderTiles{r, p.global.tenantOrDefault()}, r.Close, nil
}

// folderTiles gives the tiles of a folder, which a server may be writing.
type folderTiles struct {
	r      *ledger.Reader
	tenant string
}

// Logs lists the logs of the tenant.
func (s folderTiles) Logs(context.Context) (string, []reading.Log, error) {
	return s.r.Name(), reading.New(reading.Config{Prover: s.r}).Logs(s.tenant), nil
}

// Checkpoint returns the signed checkpoint of a log.
func (s folderTiles) Checkpoint(_ context.Context, log string) ([]byte, error) {
	return s.r.Checkpoint(s.id(log))
}

// Tile returns a hash tile of a log.
func (s folderTiles) Tile(_ context.Context, log string, level int, n int64, width int) ([]byte, error) {
	return s.r.Tile(s.id(log), level, uint64(n), width)
}

// Bundle returns an entry bundle of a log.
func (s folderTiles) Bundle(_ context.Context, log string, n int64, width int) ([]byte, error) {
	return s.r.Bundle(s.id(log), uint64(n), width)
}

func (s folderTiles) id(log string) hansard.LogID {
	return hansard.LogID{Tenant: s.tenant, Tier: hansard.Tier(filepath.Base(log))}
}

func (p *program) writeTiles(ctx context.Context, source tileSource, dir string) (*tilesManifest, error) {
	name, logs, err := source.Logs(ctx)
	if err != nil {
		return nil, err
	}
	m := &tilesManifest{Format: formatTiles, Name: name, Created: time.Now().UTC(), Logs: []tiledLog{}}
	for _, log := range logs {
		if log.Checkpoint == "" {
			continue // nothing of it was signed yet
		}
		w := &tileWriter{source: source, log: log.Log, dir: filepath.Join(dir, filepath.FromSlash(log.Log)), bar: p.newProgress("exporting "+log.Log, int64(log.Size))}
		done, err := w.write(ctx, log)
		w.bar.end()
		if err != nil {
			return nil, err
		}
		m.Logs = append(m.Logs, done)
		m.Entries += done.Entries
		m.Missing += done.Expired
	}
	return m, nil
}

// tileWriter writes one log.
type tileWriter struct {
	source tileSource
	log    string
	dir    string
	bar    *progress
}

// write writes all tiles that the checkpoint needs, and then the checkpoint: a
// folder with one is whole.
func (w *tileWriter) write(ctx context.Context, log reading.Log) (tiledLog, error) {
	signed, err := w.source.Checkpoint(ctx, w.log)
	if err != nil {
		return tiledLog{}, err
	}
	verifier, err := note.NewVerifier(log.VKey)
	if err != nil {
		return tiledLog{}, hansard.Errorf(hansard.KindCorrupt, "the verifier key of log %s cannot be read", w.log)
	}
	point, err := proof.OpenCheckpoint(signed, verifier)
	if err != nil {
		return tiledLog{}, hansard.Errorf(hansard.KindCorrupt, "the checkpoint of log %s: %w", w.log, err)
	}
	done := tiledLog{Log: w.log, Origin: log.Origin, VKey: log.VKey, Size: point.Size, Root: fmt.Sprintf("%x", point.Root[:])}
	for level, have := 0, point.Size; have > 0; level, have = level+1, have/tileWidth {
		row := fmt.Sprint(level)
		if _, err := w.row(ctx, row, have, func(n int64, width int) ([]byte, error) { return w.source.Tile(ctx, w.log, level, n, width) }); err != nil {
			return done, err
		}
	}
	done.Expired, err = w.row(ctx, "entries", point.Size, func(n int64, width int) ([]byte, error) {
		w.bar.set(n*tileWidth, point.Size)
		return w.source.Bundle(ctx, w.log, n, width)
	})
	if err != nil {
		return done, err
	}
	done.Entries = point.Size - done.Expired
	if err := w.file("vkey", []byte(log.VKey+"\n")); err != nil {
		return done, err
	}
	return done, w.file("checkpoint", signed)
}

// row writes the tiles of a level, or the bundles, for so many hashes or entries,
// and returns how many of these are not kept any more.
func (w *tileWriter) row(ctx context.Context, row string, have int64, get func(n int64, width int) ([]byte, error)) (expired int64, err error) {
	for n := int64(0); n*tileWidth < have; n++ {
		width := int(min(tileWidth, have-n*tileWidth))
		name := tileName(row, n, width)
		if width == tileWidth && exists(filepath.Join(w.dir, name)) {
			continue // full tiles never change
		}
		if err := ctx.Err(); err != nil {
			return expired, err
		}
		b, err := get(n, width)
		if hansard.KindOf(err) == hansard.KindNotFound && err != nil {
			expired += int64(width)
			continue
		}
		if err != nil {
			return expired, err
		}
		if err := w.file(name, b); err != nil {
			return expired, err
		}
	}
	return expired, nil
}

// file writes a file under a temporary name first: one that is there is whole.
func (w *tileWriter) file(name string, b []byte) error {
	path := filepath.Join(w.dir, name)
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = os.WriteFile(path+".part", b, 0o600)
	}
	if err == nil {
		err = os.Rename(path+".part", path)
	}
	if err != nil {
		return hansard.Errorf(hansard.KindInternal, "export tiles: %w", err)
	}
	return nil
}

// tileName returns the path of a tile in a log's folder (C2SP tlog-tiles).
func tileName(row string, n int64, width int) string {
	name := fmt.Sprintf("%03d", n%1000)
	for n /= 1000; n > 0; n /= 1000 {
		name = fmt.Sprintf("x%03d/%s", n%1000, name)
	}
	name = "tile/" + row + "/" + name
	if width < tileWidth {
		name += fmt.Sprintf(".p/%d", width)
	}
	return name
}
