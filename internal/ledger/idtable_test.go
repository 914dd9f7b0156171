package ledger

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/hansardhq/hansard/internal/part"
)

// TestIDTable holds the table against a map while ids come and go, from few slots to
// many and back. Few different homes make long runs of taken slots, which wrap round.
func TestIDTable(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	phase := 4_000 // steps in which ids become more, or fewer
	if testing.Short() {
		phase = 700
	}
	for _, homes := range []uint64{4, 1 << 9, 1 << 40} {
		var table idTable
		want := map[[10]byte][6]byte{{}: {1}}
		table.add(part.ID{Fingerprint: [6]byte{1}}) // the id that free slots have
		var ids [][10]byte
		for step := range 4 * phase {
			switch grow := step/phase%2 == 0; {
			case len(ids) == 0 || grow && r.IntN(10) < 9 || !grow && r.IntN(10) < 1:
				if homes < 100 && len(ids) > 100 {
					continue
				}
				id := part.ID{Event: randomEvent(r, homes), Fingerprint: [6]byte{byte(step), byte(step >> 8)}}
				table.add(id)
				want[id.Event] = id.Fingerprint
				ids = append(ids, id.Event)
			default:
				i := r.IntN(len(ids))
				table.remove(ids[i])
				delete(want, ids[i])
				ids[i] = ids[len(ids)-1]
				ids = ids[:len(ids)-1]
				table.remove(randomEvent(r, 1<<40)) // none that is there
			}
			if step%1000 == 0 || step < 50 {
				checkIDs(t, &table, want)
			}
		}
		for event := range want {
			table.remove(event)
		}
		if table.len() != 0 || table.slots != nil {
			t.Errorf("%d ids left in %d slots", table.len(), len(table.slots))
		}
	}
}

func randomEvent(r *rand.Rand, homes uint64) (event [10]byte) {
	home := r.Uint64N(homes) - homes/2 // at both ends of the table
	for i := range 5 {
		event[i] = byte(home >> (8 * i))
	}
	event[7], event[8] = byte(r.Uint32()), byte(r.Uint32())
	return event
}

func checkIDs(t *testing.T, table *idTable, want map[[10]byte][6]byte) {
	t.Helper()
	if table.len() != len(want) || len(table.slots) > max(minSlots, 16*len(want)) {
		t.Fatalf("%d ids in %d slots, want %d", table.len(), len(table.slots), len(want))
	}
	for event, print := range want {
		if got, ok := table.find(event); !ok || got != print {
			t.Fatalf("%x is %x, %v, want %x", event, got, ok, print)
		}
	}
	seen := 0
	table.each(func(event [10]byte) {
		if _, ok := want[event]; ok || event == stored([10]byte{}) {
			seen++
		}
	})
	if _, ok := table.find([10]byte{9, 9, 9, 9, 9, 9, 9, 9, 9, 9}); ok || seen != len(want) {
		t.Fatalf("a strange id is there: %v; %d of %d are told", ok, seen, len(want))
	}
}

// BenchmarkIDTable adds and removes ids as commits and seals do, with 100,000 there,
// beside a map that does the same.
func BenchmarkIDTable(b *testing.B) {
	const there = 100_000
	ids := make([]part.ID, 1<<20)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range ids {
		ids[i].Event = randomEvent(r, 1<<40)
	}
	b.Run("table", func(b *testing.B) {
		var t idTable
		for i := 0; b.Loop(); i++ {
			t.add(ids[i%len(ids)])
			if t.len() > there {
				t.remove(ids[(i-there)%len(ids)].Event)
			}
		}
	})
	b.Run("map", func(b *testing.B) {
		m := map[[10]byte][6]byte{}
		for i := 0; b.Loop(); i++ {
			m[ids[i%len(ids)].Event] = ids[i%len(ids)].Fingerprint
			if len(m) > there {
				delete(m, ids[(i-there)%len(ids)].Event)
			}
		}
	})
}

// BenchmarkDedup looks up and adds the ids of requests of 1,000 events among a million
// of others, as a commit does, and removes them as a seal does.
func BenchmarkDedup(b *testing.B) {
	const there, batch = 100_000, 1000
	ids := make([]part.ID, 1<<20)
	r := rand.New(rand.NewPCG(1, 2))
	d := dedup{filter: newIDFilter(2 * len(ids))}
	for i := range ids {
		binary.LittleEndian.PutUint64(ids[i].Event[:], r.Uint64())
		binary.LittleEndian.PutUint16(ids[i].Event[8:], uint16(i))
	}
	each := func(of []part.ID, ahead bool, f func(part.ID)) {
		for i, id := range of {
			if ahead && i%near == 0 {
				for _, next := range of[i:min(i+near, len(of))] {
					d.near(next.Event)
				}
			}
			f(id)
		}
	}
	for _, ahead := range []bool{false, true} {
		b.Run(fmt.Sprint("ahead=", ahead), func(b *testing.B) {
			d.fresh = idTable{}
			for from := 0; b.Loop(); from += batch {
				if from+batch > len(ids) {
					from, d.fresh = 0, idTable{}
					clear(d.filter)
				}
				each(ids[from:from+batch], ahead, func(id part.ID) {
					if _, known, _ := d.find(id.Event, 0, 0); !known {
						d.add(id)
					}
				})
				if from >= there {
					each(ids[from-there:from-there+batch], ahead, func(id part.ID) { d.fresh.remove(id.Event) })
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/batch, "ns/id")
		})
	}
}

// TestFilter fills a filter until it would be made anew: ids that are in it are never
// said to be new, and of others few are left open, as each costs a read of every index.
func TestFilter(t *testing.T) {
	const ids = 200_000
	f, r := newIDFilter(ids), rand.New(rand.NewPCG(1, 2))
	id := func() (event [10]byte) {
		binary.LittleEndian.PutUint64(event[:], r.Uint64())
		binary.LittleEndian.PutUint16(event[8:], uint16(r.Uint32()))
		return event
	}
	var added [][10]byte
	for len(added) < ids {
		added = append(added, id())
		f.add(added[len(added)-1])
	}
	if f.crowded(ids-1) || !f.crowded(ids+1) {
		t.Errorf("%d words are crowded: %v with %d ids, %v with %d", len(f), f.crowded(ids-1), ids-1, f.crowded(ids+1), ids+1)
	}
	for _, event := range added {
		if !f.may(event) {
			t.Fatalf("%x was added, and is said to be new", event)
		}
	}
	open := 0
	const looked = 1_000_000
	for range looked {
		if f.may(id()) {
			open++
		}
	}
	if open > looked/5000 {
		t.Errorf("of %d new ids %d are left open", looked, open)
	}
}
