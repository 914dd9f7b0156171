package intake_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/classify"
	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/intake"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/redact"
)

func open(t *testing.T) (*intake.Intake, *ledger.Ledger, string) {
	t.Helper()
	return openHolding(t, 0)
}

// openHolding opens an intake whose requests may hold so many bytes together.
func openHolding(t *testing.T, most int64) (*intake.Intake, *ledger.Ledger, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	l, err := ledger.Open(ledger.Config{Dir: dir, Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	engine, err := redact.New(redact.Config{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := classify.New(classify.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return intake.New(intake.Config{Ledger: l, Redact: engine, Classifier: c, MaxHeld: most}), l, dir
}

func verify(t *testing.T, l *ledger.Ledger, dir string) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	v, err := ledger.Verify(ledger.VerifyConfig{Dir: dir, KeyDir: dir + ".keys"})
	if err != nil || len(v.Findings) > 0 {
		t.Errorf("%v %v", err, v.Findings)
	}
}

// planted are values that may reach no disk, and ways to send them.
var planted = []string{
	"maria.planted@example.com", "4111 1111 1111 1111", "4111111111111111", "DE89370400440532013000", "AKIA" + "QWERTYUIOPASDFGH",
	"ghp_" + "0123456789abcdefghijABCDEFGHIJ012345", "hunter2-planted-password", "1987-03-09",
}

func plantedEvents() string {
	return strings.Join([]string{
		`{"event_type":"reasoning","reasoning":"write to maria.planted@example.com or maria.planted\u0040example.com"}`,
		`{"event_type":"tool_call","action":"tool_call:pay maria.planted@example.com","params":{"card":"4111 1111 1111 1111","n":4111111111111111}}`,
		`{"event_type":"tool_result","result":"{\"iban\":\"DE89370400440532013000\",\"password\":\"hunter2-planted-password\"}"}`,
		`{"event_type":"error","error":"auth failed for ` + planted[4] + `","stack_trace":"token=` + planted[5] + `"}`,
		`{"event_type":"invocation","user_id":"maria.planted@example.com","trace_id":"t-maria.planted@example.com","tags":["maria.planted@example.com"],"params":{"dob":"1987-03-09","maria.planted@example.com":1}}`,
		`{"event_type":"x.custom","password":"hunter2-planted-password","authorization":"Bearer ` + planted[5] + `"}`,
		`{"event_type":"generic","event_id":"maria.planted@example.com","attributes":{"a":{"b":["4111111111111111"]}}}`,
	}, "\n")
}

// TestNothingPlantedReachesDisk reads every byte below the data folder, and the
// parts decoded, before and after sealing.
func TestNothingPlantedReachesDisk(t *testing.T) {
	in, l, dir := open(t)
	r, err := in.Body(context.Background(), intake.Source{Tenant: "acme", SubmittedBy: "loopback"}, dialect.FormNDJSON, strings.NewReader(plantedEvents()))
	if err != nil || r.Accepted != 7 {
		t.Fatalf("%+v %v", r, err)
	}
	search(t, dir) // in the journal
	verify(t, l, dir)
	search(t, dir) // in the parts
}

func search(t *testing.T, dir string) {
	t.Helper()
	bytesRead := 0
	check := func(path string, b []byte) {
		bytesRead += len(b)
		for _, p := range planted {
			if bytes.Contains(b, []byte(p)) {
				t.Errorf("%s holds %q", path, p)
			}
		}
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		check(path, b)
		if filepath.Ext(path) == ".parquet" {
			check(path, decoded(t, path, b))
		}
		return err
	})
	if err != nil || bytesRead == 0 {
		t.Fatal(bytesRead, err)
	}
}

// decoded returns all values of a part as text.
func decoded(t *testing.T, path string, b []byte) []byte {
	t.Helper()
	enc := part.NewEncoder()
	var all []byte
	for _, e := range entriesOf(t, enc, path, b) {
		all = enc.AppendRow(all, e)
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text...)
	}
	return all
}

// entriesOf returns the entries of a part.
func entriesOf(t *testing.T, enc *part.Encoder, path string, b []byte) []*hansard.Entry {
	t.Helper()
	tier := filepath.Base(filepath.Dir(filepath.Dir(filepath.Dir(path))))
	f, err := enc.Open(bytes.NewReader(b), int64(len(b)), hansard.LogID{Tenant: "acme", Tier: hansard.Tier(tier)})
	if err != nil {
		t.Fatal(err)
	}
	entries, err := f.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// repeated yields n lines without holding them.
type repeated struct {
	n, at int
	rest  []byte
	size  int64
}

func (r *repeated) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		if r.at == r.n {
			return 0, io.EOF
		}
		r.rest = fmt.Appendf(r.rest[:0], `{"event_id":"e-%d","event_type":"tool_call","tool_name":"search","trace_id":"t-%d","params":{"q":"%s"}}`+"\n", r.at, r.at/20, strings.Repeat("ordinary words ", 60))
		r.at++
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	r.size += int64(n)
	return n, nil
}

// TestLargeBody streams a body of sixty megabytes: what it takes in memory
// does not grow with it.
func TestLargeBody(t *testing.T) {
	if testing.Short() {
		t.Skip("sixty megabytes")
	}
	in, l, dir := open(t)
	body := &repeated{n: 60_000}
	var peak uint64
	done := make(chan struct{})
	go func() {
		defer close(done)
		r, err := in.Body(context.Background(), intake.Source{Tenant: "acme", SubmittedBy: "loopback"}, dialect.FormNDJSON, body)
		if err != nil || r.Accepted != body.n || len(r.Rejected) != 0 {
			t.Errorf("%d accepted, %d rejected, %v", r.Accepted, len(r.Rejected), err)
		}
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapInuse)
			runtime.Gosched()
		}
	}
	t.Logf("body of %d MB, heap at most %d MB", body.size>>20, peak>>20)
	if limit := uint64(900 << 20); peak > limit {
		t.Errorf("the heap grew to %d MB", peak>>20)
	}
	verify(t, l, dir)
}

