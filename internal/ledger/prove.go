package ledger

import (
	"golang.org/x/mod/sumdb/tlog"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/proof"
)

// Info is what is public of a log.
type Info struct {
	Log        hansard.LogID
	Origin     string
	VKey       string // verifier key, in the form of golang.org/x/mod/sumdb/note
	Size       uint64 // committed entries
	Sealed     uint64 // ... of them in parts
	Minimum    uint64 // the first entry that is kept; those before were pruned
	Expired    int64  // receipt of the last entry that was pruned, Unix ns; 0: none was
	Checkpoint []byte // the last signed one; nil before the first
}

// Logs lists the logs, in no order.
func (l *Ledger) Logs() []Info {
	l.mu.Lock()
	defer l.mu.Unlock()
	var infos []Info
	for _, t := range l.tenants {
		for _, lg := range t.logs {
			infos = append(infos, lg.info())
		}
	}
	return infos
}

func (lg *log) info() Info {
	return Info{
		Log: lg.id, Origin: lg.signer.Name(), VKey: lg.vkey, Size: lg.tree.size, Sealed: lg.sealedEnd,
		Minimum: lg.min.Index, Expired: lg.min.Received, Checkpoint: lg.checkpoint,
	}
}

// Log returns what is public of one log.
func (l *Ledger) Log(id hansard.LogID) (Info, error) {
	lg, err := l.log(id)
	if err != nil {
		return Info{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return lg.info(), nil
}

// LastPosition returns the position of the tenant's last committed entry, and
// whether there is one.
func (l *Ledger) LastPosition(tenantName string) (uint64, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.tenants[tenantName]
	if t == nil || t.next == 0 {
		return 0, false
	}
	return t.next - 1, true
}

func (l *Ledger) log(id hansard.LogID) (*log, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t := l.tenants[id.Tenant]; t != nil {
		if lg := t.logs[id.Tier]; lg != nil {
			return lg, nil
		}
	}
	return nil, hansard.Errorf(hansard.KindNotFound, "there is no log %s", id)
}

// Prove returns the proof that the entry is in its log, against a checkpoint
// that covers it; one is signed if need be. With disclose the proof carries the
// content too.
func (l *Ledger) Prove(e *hansard.Entry, disclose bool) (*proof.Proof, error) {
	lg, err := l.log(e.Log)
	if err != nil {
		return nil, err
	}
	if _, err := l.publish1(lg); err != nil {
		return nil, err
	}
	l.mu.Lock()
	view, size, root := lg.hashes(), int64(lg.signed.size), lg.signed.root
	signed := lg.checkpoint
	l.mu.Unlock()
	if int64(e.Index) >= size {
		return nil, hansard.Errorf(hansard.KindNotFound, "entry %d of %s: the log has %d entries", e.Index, e.Log, size)
	}
	c := proof.Checkpoint{Origin: lg.signer.Name(), Size: size, Root: root}
	return view.prove(l.enc, e, c, signed, disclose)
}

// Tile returns a hash tile of a log as tlog-tiles serves it: width hashes of the
// given tile level, from the n-th tile on. Only what the published checkpoint
// covers is served.
func (l *Ledger) Tile(id hansard.LogID, level int, n uint64, width int) ([]byte, error) {
	lg, err := l.log(id)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	err = lg.checkTile(level, n, width)
	view := lg.hashes()
	l.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return view.tile(level, n, width)
}

// tile returns width hashes of a tile level, from the n-th tile on.
func (h hashes) tile(level int, n uint64, width int) ([]byte, error) {
	b := make([]byte, 0, width*tlog.HashSize)
	for i := range uint64(width) {
		hash, err := h.at(level*tileHeight, n*tileWidth+i)
		if err != nil {
			return nil, err
		}
		b = append(b, hash[:]...)
	}
	return b, nil
}

// checkTile refuses tiles that a log of the published size does not have, and
// those of level 0 that were pruned: of all others the hashes are kept. l.mu is
// held.
func (lg *log) checkTile(level int, n uint64, width int) error {
	return checkTile(lg.id, lg.min, lg.signed.size, level, n, width)
}

func checkTile(id hansard.LogID, least minimum, signed uint64, level int, n uint64, width int) error {
	if level == 0 && n < least.Index/tileWidth {
		return errBelow(id, least)
	}
	if level >= 0 && level < 8 && width >= 1 && width <= tileWidth && n < 1<<48 {
		if have := signed >> (level * tileHeight); n*tileWidth+uint64(width) <= have {
			return nil
		}
	}
	return hansard.Errorf(hansard.KindNotFound, "log %s has no such tile", id)
}
