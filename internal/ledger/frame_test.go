package ledger

import (
	"fmt"
	"testing"
	"unsafe"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// TestRowsKeepNoOthers looks at whose memory rows lie in after a commit: those of the
// log with most of it in the frame, all others in memory of their own log, so that
// an entry of a log that seals late does not keep the entries of another one.
func TestRowsKeepNoOthers(t *testing.T) {
	staged := func(tier hansard.Tier, n int) *stagedLog {
		s := &stagedLog{log: &log{id: hansard.LogID{Tenant: "acme", Tier: tier}}}
		for i := range n {
			e := &hansard.Entry{Encoder: hansard.EncoderVersion, Tier: tier, Event: hansard.Event{EventID: fmt.Sprint(tier, i), EventType: "generic"}}
			s.items = append(s.items, &sealable{Row: part.Row{Place: part.Place{Index: uint64(i)}, Bytes: part.AppendBody(nil, e)}})
		}
		return s
	}
	logs := []*stagedLog{staged(hansard.TierCritical, 2), staged(hansard.TierInfo, 50), staged(hansard.TierDebug, 7)}
	f := newCommitFrame(logs)
	at := func(b []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(b))) }
	for i, s := range logs {
		for _, it := range s.items {
			inFrame := at(it.Bytes) >= at(f.buf) && at(it.Bytes) < at(f.buf)+uintptr(cap(f.buf))
			if inFrame != (i == 1) {
				t.Errorf("%s: a row lies in the frame: %t", s.log.id, inFrame)
			}
		}
	}
	sections, err := parseBody(part.NewEncoder(), f.body())
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