// TestRetryAfterFullDisk fills the journal's file system: events are refused as
// busy, nothing is half taken, and they are taken when there is room again.
func TestRetryAfterFullDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	full := &fullDisk{FS: durable.OS{}}
	l, err := ledger.Open(ledger.Config{Dir: dir, Name: "test", FS: full, JournalSize: 1 << 16})
	if err != nil {
		t.Fatal(err)
	}
	engine, _ := redact.New(redact.Config{})
	c, _ := classify.New(classify.Config{})
	in := intake.New(intake.Config{Ledger: l, Redact: engine, Classifier: c, Patience: 1})
	send := func(from, n int) (*intake.Receipt, error) {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `{"event_id":"e-%d","event_type":"reasoning","reasoning":"%s"}`+"\n", from+i, strings.Repeat("x", 500))
		}
		return in.Body(context.Background(), intake.Source{Tenant: "acme", SubmittedBy: "loopback"}, dialect.FormNDJSON, strings.NewReader(b.String()))
	}
	if r, err := send(0, 10); err != nil || r.Accepted != 10 {
		t.Fatal(r, err)
	}
	full.full.Store(true)
	r, err := send(10, 500)
	if hansard.KindOf(err) != hansard.KindBusy || r.Accepted != 0 {
		t.Fatalf("on a full disk: %+v %v", r, err)
	}
	full.full.Store(false)
	if r, err := send(0, 510); err != nil || r.Accepted != 500 || r.Duplicates != 10 {
		t.Fatalf("with room again: %+v %v", r, err)
	}
	verify(t, l, dir)
}

// TestIdempotentRetry sends bodies of events without ids under an idempotency key:
// again after all was taken, again after the disk was full in the middle, and
// another body under the same key.
func TestIdempotentRetry(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	full := &fullDisk{FS: durable.OS{}}
	l, err := ledger.Open(ledger.Config{Dir: dir, Name: "test", FS: full, JournalSize: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	engine, _ := redact.New(redact.Config{})
	c, _ := classify.New(classify.Config{})
	in := intake.New(intake.Config{Ledger: l, Redact: engine, Classifier: c, Patience: 1})
	send := func(key string, n int, text string) (*intake.Receipt, error) {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `{"event_type":"reasoning","reasoning":"%d %s"}`+"\n", i, strings.Repeat(text, 400))
		}
		return in.Body(context.Background(), intake.Source{Tenant: "acme", SubmittedBy: "loopback", IdempotencyKey: key}, dialect.FormNDJSON, strings.NewReader(b.String()))
	}
	for i, want := range []int{50, 0} {
		if r, err := send("whole", 50, "x"); err != nil || r.Accepted != want || r.Duplicates != 50-want {
			t.Fatalf("time %d: %+v %v", i, r, err)
		}
	}
	full.full.Store(true) // what is in the journal's file now still has room
	const n = 5000
	r, err := send("part", n, "y")
	if hansard.KindOf(err) != hansard.KindBusy || r.Accepted == 0 || r.Accepted >= n {
		t.Fatalf("on a disk that gets full: %+v %v", r, err)
	}
	taken := r.Accepted
	full.full.Store(false)
	if r, err = send("part", n, "y"); err != nil || r.Accepted != n-taken || r.Duplicates != taken {
		t.Fatalf("again: %+v %v; %d were taken before", r, err, taken)
	}
	if r, err = send("part", 10, "z"); err != nil || r.Accepted != 0 || len(r.Conflicts) != 10 {
		t.Errorf("another body under the same key: %+v %v", r, err)
	}
	verify(t, l, dir)
}
