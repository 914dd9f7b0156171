package api_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/hansardhq/hansard/internal/api"
	"github.com/hansardhq/hansard/internal/intake"
)

// good is an event beside the bad ones, which must not be lost.
func good(id string) string {
	return `{"event_id":"` + id + `","event_type":"tool_call","agent_name":"cook","params":{"n":1}}`
}

// repeat is a reader of head, of text over and over, size bytes in all, and of
// tail. It takes no memory for them.
func repeat(head, text string, size int, tail string) io.Reader {
	return io.MultiReader(strings.NewReader(head), io.LimitReader(&endless{text: text}, int64(size)), strings.NewReader(tail))
}

type endless struct {
	text string
	at   int
}

func (e *endless) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		m := copy(p[n:], e.text[e.at:])
		e.at = (e.at + m) % len(e.text)
		n += m
	}
	return n, nil
}

func gzipped(t testing.TB, text string) string {
	t.Helper()
	var b strings.Builder
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zstded(t testing.TB, text string) string {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	return string(z.EncodeAll([]byte(text), nil))
}

// bomb is what compress makes of head, a fill of so many megabytes, and tail. Both
// formats allow bodies one after another.
func bomb(t *testing.T, compress func(testing.TB, string) string, head, fill string, megabytes int, tail string) io.Reader {
	return strings.NewReader(compress(t, head) + strings.Repeat(compress(t, strings.Repeat(fill, 1<<20)), megabytes) + compress(t, tail))
}

// heapPeak runs f and returns by how much the heap grew meanwhile at most, in
// bytes.
func heapPeak(f func()) uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	base, peak := m.HeapInuse, m.HeapInuse
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(2 * time.Millisecond):
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapInuse)
			}
		}
	})
	f()
	close(done)
	watching.Wait()
	return peak - base
}

// answer is what a request was answered with: a receipt, a problem, or both.
type answer struct {
	intake.Receipt
	Title, Detail, Hint string
}

// maxHostileHeap is by how much one hostile body may make the heap grow, in
// bytes: batches on their way, decompression, garbage not yet collected.
const maxHostileHeap = 96 << 20

// hostile sends a body, in which events that are none stand beside good ones.
func (s *server) hostile(what string, body io.Reader, status, accepted int, says string, header ...string) answer {
	s.t.Helper()
	var a answer
	var raw []byte
	var got int
	begin := time.Now()
	grown := heapPeak(func() {
		got, raw, _ = s.call("POST", "/v1/events", "application/x-ndjson", body, header...)
	})
	if err := json.Unmarshal(raw, &a); err != nil {
		s.t.Fatalf("%s: %d %.300s: %v", what, got, raw, err)
	}
	if got != status || a.Accepted != accepted || !strings.Contains(string(raw), says) {
		s.t.Errorf("%s: %d, %d accepted: %.500s\nwant %d, %d accepted, and %q", what, got, a.Accepted, raw, status, accepted, says)
	}
	if len(raw) > 2<<20 {
		s.t.Errorf("%s: the answer has %d bytes", what, len(raw))
	}
	if limit := max(s.heap, maxHostileHeap); grown > limit {
		s.t.Errorf("%s: the heap grew by %d MB", what, grown>>20)
	}
	s.t.Logf("%s: heap +%d MB, %v", what, grown>>20, time.Since(begin).Round(time.Millisecond))
	return a
}

