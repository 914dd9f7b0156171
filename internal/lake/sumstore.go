package lake

import (
	"bytes"
	"cmp"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/query"
)

// SumsConfig says where the sums of reports are kept from one start to the next. They
// are derived: the folder may be deleted at any time.
type SumsConfig struct {
	FS  durable.FS
	Dir string // of all tenants; made if need be
	// Key returns a tenant's secret of 32 bytes, which lies outside of the data.
	// Nothing is kept of a tenant for which it is an error.
	Key func(tenant string) ([]byte, error)
	// Program names the program: what another one has summed is not taken over.
	Program string
}

// Bounds of what is kept on the disk, of one tenant.
const (
	maxSumsFile = 32 << 20  // bytes of one question's sums
	maxSumsRaw  = 256 << 20 // ... decompressed
	maxSumsHead = 1 << 20   // ... of what says what they are of: of 10,000 parts
	sumsShare   = 16        // all take this share of the bytes of the parts,
	minSums     = 16 << 20  // or this many bytes,
	maxSums     = 128 << 20 // and these at most
)

// sumsMagic begins a file of sums. What follows is a nonce and the sums, compressed
// and sealed with AES-256-GCM under the tenant's key: whoever can write to the data
// folder cannot make reports say something else, and whoever copies it learns
// nothing of the sums that the parts do not tell.
const sumsMagic = "hansard sums 1\n"

const sumsSuffix = ".sums"

// sumStore is the folder of the sums. All of it may be called on nil, which keeps
// nothing.
type sumStore struct {
	SumsConfig
	lake *Lake
	zip  *zstd.Encoder
	// mu is held while files are written or removed, so that none is written of what
	// was erased meanwhile.
	mu sync.Mutex
}

// keptSums is how the sums of a fold are kept.
type keptSums[S any] struct {
	store  *sumStore
	kind   string
	window int64 // nanoseconds from an event within which others bear on it
	code   sumCode[S]
}

// keepSums has the folds whose sums can be kept do so.
func (l *Lake) keepSums() {
	if l.config.Sums == nil {
		return
	}
	zip, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return // its options are never wrong
	}
	l.sums = &sumStore{SumsConfig: *l.config.Sums, lake: l, zip: zip}
	keepBy(l.toolSums, l.sums, "tools", int64(resultWindow), toolCode())
	keepBy(l.tokenSums, l.sums, "tokens", int64(tokenWindow), tokenCode())
	keepBy(l.tableSums, l.sums, "tables", 0, tableCode())
	keepBy(l.invocationSums, l.sums, "invocations", 3*int64(resultWindow), invocationCode())
}

func keepBy[S any](f *fold[S], store *sumStore, kind string, window int64, code sumCode[S]) {
	f.kept = &keptSums[S]{store, kind, window, code}
}

// CheckSums looks through what an earlier process has kept, when the parts are known:
// sums of parts that are not there any more as they were are made to fit and written
// anew, what is of no use is removed. What a question has is read when it is asked.
func (l *Lake) CheckSums() {
	if l.sums == nil {
		return
	}
	tenants, err := l.sums.FS.ReadDir(l.sums.Dir)
	if err != nil {
		return // none yet
	}
	stale := false
	for _, tenant := range tenants {
		for _, name := range l.sums.files(tenant.Name()) {
			changed, err := l.checkFile(tenant.Name(), name)
			if err != nil {
				l.sums.drop(tenant.Name(), name, err)
			}
			stale = stale || changed
		}
	}
	if stale {
		l.SaveSums()
	}
}

// checkFile looks at one file. changed says that it has to be written anew: what is
// in it was taken over.
func (l *Lake) checkFile(tenant, name string) (changed bool, err error) {
	b, err := l.sums.read(tenant, name, maxSumsHead)
	if err != nil {
		return false, err
	}
	head, err := decodeHead(&sumReader{rest: b})
	if err != nil {
		return false, err
	}
	switch {
	case head.program != l.sums.Program:
		return false, errors.New("another program has made them")
	case !strings.HasPrefix(head.key, tenant+"\x00"):
		return false, errors.New("they are another tenant's")
	}
	snap := l.pin(tenant)
	gone := head.gone(snap)
	snap.release()
	if len(gone) == 0 {
		return false, nil
	}
	switch head.kind {
	case l.toolSums.kept.kind:
		l.toolSums.done(l.toolSums.entry(head.key, true))
	case l.tokenSums.kept.kind:
		l.tokenSums.done(l.tokenSums.entry(head.key, true))
	case l.tableSums.kept.kind:
		l.tableSums.done(l.tableSums.entry(head.key, true))
	case l.invocationSums.kept.kind:
		l.invocationSums.done(l.invocationSums.entry(head.key, true))
	default:
		return false, errors.New("of an unknown kind")
	}
	return true, nil
}

