package ledger

import (
	"context"
	"fmt"
	"sort"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/proof"
)

// ServingVerification is a verification of a tenant's logs by the server that
// serves them: every leaf is rendered from its row and hashed, hash tiles are held
// against them, and the root is held against the signed checkpoint. It does not
// look at contents, nor at what lies beside the parts; Verify does, with no server
// running.
type ServingVerification struct {
	Running bool
	Done    int64 // entries
	Total   int64
	Started time.Time
	Ended   time.Time // zero: it is running
	Logs    []ServingVerified
	Err     error // what kept it from its end; no finding
}

// ServingVerified is what a log was found to be.
type ServingVerified struct {
	Log      hansard.LogID
	Size     int64  // that the checkpoint covers
	Pruned   int64  // entries of it that are known by their hashes only
	Root     string // base64
	Findings []Finding
}

// maxServingFindings bounds the findings of a log: the first say where to look.
const maxServingFindings = 100

// verifyJobs are the verifications of a running server.
type verifyJobs struct {
	// mu guards last. It is never held while anything waits.
	mu   sync.Mutex
	last map[string]*ServingVerification // by tenant
}

// VerifyState returns the tenant's verification that runs, or that ended last; nil
// if there was none since the start of the server.
func (l *Ledger) VerifyState(tenant string) *ServingVerification {
	l.verifying.mu.Lock()
	defer l.verifying.mu.Unlock()
	if s := l.verifying.last[tenant]; s != nil {
		c := *s
		c.Logs = append([]ServingVerified(nil), s.Logs...)
		return &c
	}
	return nil
}

// StartVerify begins to verify the tenant's logs up to their last checkpoints, in
// the background. It is KindBusy if one is under way.
func (l *Ledger) StartVerify(tenant string) error {
	j := &l.verifying
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, s := range j.last {
		if s.Running {
			return hansard.WithHint(hansard.Errorf(hansard.KindBusy, "a verification is under way"), "wait for its end")
		}
	}
	var logs []Info
	for _, i := range l.Logs() {
		if i.Log.Tenant == tenant && i.Checkpoint != nil {
			logs = append(logs, i)
		}
	}
	sort.Slice(logs, func(a, b int) bool { return logs[a].Log.Tier < logs[b].Log.Tier })
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return errBusy("the server is stopping")
	}
	l.wg.Add(1)
	l.mu.Unlock()
	state := &ServingVerification{Running: true, Started: time.Now()}
	if j.last == nil {
		j.last = map[string]*ServingVerification{}
	}
	j.last[tenant] = state
	go func() {
		defer l.wg.Done()
		err := l.verifyServing(j, state, logs)
		j.mu.Lock()
		defer j.mu.Unlock()
		state.Running, state.Ended, state.Err = false, time.Now(), err
	}()
	return nil
}

func (l *Ledger) verifyServing(j *verifyJobs, state *ServingVerification, logs []Info) error {
	found := make([]ServingVerified, len(logs))
	for i, info := range logs {
		found[i] = ServingVerified{Log: info.Log, Findings: []Finding{}}
		c, err := openedBy(info)
		if err != nil {
			found[i].say(-1, "the checkpoint is not signed by the log's key: %v", err)
			continue
		}
		found[i].Size, found[i].Root = c.Size, c.Root.String()
		j.mu.Lock()
		state.Total += c.Size
		j.mu.Unlock()
	}
	for i, info := range logs {
		if found[i].Size > 0 {
			err := l.verifyBundles(info, &found[i], func(n int64) {
				j.mu.Lock()
				state.Done += n
				j.mu.Unlock()
			})
			if err != nil {
				return fmt.Errorf("log %s: %w", info.Log, err)
			}
		}
		j.mu.Lock()
		state.Logs = append(state.Logs, found[i])
		j.mu.Unlock()
	}
	return nil
}

func openedBy(i Info) (proof.Checkpoint, error) {
	v, err := note.NewVerifier(i.VKey)
	if err != nil {
		return proof.Checkpoint{}, err
	}
	return proof.OpenCheckpoint(i.Checkpoint, v)
}

// say notes a finding.
func (s *ServingVerified) say(entry int64, format string, args ...any) {
	if len(s.Findings) < maxServingFindings {
		s.Findings = append(s.Findings, Finding{Log: s.Log.String(), Entry: entry, Text: fmt.Sprintf(format, args...)})
	}
}

// verifyBundles goes through a log's entries, 256 at a time, and grows its tree
// from them anew.
func (l *Ledger) verifyBundles(info Info, s *ServingVerified, done func(int64)) error {
	l.leaves.forget()
	var t tree
	for n := uint64(0); n*tileWidth < uint64(s.Size); n++ {
		if l.stopping() {
			return context.Canceled
		}
		width := int(min(tileWidth, uint64(s.Size)-n*tileWidth))
		tile, tileErr := l.Tile(info.Log, 0, n, width)
		b, err := l.Bundle(info.Log, n, width)
		switch {
		case err == nil:
		case hansard.KindOf(err) == hansard.KindNotFound && width == tileWidth:
			if err := l.prunedTile(info, s, &t, n); err != nil {
				return err
			}
			done(int64(width))
			continue
		case durable.TooManyFiles(err):
			return err
		default: // damaged, or not there
			s.say(int64(n*tileWidth), "the entries from here on cannot be read: %v", err)
			done(s.Size - int64(n*tileWidth))
			return nil
		}
		leaves, ok := leavesOf(b, width)
		if !ok {
			s.say(int64(n*tileWidth), "the entries from here on cannot be read")
			done(s.Size - int64(n*tileWidth))
			return nil
		}
		for i, leaf := range leaves {
			h := tlog.RecordHash(leaf)
			if tileErr == nil && tlog.Hash(tile[i*tlog.HashSize:]) != h {
				s.say(int64(n*tileWidth)+int64(i), "the row is not what its hash says")
			}
			t.append(h)
		}
		if tileErr != nil {
			s.say(int64(n*tileWidth), "hashes from here on cannot be read: %v", tileErr)
		}
		done(int64(width))
	}
	if root := t.root(); root.String() != s.Root {
		s.say(-1, "the root of the entries is %s and the checkpoint says %s", root, s.Root)
	}
	return nil
}

// prunedTile takes 256 entries that are not kept by the hash of their tile.
func (l *Ledger) prunedTile(info Info, s *ServingVerified, t *tree, n uint64) error {
	b, err := l.Tile(info.Log, 1, n/tileWidth, int(n%tileWidth)+1)
	if err != nil {
		return err
	}
	t.appendTile(tlog.Hash(b[int(n%tileWidth)*tlog.HashSize:]))
	s.Pruned += tileWidth
	return nil
}

// leavesOf splits an entry bundle.
func leavesOf(b []byte, width int) ([][]byte, bool) {
	leaves := make([][]byte, 0, width)
	for len(b) >= 2 {
		n := int(b[0])<<8 | int(b[1])
		if len(b) < 2+n {
			return nil, false
		}
		leaves = append(leaves, b[2:2+n])
		b = b[2+n:]
	}
	return leaves, len(b) == 0 && len(leaves) == width
}

func (l *Ledger) stopping() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}
