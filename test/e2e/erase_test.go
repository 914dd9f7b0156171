package e2e_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/klauspost/compress/zstd"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/part"
)

// person is a name that no detector knows: in the fields of persons it is content, in
// the clear.
const person = "Zebediah Quux-7731"

// spellings are encodings of a value that a file may hold it in.
func spellings(value string) map[string][]byte {
	quoted, _ := json.Marshal(value)
	all := map[string][]byte{
		"as it is": []byte(value), "lower case": []byte(strings.ToLower(value)), "JSON": quoted[1 : len(quoted)-1],
		"hex": []byte(hex.EncodeToString([]byte(value))), "upper hex": []byte(strings.ToUpper(hex.EncodeToString([]byte(value)))),
		"a URL": []byte(url.QueryEscape(value)), "a path": []byte(url.PathEscape(value)),
	}
	var little, big []byte
	for _, u := range utf16.Encode([]rune(value)) {
		little, big = append(little, byte(u), byte(u>>8)), append(big, byte(u>>8), byte(u))
	}
	all["UTF-16 LE"], all["UTF-16 BE"] = little, big
	for shift := range 3 { // base64 of a text that has the value in it somewhere
		b := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + value))
		all[fmt.Sprintf("base64 at %d", shift)] = []byte(b[(shift*8+5)/6 : len(b)-2])
	}
	return all
}

// holding lists the files below dir that hold the value, in any spelling: in their
// bytes, in what is compressed in them, and in the columns of parts.
func holding(t *testing.T, dir, value string) (found []string) {
	t.Helper()
	all := spellings(value)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a running server unlinks what it has written anew
		}
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		if bytes.HasPrefix(b, []byte("PAR1")) {
			b = append(b, rows(t, dir, path)...)
		}
		b = append(b, unpacked(b)...)
		for how, s := range all {
			if bytes.Contains(b, s) {
				found = append(found, rel+" ("+how+")")
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// unpacked returns what the zstd frames in b hold.
func unpacked(b []byte) (out []byte) {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(1<<28))
	if err != nil {
		panic(err)
	}
	defer dec.Close()
	for i := 0; ; i++ {
		n := bytes.Index(b[i:], []byte{0x28, 0xb5, 0x2f, 0xfd})
		if n < 0 {
			return out
		}
		i += n
		text, _ := dec.DecodeAll(b[i:], nil) // with what follows the frame as an error
		out = append(out, text...)
	}
}

// rows returns all values of a part, as JSON and in the row encoding.
func rows(t *testing.T, dir, path string) []byte {
	t.Helper()
	rel, _ := filepath.Rel(dir, path)
	s := strings.Split(filepath.ToSlash(rel), "/") // tenants/TENANT/TIER/parts/DATE/NAME
	f, err := durable.OS{}.Open(path, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // unlinked since it was read
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		t.Fatal(err)
	}
	enc := part.NewEncoder()
	pf, err := enc.Open(f, size, hansard.LogID{Tenant: s[1], Tier: hansard.Tier(s[2])})
	if err != nil {
		t.Fatalf("%s: %v", rel, err)
	}
	entries, err := pf.ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", rel, err)
	}
	var b []byte
	for _, e := range entries {
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		b = append(append(b, text...), enc.AppendContent(nil, e)...)
	}
	return b
}

// ofPerson makes n events; every fourth one names the person.
func ofPerson(from, n int) string {
	var b strings.Builder
	for i := from; i < from+n; i++ {
		kind := []string{"tool_call", "reasoning", "decision", "error"}[i/4%4] // to every tier
		user := fmt.Sprintf("customer %d", i)
		if i%4 == 0 {
			user = person
		}
		fmt.Fprintf(&b, `{"event_id":"e-%d","event_type":"agent.%s","agent_name":"billing","trace_id":"t-%d","user_id":%q,"params":{"n":%d},"reasoning":"some words to keep"}`+"\n", i, kind, i/8, user, i)
	}
	return b.String()
}

// TestEraseValue erases all that is held of a person, while the server runs, from parts
// and from what only the journal has. No file below the data folder holds the name in
// any encoding then; the record verifies, and so do proofs from before.
func TestEraseValue(t *testing.T) {
	unraced(t)
	dir := filepath.Join(t.TempDir(), "data")
	config := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(config, []byte("ledger: {journal_bytes: 262144, seal_after: 200ms, seal_rows: 512}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, dir, "--config", config)
	for n := range 4 {
		if a, err := post(s.url, ofPerson(400*n, 400)); err != nil || a.Accepted != 400 {
			t.Fatal(a, err)
		}
	}
	s.stop() // all is in parts
	s = start(t, dir, "--config", config)
	if a, err := post(s.url, ofPerson(1600, 40)); err != nil || a.Accepted != 40 {
		t.Fatal(a, err)
	}
	before := holding(t, dir, person)
	if parts := strings.Count(strings.Join(before, "\n"), ".parquet"); parts < 3 || !strings.Contains(strings.Join(before, "\n"), "journal/") {
		t.Fatalf("the search for the value finds it in %q only", before)
	}
	proof := filepath.Join(t.TempDir(), "before.proof")
	for _, id := range []string{"e-0", "e-1604"} {
		if err := os.WriteFile(proof+id, []byte(must(t, "prove", id, "--disclose", "--server", s.url)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var dry, done struct{ Found, Erased, Already int }
	for _, c := range []struct {
		args []string
		into any
	}{{[]string{"--dry-run"}, &dry}, {[]string{"--reason", "request 31"}, &done}} {
		out := must(t, append([]string{"erase", "--value", person, "--server", s.url, "-o", "json"}, c.args...)...)
		if err := json.Unmarshal([]byte(out), c.into); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	if dry.Found != 410 || done.Found != 410 || done.Erased != 410 {
		t.Errorf("a dry run finds %+v, then %+v", dry, done)
	}
	if found := holding(t, dir, person); len(found) > 0 {
		t.Errorf("while the server runs: %q", found)
	}
	s.wantContent(1640)
	s.stop()
	if found := holding(t, dir, person); len(found) > 0 {
		t.Errorf("after the server's end: %q", found)
	}
	verified(t, dir)
	for _, id := range []string{"e-0", "e-1604"} {
		if out, code := run(t, "verify", proof+id, "--key", "@"+filepath.Join(dir, "tenants", "default", logOf(t, proof+id), "vkey")); code != 0 {
			t.Errorf("a proof of %s from before: exit code %d\n%s", id, code, tail(out))
		}
	}
}

// logOf returns the tier that a proof's log is of.
func logOf(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(b), "/log/default/")
	if tier, _, ok2 := strings.Cut(rest, "\n"); ok && ok2 {
		return tier
	}
	t.Fatalf("no log in %.300s", b)
	return ""
}

// wantContent wants that many events: those of the person without content, the others
// with it.
func (s *server) wantContent(n int) {
	s.t.Helper()
	got := 0
	for line := range strings.Lines(must(s.t, "events", "--server", s.url, "-o", "ndjson", "--limit", "0")) {
		var e struct {
			EventID   string `json:"event_id"`
			Reasoning string `json:"reasoning"`
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			s.t.Fatal(err)
		}
		var i int
		if _, err := fmt.Sscanf(e.EventID, "e-%d", &i); err != nil {
			continue
		}
		if got++; (i%4 == 0) != (e.Reasoning == "") {
			s.t.Fatalf("%s: %s", e.EventID, line)
		}
	}
	if got != n {
		s.t.Errorf("%d events, want %d", got, n)
	}
}