// gone returns the parts that a snapshot does not have as they were.
func (s *sumsHead) gone(snap *snapshot) (gone []summedPart) {
	there := map[summedPart]bool{}
	for _, p := range snap.version.summed(s.tiers()) {
		there[p] = true
	}
	for _, p := range s.parts {
		if !there[p] {
			gone = append(gone, p)
		}
	}
	return gone
}

// tiers returns those that the sums are of.
func (s *sumsHead) tiers() map[hansard.Tier]bool {
	tiers := map[hansard.Tier]bool{}
	for tier := range s.upTo {
		tiers[tier] = true
	}
	return tiers
}

// load takes over what is kept of a question, if anything is.
func (f *fold[S]) load(e *folded[S], key string) {
	store := f.kept.store
	tenant, _, _ := strings.Cut(key, "\x00")
	name, ok := store.name(tenant, f.kept.kind, key)
	if !ok {
		return
	}
	b, err := store.read(tenant, name, maxSumsRaw)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		snap := store.lake.pin(tenant)
		defer snap.release()
		err = f.takeOver(e, snap, key, b)
	}
	if err != nil {
		e.reset()
		store.drop(tenant, name, err)
	}
}

// takeOver takes sums over from the bytes of a file. Hours near parts that are not
// there any more as they were are forgotten, as if these had been pruned: they may have
// been, or erased, or merged.
func (f *fold[S]) takeOver(e *folded[S], snap *snapshot, key string, b []byte) error {
	s, err := decodeSums(b, f.kept.code)
	switch {
	case err != nil:
		return err
	case s.program != f.kept.store.Program:
		return errors.New("another program has made them")
	case s.kind != f.kept.kind || s.key != key:
		return errors.New("they are another question's")
	}
	tiers := s.tiers()
	for tier, upTo := range s.upTo {
		if parts := snap.version.parts[tier]; upTo >= 0 && (len(parts) == 0 || upTo > int64(parts[len(parts)-1].LastPosition)) {
			return errors.New("they are of entries that are not there")
		}
	}
	e.firsts, e.upTo, e.covered, e.hours, e.names = s.firsts, s.upTo, s.covered, s.hours, s.names
	e.erased, e.pruned, e.parts = snap.erased, map[hansard.Tier]int{}, s.parts
	for tier := range tiers {
		e.pruned[tier] = len(snap.pruned[tier])
	}
	e.saved = e.state()
	for _, p := range s.gone(snap) {
		e.forget(p.moments.wider(f.kept.window))
	}
	return nil
}

// SaveSums writes the sums that are not on the disk as they are in memory. Of a
// question that is being answered nothing is written.
func (l *Lake) SaveSums() {
	if l.sums == nil {
		return
	}
	saveFold(l.toolSums)
	saveFold(l.tokenSums)
	saveFold(l.tableSums)
	saveFold(l.invocationSums)
	l.sums.sweep()
}

// saveFold writes the sums of a fold.
func saveFold[S any](f *fold[S]) {
	f.mu.Lock()
	entries := maps.Clone(f.entries)
	f.mu.Unlock()
	for key, e := range entries {
		tenant, _, _ := strings.Cut(key, "\x00")
		name, ok := f.kept.store.name(tenant, f.kept.kind, key)
		if e.plain && ok && e.mu.TryLock() {
			f.saveEntry(e, tenant, name, key)
		}
	}
}

