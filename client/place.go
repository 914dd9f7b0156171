package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/hansardhq/hansard"
)

// placeFile says up to where a spool was sent.
const placeFile = "place.json"

// place is what placeFile holds.
type place struct {
	Version  int               `json:"version"`
	Cursors  map[string]cursor `json:"cursors"`            // by tier: what is before it was sent
	Losses   []lossReport      `json:"losses,omitempty"`   // what the record was not told of yet
	Evicting string            `json:"evicting,omitempty"` // a segment whose loss is in the account
}

type cursor struct {
	Segment uint64 `json:"segment"`
	Offset  int64  `json:"offset"`
}

// readPlace reads the file. One that is missing or damaged, as a power cut may
// leave it, means that all is sent again, which the server recognises.
func readPlace(dir string) (place, error) {
	var p place
	b, err := os.ReadFile(filepath.Join(dir, placeFile))
	if errors.Is(err, os.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return p, err
	}
	if err := json.Unmarshal(b, &p); err != nil {
		return place{}, nil
	}
	if p.Version != 1 {
		err := hansard.Errorf(hansard.KindInvalid, "the spool %s has version %d, which this client does not know", dir, p.Version)
		return p, hansard.WithHint(err, "use the version of the client that wrote it, or another SpoolDir")
	}
	return p, nil
}

// save writes the place. A crash before the rename leaves the old one.
func (s *spool) save() error {
	p := place{Version: 1, Cursors: map[string]cursor{}, Losses: s.told, Evicting: s.closing}
	for i := range s.ranks {
		if segs := s.ranks[i].segs; len(segs) > 0 {
			p.Cursors[string(hansard.Tiers[i])] = cursor{segs[0].number, segs[0].offset}
		}
	}
	b, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encode the place of a spool: %w", err)
	}
	tmp := filepath.Join(s.dir, placeFile+".tmp")
	if err := os.WriteFile(tmp, b, 0o600); err != nil {
		return err
	}
	if err := os.Rename(tmp, filepath.Join(s.dir, placeFile)); err != nil {
		return err
	}
	s.saved, s.dirty = time.Now(), false
	return nil
}
