package ledger

import (
	"bytes"
	"fmt"
	"runtime"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/classify"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/part"
)

// scanner reads parts column by column, all rows of a row group at a time: that
// is how a part is verified, and how what is derived from it is made anew. It
// holds one row group in memory, and is for one goroutine at a time.
type scanner struct {
	fs    durable.FS
	dir   string // the data folder
	enc   *part.Encoder
	group *part.Group
	// check asks for what only a verification needs: contents against their
	// digests, and what each entry says of itself.
	check bool
	// bare leaves the leaf hashes out.
	bare bool
	// read is told how many bytes were read; may be nil.
	read func(n int64)

	version, eventID, traceID, tier, statement *part.Column
	prints                                     map[*classify.FingerprintKey]*classify.Fingerprinter
	print                                      *classify.Fingerprinter // of the part at hand; nil: none
	block                                      [][6]byte               // the fingerprints of the row at hand and its neighbours
}

func newScanner(fsys durable.FS, dir string, enc *part.Encoder) (*scanner, error) {
	group, err := enc.NewGroup()
	if err != nil {
		return nil, err
	}
	return &scanner{
		fs: fsys, dir: dir, enc: enc, group: group, prints: map[*classify.FingerprintKey]*classify.Fingerprinter{},
		version: enc.Column("v"), eventID: enc.Column("event_id"),
		traceID: enc.Column("trace_id"), tier: enc.Column("tier"), statement: enc.Column("statement"),
	}, nil
}

// scanned is what a scan found a part to be. What is by entry is in the order of
// their indexes.
type scanned struct {
	size      int64
	leaves    []tlog.Hash // nil where nobody asked for them
	positions []uint64
	received  []int64
	index     *part.Index // made anew
	// The index lacks the fingerprints of erased events, or, without the key,
	// of all: they cannot be computed.
	erased     map[[10]byte]bool
	unprinted  bool
	statements []statedAt
	odd        []oddity
}

// statedAt is a statement as it stands in an entry.
type statedAt struct {
	index uint64
	text  []byte
}

// oddity is what is wrong with one entry.
type oddity struct {
	index uint64
	text  string
}

// hash computes the SHA-256 of a part's file.
func (s *scanner) hash(p part.Info) (sum hansard.Hash, size int64, err error) {
	sum, size, err = hashFile(s.fs, p.Path(s.dir))
	if err == nil && s.read != nil {
		s.read(size)
	}
	return sum, size, err
}

// scan reads the rows of a part. fp is the tenant's fingerprint key, nil where it
// is not at hand. The part's range of indexes must be full: anything else is an
// error.
func (s *scanner) scan(p part.Info, fp *classify.FingerprintKey) (*scanned, error) {
	f, pf, size, err := openPart(s.fs, s.enc, p.Path(s.dir), p)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	n := pf.Rows()
	s.print = s.fingerprinter(p.Log, fp)
	out := &scanned{
		size: size, positions: make([]uint64, n), received: make([]int64, n),
		erased: map[[10]byte]bool{}, unprinted: s.print == nil,
	}
	if !s.bare {
		out.leaves = make([]tlog.Hash, n)
	}
	x := part.NewIndexBuilder(p.Log, p.Name, int(n))
	var texts part.Index
	for i := range pf.Groups() {
		first, end := pf.Range(i)
		if err := s.group.Load(pf, i, s.wanted); err != nil {
			return nil, err
		}
		if err := s.scanGroup(out, x, p, p.Name.First+first, p.Name.First+end); err != nil {
			return nil, err
		}
		if n >= textRows {
			s.group.AddTexts(&texts)
		}
	}
	out.index = x.Index()
	out.index.Texts, out.index.Info.Texts = texts.Texts, texts.Info.Texts
	return out, nil
}

// wanted says whether a column is read. It is asked once for each.
func (s *scanner) wanted(c *part.Column) bool {
	yield()
	return !s.bare || c.Name != "content_digest" // is in leaves alone
}

// yield lets others go first. A scan takes a processor for as long as it can, and as
// many scans run as there are processors: whoever takes events in or answers a question
// beside them would wait for ten milliseconds each time that it had waited for a disk
// or another goroutine.
func yield() { runtime.Gosched() }

// fingerprinter returns what computes the fingerprints of a log's entries, nil if
// they have none or the key is not at hand.
func (s *scanner) fingerprinter(log hansard.LogID, key *classify.FingerprintKey) *classify.Fingerprinter {
	if key == nil || log.Tier == hansard.TierMeta {
		return nil
	}
	f := s.prints[key]
	if f == nil {
		f = classify.NewFingerprinter(s.enc, key)
		s.prints[key] = f
	}
	return f
}