// TestBombs sends bodies that are small on the wire and large behind it, or
// deep, or wide: each costs bounded memory and is refused with its line and its
// place, and the events beside it are kept.
func TestBombs(t *testing.T) {
	if testing.Short() {
		t.Skip("decompresses a gigabyte")
	}
	s := start(t, func(c *api.Config) { c.MaxBody = 300 << 20 })
	gz, zs := []string{"Content-Encoding", "gzip"}, []string{"Content-Encoding", "zstd"}
	n := 0
	lines := func(bad string) string { // between two good ones
		n += 2
		return good(fmt.Sprint("g", n)) + "\n" + bad + "\n" + good(fmt.Sprint("g", n+1)) + "\n"
	}
	mega := strings.Repeat

	const tooLong = "event is longer than 1048576 bytes"
	s.hostile("gzip of zeros", bomb(t, gzipped, good("z1")+"\n", "\x00", 256, "\n"+good("z2")), 200, 2, `"line":2,"error":"`+tooLong, gz...)
	s.hostile("zstd of zeros", bomb(t, zstded, good("z3")+"\n", "\x00", 256, "\n"+good("z4")), 200, 2, `"line":2,"error":"`+tooLong, zs...)
	s.hostile("gzip larger than a body may be", bomb(t, gzipped, good("z5")+"\n", "x", 310, ""), 413, 1, "the body is larger than this server takes", gz...)
	s.hostile("zstd larger than a body may be", bomb(t, zstded, good("z6")+"\n", "x", 310, ""), 413, 1, "the body is larger than this server takes", zs...)
	s.hostile("gzip of gzip", strings.NewReader(gzipped(t, gzipped(t, good("no")))), 400, 0, `"line":1`, gz...)
	s.hostile("two encodings", strings.NewReader(good("no")), 400, 0, "use identity, gzip or zstd", "Content-Encoding", "gzip, gzip")
	whole := gzipped(t, good("c1")+"\n"+good("c2")+"\n"+good("c3"))
	s.hostile("gzip cut short", strings.NewReader(whole[:len(whole)-9]), 400, 2, "the compressed body is damaged", gz...)
	whole = zstded(t, strings.Repeat(good("c4")+"\n", 10_000))
	s.hostile("zstd cut short", strings.NewReader(whole[:len(whole)-9]), 400, 1, "the compressed body is damaged", zs...)
	s.hostile("gzip that is none", strings.NewReader("nothing compressed"), 400, 0, "the compressed body is damaged", gz...)
	s.hostile("zstd that is none", strings.NewReader("nothing compressed"), 400, 0, "the compressed body is damaged", zs...)
	// A frame header that announces a window of 2 GiB: magic, descriptor, window.
	s.hostile("zstd with a huge window", strings.NewReader("\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00"), 400, 0, "the compressed body is damaged", zs...)
	s.hostile("zstd that needs a dictionary", strings.NewReader("\x28\xb5\x2f\xfd\x03\x00\x01\x02\x03\x04\x01\x00\x00"), 400, 0, "the compressed body is damaged", zs...)
	s.hostile("zstd that announces 16 EiB", strings.NewReader("\x28\xb5\x2f\xfd\xe0\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00"), 400, 0, "the compressed body is damaged", zs...)

	s.hostile("deep arrays", strings.NewReader(lines(`{"params":`+mega("[", 400_000))), 200, 2, `"line":2,"error":"event is not valid JSON: nested too deep at byte 73`)
	s.hostile("deep objects, closed", strings.NewReader(lines(`{"params":`+mega(`{"a":`, 5000)+"1"+mega("}", 5000)+"}")), 200, 2, "nested too deep")
	s.hostile("deep in one array", repeat("["+good("d1")+",", "[", 20<<20, ""), 400, 1, "an event is not closed", "Content-Type", "application/json")
	s.hostile("a million keys", strings.NewReader(lines(wide(1_000_000))), 200, 2, `"line":2,"error":"`+tooLong)
	s.hostile("more keys than an event may have", strings.NewReader(lines(wide(50_000))), 200, 2, `event has more than 1024 fields`)
	s.hostile("many keys within", strings.NewReader(lines(`{"event_id":"w1","params":`+wide(50_000)+`}`)), 200, 3, `"rejected":[]`)
	s.hostile("the same key, many times", strings.NewReader(lines(`{"event_id":"w2","params":{`+mega(`"a":1,`, 100_000)+`"a":2}}`)), 200, 3, `"rejected":[]`)
	s.hostile("a list of many", strings.NewReader(lines(`{"event_id":"w3","tags":[`+mega(`"t",`, 200_000)+`"t"],"on_behalf_of":[`+mega(`"u",`, 20_000)+`"u"],"resources":[`+mega(`{"kind":"k"},`, 5_000)+`{}]}`)), 200, 3, `"rejected":[]`)
	s.hostile("a key of 10 MB", strings.NewReader(lines(`{"`+mega("k", 10<<20)+`":1}`)), 200, 2, `"line":2,"error":"`+tooLong)
	s.hostile("keys of 300 kB", strings.NewReader(lines(`{"event_id":"w4","`+mega("k", 300<<10)+`":1,"params":{"`+mega("k", 300<<10)+`":1}}`)), 200, 3, `"rejected":[]`)
	s.hostile("an id of 500 kB", strings.NewReader(lines(`{"event_id":"`+mega("i", 500<<10)+`"}`)), 200, 3, `"rejected":[]`)
	s.hostile("a number of 900 kB", strings.NewReader(lines(`{"event_id":"w5","cost_usd":`+mega("9", 900<<10)+`}`)), 200, 3, `"rejected":[]`)
	s.hostile("a line of spaces", repeat(good("sp1")+"\n", " ", 60<<20, "\n"+good("sp2")), 200, 2, `"line":2,"error":"`+tooLong)
	s.hostile("a body of spaces", repeat("", " ", 60<<20, good("sp3")), 200, 1, `"rejected":[]`, "Content-Type", "application/json")
	s.hostile("a body of line ends", repeat("", "\r\n", 30<<20, good("le")), 200, 1, `"rejected":[]`)
	r := s.hostile("a million bad lines", repeat("", "x\n", 2_000_000, good("after")), 200, 1, `"line":1,"error":"event is not a JSON object"`)
	if len(r.Rejected) != 10_000 || r.Unlisted != 990_000 {
		t.Errorf("%d rejected, %d more", len(r.Rejected), r.Unlisted)
	}

	// What is small in a body and large in memory is bounded by what may wait to
	// be sealed, not by the length of the body.
	s.heap = 900 << 20
	s.hostile("events of two bytes", repeat("", "{}\n", 3*60_000, ""), 200, 60_000, `"rejected":[]`)

	if err := s.ledger.Seal(); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"z2", "w1", "w2", "w3", "w4", "w5", "after"} {
		if status, b, _ := s.call("GET", "/v1/events/"+id, "", nil); status != 200 {
			t.Errorf("%s: %d %.200s", id, status, b)
		}
	}
}

// wide returns an object with n members.
func wide(n int) string {
	var b strings.Builder
	b.WriteString(`{"k0":0`)
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, `,"k%d":0`, i)
	}
	b.WriteString("}")
	return b.String()
}
