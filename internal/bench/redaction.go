package bench

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"strconv"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/redact"
)

// plain are sentences of agents at work that hold nothing to redact, but what
// looks like it from afar: figures, dates, times, versions, prices. "#" stands for
// a digit.
func plain() []string {
	return []string{
		`The customer asked to change the cabin of both flights to economy and to keep the baggage as it is. `,
		`I looked at the reservation first: it was booked on May 1# for two passengers, and the fare allows one change within 24 hours. `,
		`The difference comes to $2## per person, which goes back to the original payment method within # to 1# business days. `,
		"Before I make the change, I should list the details and get an explicit yes.\n",
		`Policy says that basic economy cannot be modified, but this fare is not basic economy; the tool returned "economy". `,
		`{"status": "shipped", "total": ##.90, "weight_kg": 1.##, "items": [{"sku": "A-1##7", "qty": #}], "updated": "2026-01-1#T09:3#:00Z"} `,
		"Step #: upgraded the parser to v2.#.1 and ran 1## tests in 4#.2 s; ## of them failed with exit code 1.\n",
		`The build took longer than yesterday's (#m 12s), because the cache was cold after the move to the new runner. `,
	}
}

// plainText makes about n bytes of ordinary text: those sentences, and invented
// ones between them.
func (w *Workload) plainText(n int) string {
	r := rand.NewPCG(w.seed, 3)
	sentences := plain()
	var dst []byte
	for len(dst) < n {
		for _, c := range []byte(sentences[r.Uint64()%uint64(len(sentences))]) {
			if c == '#' {
				c = byte('1' + r.Uint64()%9)
			}
			dst = append(dst, c)
		}
		dst = append(w.words.append(dst, r, 8+int(r.Uint64()%12)), ' ')
	}
	return string(dst)
}

// measureRedaction redacts ordinary text, and whole events, in this process, on
// one core.
func (b *bench) measureRedaction() error {
	b.cfg.Progress("redacting", 0, 0)
	engine, err := redact.New(redact.Config{})
	if err != nil {
		return err
	}
	keys := redact.Keys{Current: redact.Key{ID: "bench", Secret: bytes.Repeat([]byte{7}, 32)}}
	runtime.LockOSThread() // its processor time is what is measured
	defer runtime.UnlockOSThread()
	if err := b.redactText(engine, keys); err != nil {
		return err
	}
	return b.redactEvents(engine, keys)
}

// redactText redacts 256 MB of text, in pieces of 4 kB.
func (b *bench) redactText(engine *redact.Engine, keys redact.Keys) error {
	const piece, rounds = 4096, 64
	all := b.workload.plainText(4 << 20)
	found := map[string]int64{}
	pass := func() error {
		for at := 0; at+piece <= len(all); at += piece {
			_, counts, err := engine.Text(keys, all[at:at+piece])
			if err != nil {
				return err
			}
			for _, c := range counts {
				found[c.Kind] += c.N
			}
		}
		return nil
	}
	if err := pass(); err != nil { // warm
		return err
	}
	begin := threadTime()
	for range rounds {
		if err := pass(); err != nil {
			return err
		}
	}
	took := threadTime() - begin
	size := float64(rounds * (len(all) / piece * piece))
	detail := "nothing was found in it, as should be"
	if len(found) > 0 {
		detail = "found what is not there: " + list(sortedKeys(found), func(k string) string { return k + " " + strconv.FormatInt(found[k], 10) })
	}
	b.add(MeasureRedaction, "redaction of ordinary text, one core", size/1e6/took.Seconds(), "MB/s", atLeast(300, 600), "%.0f MB in pieces of %d bytes; %s", size/1e6, piece, detail)
	return nil
}

// redactEvents redacts the events of some blocks.
func (b *bench) redactEvents(engine *redact.Engine, keys redact.Keys) error {
	var block Block
	var flat dialect.Flat
	var events []*hansard.Entry
	size := 0
	for n := range 4 {
		b.workload.Fill(&block, n)
		for i := range block.Ends {
			e := new(hansard.Entry)
			if err := flat.DecodeInto(&e.Event, bytes.TrimSpace(block.Lines(i, i+1))); err != nil {
				return err
			}
			events = append(events, e)
		}
		size += len(block.Body)
	}
	begin := threadTime()
	for _, e := range events {
		if _, err := engine.Redact(keys, e); err != nil {
			return err
		}
	}
	took := threadTime() - begin
	b.add(MeasureRedaction, "redaction of the workload's events, one core", float64(size)/1e6/took.Seconds(), "MB/s", target{},
		"%.2f us an event, with %.0f bytes of NDJSON each", micros(took)/float64(len(events)), float64(size)/float64(len(events)))
	return nil
}