// scanGroup adds the row group that is loaded, which must hold the entries from
// first to end-1, each once.
func (s *scanner) scanGroup(out *scanned, x *part.IndexBuilder, p part.Info, first, end uint64) error {
	g := s.group
	seen := make([]bool, end-first)
	for row := range g.Len() {
		if row%part.RowBlock == 0 {
			yield()
		}
		place := g.Place(row)
		if place.Index < first || place.Index >= end || seen[place.Index-first] {
			return hansard.Errorf(hansard.KindCorrupt, "entry %d is there twice, or out of place", place.Index)
		}
		seen[place.Index-first] = true
		at := place.Index - p.Name.First
		if !s.bare {
			out.leaves[at] = tlog.Hash(g.HashLeaf(row))
		}
		out.positions[at], out.received[at] = place.Position, place.ReceivedAt
		x.Add(place, g.Bytes(s.traceID, row), s.id(out, row))
		if st := g.Bytes(s.statement, row); len(st) > 0 {
			out.statements = append(out.statements, statedAt{place.Index, bytes.Clone(st)})
		}
		if s.check {
			s.checkRow(out, p, place.Index, row)
		}
	}
	return nil
}

// id returns what de-duplication remembers of a row. It is asked for all rows of a row
// group in their order.
func (s *scanner) id(out *scanned, row int) part.ID {
	if row%part.RowBlock == 0 && s.print != nil {
		s.block = s.print.Rows(s.group, row)
	}
	id := part.ID{Event: part.EventHash(s.group.Bytes(s.eventID, row))}
	switch {
	case s.print == nil: // no key, or a statement, which nobody submits
	case s.group.Erased(row):
		out.erased[id.Event] = true
	default:
		id.Fingerprint = s.block[row%part.RowBlock]
	}
	return id
}

// checkRow notes what is wrong with a row itself.
func (s *scanner) checkRow(out *scanned, p part.Info, index uint64, row int) {
	odd := func(format string, args ...any) {
		if len(out.odd) < maxFindings {
			out.odd = append(out.odd, oddity{index, fmt.Sprintf(format, args...)})
		}
	}
	if err := s.group.CheckContent(row); err != nil {
		odd("%v", err)
	}
	if !s.group.Equal(s.tier, row, string(p.Log.Tier)) {
		odd("an entry of tier %q", s.group.Bytes(s.tier, row))
	}
	if v := s.group.Int(s.version, row); v != hansard.EncoderVersion {
		odd("encoder version %d, this program knows %d", v, hansard.EncoderVersion)
	}
}

// lacksPrints reports whether there are fingerprints that could not be computed.
func (s *scanned) lacksPrints() bool { return s.unprinted || len(s.erased) > 0 }

// takePrints takes the fingerprints that could not be computed from the index as
// it is on disk.
func (s *scanned) takePrints(x *part.Index) {
	if len(x.IDs) != len(s.index.IDs) || !s.lacksPrints() {
		return
	}
	for i := range x.IDs {
		if id := &s.index.IDs[i]; id.Event == x.IDs[i].Event && (s.unprinted || s.erased[id.Event]) {
			id.Fingerprint = x.IDs[i].Fingerprint
		}
	}
}

// newScanners returns a scanner for each processor.
func newScanners(fsys durable.FS, dir string, enc *part.Encoder) ([]*scanner, error) {
	scanners := make([]*scanner, runtime.GOMAXPROCS(0))
	for i := range scanners {
		s, err := newScanner(fsys, dir, enc)
		if err != nil {
			return nil, err
		}
		scanners[i] = s
	}
	return scanners, nil
}

// inOrder lets scanners work on n things, as many at a time as there are scanners,
// and returns a function that returns what comes of each in their order. What is
// ready waits until all in front of it was taken, and only a few wait. stop ends
// the work early: next is not called after it.
func inOrder[T any](scanners []*scanner, n int, work func(s *scanner, i int) T) (next func() T, stop func()) {
	type task struct {
		i    int
		done chan T
	}
	// Each scanner has one more to work on while the one in front of all is taken.
	todo, order, quit := make(chan task), make(chan chan T, 2*len(scanners)), make(chan struct{})
	for _, s := range scanners {
		go func() {
			for t := range todo {
				t.done <- work(s, t.i)
			}
		}()
	}
	go func() {
		defer close(todo)
		for i := range n {
			t := task{i, make(chan T, 1)}
			select {
			case order <- t.done:
				todo <- t
			case <-quit:
				return
			}
		}
	}()
	return func() T { return <-<-order }, func() { close(quit) }
}
