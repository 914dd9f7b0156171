package ledger

import (
	"bytes"
	"fmt"
	"testing"
	"unsafe"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// add stages an entry, as place does.
func (s *stagedLog) add(enc *part.Encoder, e *hansard.Entry) {
	it := &sealable{Row: *enc.RowOf(e)}
	it.LeafHash = part.HashLeaf(enc.AppendLeaf(nil, e))
	s.items = append(s.items, it)
	s.bytes += framedSize(len(it.Bytes))
	s.tree.append(tlog.Hash(it.LeafHash))
}

// TestRowsKeepNoOthers looks at whose memory rows lie in after a commit: those of the
// log with most of it where they were, all others in memory of their own log, so that
// an entry of a log that seals late does not keep the entries of another one.
func TestRowsKeepNoOthers(t *testing.T) {
	enc := part.NewEncoder()
	staged := func(tier hansard.Tier, n int) *stagedLog {
		s := &stagedLog{log: &log{id: hansard.LogID{Tenant: "acme", Tier: tier}}}
		for i := range n {
			s.add(enc, &hansard.Entry{Encoder: hansard.EncoderVersion, Tier: tier, Index: uint64(i), Event: hansard.Event{EventID: fmt.Sprint(tier, i), EventType: "generic"}})
		}
		return s
	}
	logs := []*stagedLog{staged(hansard.TierCritical, 2), staged(hansard.TierInfo, 50), staged(hansard.TierDebug, 7)}
	at := func(b []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(b))) }
	var were [][]byte
	for _, s := range logs {
		for _, it := range s.items {
			were = append(were, it.Bytes)
		}
	}
	f := newCommitFrame(logs)
	for i, s := range logs {
		for _, it := range s.items {
			if (at(it.Bytes) == at(were[0])) != (i == 1) {
				t.Errorf("%s: a row is where it was: %t", s.log.id, i != 1)
			}
			if !bytes.Equal(it.Bytes, were[0]) {
				t.Errorf("%s: a row has changed", s.log.id)
			}
			were = were[1:]
		}
	}
	body := f.appendBody(nil)
	if len(body) != f.size {
		t.Errorf("the body has %d bytes, room was made for %d", len(body), f.size)
	}
	sections, err := parseBody(enc, body)
	if err != nil || len(sections) != len(logs) {
		t.Fatalf("%d sections, %v", len(sections), err)
	}
	for i, s := range sections {
		for k, raw := range s.raw {
			if string(raw) != string(logs[i].items[k].Bytes) {
				t.Errorf("%s: row %d differs from the one in the frame", s.log, k)
			}
		}
	}
}