// saveEntry writes the sums of a question, if they are others than were saved last,
// and unlocks them.
func (f *fold[S]) saveEntry(e *folded[S], tenant, name, key string) {
	snap := f.kept.store.lake.pin(tenant)
	defer snap.release()
	tiers := map[hansard.Tier]bool{}
	for tier := range e.upTo {
		tiers[tier] = true
	}
	// The parts that there are now hold what those held that the sums were made of.
	if len(e.covered) == 0 || !e.begin(snap, tiers, f.kept.window) || e.state() == e.saved {
		e.mu.Unlock()
		return
	}
	s := &storedSums[S]{sumsHead{f.kept.store.Program, f.kept.kind, key, e.firsts, e.upTo, e.parts}, e.covered, e.names, e.hours}
	b, state := s.encode(f.kept.code), e.state()
	e.mu.Unlock()
	if err := f.kept.store.write(snap, tenant, name, b); err != nil {
		f.kept.store.lake.logger.Warn("sums are not kept: the next start makes them anew", "tenant", tenant, "reason", err)
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.saved = state
}

// state names what the sums are of.
func (e *folded[S]) state() string {
	h := sha256.New()
	for _, tier := range slices.Sorted(maps.Keys(e.upTo)) {
		fmt.Fprintln(h, tier, e.upTo[tier])
	}
	for _, p := range e.parts {
		fmt.Fprintln(h, p.tier, p.name, p.sum)
	}
	fmt.Fprintln(h, e.covered, len(e.hours))
	return string(h.Sum(nil))
}

// summed returns the parts of some tiers, as sums name them.
func (v *version) summed(tiers map[hansard.Tier]bool) (all []summedPart) {
	for _, tier := range slices.Sorted(maps.Keys(tiers)) {
		for _, p := range v.parts[tier] {
			all = append(all, summedPart{tier, p.Name, p.SHA256, span{p.MinTime, p.MaxTime}})
		}
	}
	return all
}

// isPlain reports whether a question may be written down: it compares with words of
// ours alone, and none that somebody has typed.
func isPlain(node query.Node) bool {
	all := func(nodes []query.Node) bool {
		return !slices.ContainsFunc(nodes, func(n query.Node) bool { return !isPlain(n) })
	}
	switch n := node.(type) {
	case nil:
		return true
	case query.And:
		return all(n.Nodes)
	case query.Or:
		return all(n.Nodes)
	case query.Not:
		return isPlain(n.Node)
	case query.Has:
		return n.Field.Path == ""
	case query.Compare:
		return !slices.ContainsFunc(n.Values, func(v query.Value) bool { return !plainWord(n.Field.Name, v.Text) })
	}
	return false
}

func plainWord(field, word string) bool {
	switch field {
	case "event_type":
		return slices.Contains(hansard.EventTypes, word)
	case "status":
		return slices.Contains(hansard.Statuses, word)
	case "tier":
		return slices.Contains(hansard.Tiers, hansard.Tier(word))
	}
	return false
}

// name returns what the file of a question is called: nobody can tell the question
// by it. ok is false where there is no key.
func (s *sumStore) name(tenant, kind, key string) (name string, ok bool) {
	secret, err := s.Key(tenant)
	if err != nil {
		return "", false
	}
	h := hmac.New(sha256.New, secret)
	fmt.Fprintf(h, "name\x00%s\x00%s", kind, key)
	return kind + "-" + hex.EncodeToString(h.Sum(nil)[:12]) + sumsSuffix, true
}

// aead returns what seals a tenant's files.
func (s *sumStore) aead(tenant string) (cipher.AEAD, error) {
	secret, err := s.Key(tenant)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// read returns what an authentic file holds, its first bytes up to a limit.
func (s *sumStore) read(tenant, name string, limit int64) ([]byte, error) {
	b, err := durable.ReadFile(s.FS, filepath.Join(s.Dir, tenant, name), maxSumsFile)
	if err != nil {
		return nil, err
	}
	seal, err := s.aead(tenant)
	if err != nil {
		return nil, err
	}
	sealed, ok := strings.CutPrefix(view(b), sumsMagic)
	if !ok || len(sealed) < seal.NonceSize() {
		return nil, errors.New("not a file of sums")
	}
	plain, err := seal.Open(nil, []byte(sealed[:seal.NonceSize()]), []byte(sealed[seal.NonceSize():]), []byte(sumsMagic+name))
	if err != nil {
		return nil, errors.New("not as they were written, or by another key")
	}
	zip, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxSumsRaw))
	if err != nil {
		return nil, err
	}
	defer zip.Close()
	if limit == maxSumsRaw {
		return zip.DecodeAll(plain, nil)
	}
	if err := zip.Reset(bytes.NewReader(plain)); err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(zip, limit))
}

