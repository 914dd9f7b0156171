package dialect_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// goodEvent returns the n-th good event: any white space a line may hold, and
// the bytes that could mislead a splitter.
func goodEvent(n uint64, rng *rand.Rand) string {
	return fmt.Sprintf(`{"event_id": "%d", "action":"a\"]},{[\\%s", "params":[[],{"x":{}}]}`,
		n, strings.Repeat("é", rng.IntN(20)))
}

// badLine returns a line that is no event. A line of NDJSON can be damaged in
// any way; an element of an array only as long as its strings and brackets
// are balanced.
func badLine(rng *rand.Rand, balanced bool) string {
	bad := []string{`nope`, `{"a" 1}`, `{"a":1,}`, `"text"`, `{"a":tru}`, `{"a":"` + strings.Repeat("y", 300) + `"}`}
	if !balanced {
		bad = append(bad, `{"a":`, `{"a":"`, `]`, `}{`, "\x00\xff", `["`, "   ", "")
	}
	return bad[rng.IntN(len(bad))]
}

// splitMix makes a body of good and bad items and checks that exactly the good
// ones decode, each with its line.
func splitMix(t *testing.T, seed uint64, array bool) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	limits := dialect.Limits{MaxBytes: 256}
	var items []string
	want := map[int]string{}
	for n := range rng.IntN(40) {
		if rng.IntN(2) == 0 {
			items = append(items, badLine(rng, array))
			continue
		}
		items = append(items, goodEvent(uint64(n), rng))
		want[len(items)] = items[len(items)-1]
	}
	form, body := dialect.FormNDJSON, strings.Join(items, []string{"\n", "\r\n"}[rng.IntN(2)])
	if array {
		form, body = dialect.FormJSON, "["+strings.Join(items, " ,\n")+"]"
	}
	var r io.Reader = strings.NewReader(body)
	if rng.IntN(2) == 0 {
		r = iotest.HalfReader(iotest.OneByteReader(r))
	}
	got := map[int]string{}
	s := dialect.NewSplitter(r, form, limits)
	flat := dialect.Flat{Limits: limits}
	for {
		raw, line, err := s.Next()
		var rejected *dialect.RejectedError
		if err == io.EOF {
			break
		} else if errors.As(err, &rejected) {
			continue
		} else if err != nil {
			t.Fatalf("seed %d, array %v: %v", seed, array, err)
		}
		if _, err := flat.Decode(raw); err == nil {
			got[line] = string(raw)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("seed %d, array %v (-want +got):\n%s", seed, array, diff)
	}
}

func TestSplitterLosesNoGoodItem(t *testing.T) {
	for seed := range uint64(2000) {
		splitMix(t, seed, false)
		splitMix(t, seed, true)
	}
}

// FuzzSplitter feeds any bytes in any form: no panic, no item above the limit,
// line numbers that rise, an end; and the way the bytes arrive changes
// nothing. A body that is valid JSON comes out whole.
func FuzzSplitter(f *testing.F) {
	for _, s := range []string{`[{"a":1},{"b":[]}]`, "{}\n{}\n", "{\n}", "\xef\xbb\xbf[1,,\"\\\"]\"]", "[{]}", " \n\n{} x"} {
		for form := range byte(3) {
			f.Add([]byte(s), form)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte, form byte) {
		limits := dialect.Limits{MaxBytes: 40}
		whole := split(bytes.NewReader(body), dialect.Form(form%3), limits)
		slow := split(iotest.OneByteReader(bytes.NewReader(body)), dialect.Form(form%3), limits)
		if diff := cmp.Diff(whole, slow); diff != "" {
			t.Fatalf("byte by byte (-whole +slow):\n%s", diff)
		}
		last := 0
		s := dialect.NewSplitter(bytes.NewReader(body), dialect.Form(form%3), limits)
		for {
			raw, line, err := s.Next()
			var rejected *dialect.RejectedError
			if err != nil && !errors.As(err, &rejected) {
				break
			}
			if line <= last || len(raw) > limits.MaxBytes || err == nil && len(raw) == 0 {
				t.Fatalf("line %d after %d, %d bytes", line, last, len(raw))
			}
			last = line
		}
		checkArray(t, body)
	})
}

// checkArray compares the elements of a valid array with rawjson's.
func checkArray(t *testing.T, body []byte) {
	if i := rawjson.SkipSpace(body, 0); i == len(body) || body[i] != '[' || rawjson.Valid(body, 100) != nil {
		return
	}
	want := []string{}
	_ = rawjson.Array(body, func(v []byte) error {
		want = append(want, fmt.Sprintf("%d:%s", len(want)+1, v))
		return nil
	})
	if diff := cmp.Diff(want, split(bytes.NewReader(body), dialect.FormJSON, dialect.Limits{})); diff != "" {
		t.Fatalf("elements of %q (-want +got):\n%s", body, diff)
	}
}

// repeated is a reader of n bytes that repeats a text, after a head.
type repeated struct {
	head, text string
	at         int
	left       int64
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.head != "" {
		n := copy(p, r.head)
		r.head = r.head[n:]
		return n, nil
	}
	if r.left <= 0 {
		return 0, io.EOF
	}
	n := 0
	for n < len(p) && r.left > 0 {
		m := copy(p[n:], r.text[r.at:])
		r.at = (r.at + m) % len(r.text)
		n += m
		r.left -= int64(m)
	}
	return n, nil
}

// TestSplitterMemory reads bodies of 200 MB, of many events and of one endless
// one, and looks at what stays allocated and at what was allocated in all.
func TestSplitterMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 1 GB in -short mode")
	}
	const size = 200 << 20
	event := flatSample
	f := func(name string, form dialect.Form, head, text string, minItems int) {
		t.Helper()
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		s := dialect.NewSplitter(&repeated{head: head, text: text, left: size}, form, dialect.Limits{})
		items := 0
		for {
			_, _, err := s.Next()
			var rejected *dialect.RejectedError
			if err != nil && !errors.As(err, &rejected) {
				break
			}
			items++
		}
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
			t.Errorf("%s: %d bytes allocated for a body of %d", name, grown, size)
		}
		if items < minItems {
			t.Errorf("%s: %d items, want at least %d", name, items, minItems)
		}
	}
	n := size / (len(event) + 1)
	f("lines", dialect.FormNDJSON, "", event+"\n", n)
	f("array", dialect.FormJSON, "[", event+",", n)
	f("endless line", dialect.FormNDJSON, "", strings.Repeat("x", 1000), 1)
	f("endless string", dialect.FormJSON, `[{"a":"`, `xyz\"`, 0)
	f("endless brackets", dialect.FormJSON, `[`, `[`, 0)
	f("endless space", dialect.FormAuto, "", " \n", 0)
}

func BenchmarkSplitter(b *testing.B) {
	f := func(name string, form dialect.Form, head, sep, tail string) {
		body := head + strings.Repeat(flatSample+sep, 999) + flatSample + tail
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				s := dialect.NewSplitter(strings.NewReader(body), form, dialect.Limits{})
				n := 0
				for {
					if _, _, err := s.Next(); err != nil {
						break
					}
					n++
				}
				if n != 1000 {
					b.Fatal(n)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/event")
		})
	}
	f("ndjson", dialect.FormNDJSON, "", "\n", "\n")
	f("array", dialect.FormJSON, "[", ",", "]")
}