// write writes a file, unless entries were erased or pruned since the snapshot.
func (s *sumStore) write(snap *snapshot, tenant, name string, b []byte) error {
	seal, err := s.aead(tenant)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.lake.unforgotten(snap) {
		return nil
	}
	nonce := make([]byte, seal.NonceSize())
	rand.Read(nonce)
	file := append([]byte(sumsMagic), nonce...)
	file = seal.Seal(file, nonce, s.zip.EncodeAll(b, nil), []byte(sumsMagic+name))
	if len(file) > maxSumsFile {
		return s.removeFile(tenant, name) // an older one
	}
	if err := s.FS.MkdirAll(filepath.Join(s.Dir, tenant)); err != nil {
		return err
	}
	return durable.WriteFile(s.FS, filepath.Join(s.Dir, tenant, name), func(w io.Writer) error {
		_, err := w.Write(file)
		return err
	})
}

// unforgotten reports whether a snapshot knows of all that was erased and pruned.
func (l *Lake) unforgotten(snap *snapshot) bool {
	now := l.pin(snap.tenant)
	defer now.release()
	for tier, spans := range now.pruned {
		if len(spans) != len(snap.pruned[tier]) {
			return false
		}
	}
	return now.erased == snap.erased
}

// files lists a tenant's files.
func (s *sumStore) files(tenant string) (names []string) {
	entries, err := s.FS.ReadDir(filepath.Join(s.Dir, tenant))
	if err != nil {
		return nil
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// forget removes a tenant's files: what was erased or pruned must not live on in
// them. What cannot be removed is not taken over, and is tried again with the next
// save.
func (s *sumStore) forget(tenant string) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	names := s.files(tenant)
	for _, name := range names {
		if err := s.removeFile(tenant, name); err != nil {
			s.lake.logger.Error("sums of what is gone stay on the disk", "tenant", tenant, "file", name, "error", err)
		}
	}
	if len(names) == 0 {
		return
	}
	if err := s.FS.SyncDir(filepath.Join(s.Dir, tenant)); err != nil {
		s.lake.logger.Error("sums of what is gone may be back after a power cut", "tenant", tenant, "error", err)
	}
}

// drop removes a file that is of no use.
func (s *sumStore) drop(tenant, name string, why error) {
	s.lake.logger.Info("sums are made anew", "tenant", tenant, "file", name, "reason", why)
	s.remove(tenant, name)
}

func (s *sumStore) remove(tenant, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.removeFile(tenant, name); err != nil {
		s.lake.logger.Warn("old sums stay on the disk", "tenant", tenant, "file", name, "error", err)
	}
}

func (s *sumStore) removeFile(tenant, name string) error {
	err := s.FS.Remove(filepath.Join(s.Dir, tenant, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// sweep removes what is not finished, and files where a tenant's are too large together:
// the largest of tables first, which are made anew in the least time.
func (s *sumStore) sweep() {
	tenants, err := s.FS.ReadDir(s.Dir)
	if err != nil {
		return
	}
	for _, tenant := range tenants {
		var there []fs.FileInfo
		for _, name := range s.files(tenant.Name()) {
			if strings.HasSuffix(name, durable.TempSuffix) {
				s.remove(tenant.Name(), name)
			} else if info, err := s.FS.Stat(filepath.Join(s.Dir, tenant.Name(), name)); err == nil {
				there = append(there, info)
			}
		}
		tables := func(f fs.FileInfo) int { return strings.Index(f.Name(), s.lake.tableSums.kept.kind) } // 0, or -1
		slices.SortFunc(there, func(a, b fs.FileInfo) int {
			return cmp.Or(cmp.Compare(tables(a), tables(b)), cmp.Compare(a.Size(), b.Size()), cmp.Compare(a.Name(), b.Name()))
		})
		total, most := int64(0), s.lake.mostSums(tenant.Name())
		for _, info := range there {
			if total += info.Size(); total > most {
				s.remove(tenant.Name(), info.Name())
			}
		}
	}
}

// mostSums returns how many bytes the sums of a tenant may take on the disk: a share of
// its parts.
func (l *Lake) mostSums(tenant string) int64 {
	snap := l.pin(tenant)
	defer snap.release()
	var bytes int64
	for _, parts := range snap.version.parts {
		for _, p := range parts {
			bytes += p.Bytes
		}
	}
	return min(max(bytes/sumsShare, minSums), maxSums)
}
