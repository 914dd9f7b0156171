package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-runewidth"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
)

// TestTable checks that a table fits a terminal and gives nothing to it that
// could control it.
func TestTable(t *testing.T) {
	rows := [][]string{
		{"a", strings.Repeat("long ", 40), "ok"},
		{"\x1b[2Jb\nc", "世界世界世界世界世界世界世界世界世界世界世界世界世界世界世界世界", "error"},
	}
	for _, width := range []int{0, 20, 40, 80, 200} {
		var b bytes.Buffer
		table := newTable(terminal{is: width > 0, width: width}, column{title: "WHO", most: 10}, column{title: "WHAT", rest: true, most: 8}, column{title: "HOW"})
		if err := table.write(&b, rows); err != nil {
			t.Fatal(err)
		}
		if err := table.write(&b, rows[:1]); err != nil { // a second page has no titles
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
		if len(lines) != 4 || strings.Contains(b.String(), "\x1b") || !strings.Contains(b.String(), `\x1b[2Jb`) && width != 20 {
			t.Errorf("width %d: %d lines:\n%s", width, len(lines), &b)
		}
		for _, l := range lines {
			if n := runewidth.StringWidth(l); width >= 40 && n > width {
				t.Errorf("width %d: a line of %d columns: %s", width, n, l)
			}
		}
	}
}

// TestListing checks that a table of events fits every usual terminal, also
// with rows that are longer than the first ones.
func TestListing(t *testing.T) {
	long := strings.Repeat("long", 30)
	page := func(text string) []*hansard.Entry {
		return []*hansard.Entry{{Event: hansard.Event{
			EventID: text, EventType: "agent." + text, AgentName: text, Action: text, Status: "cancelled", Timestamp: 1,
		}}}
	}
	for _, width := range []int{80, 100, 119, 120, 200} {
		for _, growing := range []bool{false, true} {
			var b bytes.Buffer
			l := newListing(formatTable, &b, terminal{is: true, width: width}, time.UTC, growing)
			for _, text := range []string{"x", long} {
				if err := l.add(page(text)); err != nil {
					t.Fatal(err)
				}
			}
			lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
			if len(lines) != 3 || strings.Contains(lines[0], "ID") != (width >= 120) {
				t.Errorf("width %d: %s", width, &b)
			}
			for _, line := range lines {
				if n := runewidth.StringWidth(line); n > width {
					t.Errorf("width %d: a line of %d columns:\n%s", width, n, line)
				}
			}
			if growing && strings.Count(lines[2], "long") < 5 {
				t.Errorf("width %d: no room was left: %s", width, lines[2])
			}
		}
	}
}

func TestTableColors(t *testing.T) {
	var b bytes.Buffer
	table := newTable(terminal{color: true}, column{title: "S", paint: paintStatus}, column{title: "N", right: true})
	if err := table.write(&b, [][]string{{"ok", "1"}, {"error", "10"}}); err != nil {
		t.Fatal(err)
	}
	want := "\x1b[1mS\x1b[0m       \x1b[1mN\x1b[0m\n\x1b[32mok\x1b[0m      1\n\x1b[31merror\x1b[0m  10\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

// TestTerminalOf checks whose word goes first on colours.
func TestTerminalOf(t *testing.T) {
	f := func(flag, noColor string, want bool) {
		t.Helper()
		p := &program{env: map[string]string{"NO_COLOR": noColor}, global: globals{color: flag}}
		if got := p.terminalOf(&bytes.Buffer{}); got.color != want || got.is || got.width != 0 {
			t.Errorf("--color %s, NO_COLOR=%s: %+v", flag, noColor, got)
		}
	}
	f("auto", "", false) // not a terminal
	f("always", "", true)
	f("always", "1", true) // asked for
	f("never", "", false)
}

// TestHarmless checks that JSON for a terminal stays the same JSON.
func TestHarmless(t *testing.T) {
	for _, s := range []string{"", "plain ä 世", "\x1b[31m", "\u009b31m", "a\u202eb", "a\u200bb", "\U000e0041", "\x7f", "\ufffd"} {
		b, err := jsonBytes(map[string]string{"s": s}, false, terminal{is: true})
		if err != nil {
			t.Fatal(err)
		}
		var back map[string]string
		if err := json.Unmarshal(b, &back); err != nil || back["s"] != s {
			t.Errorf("%q became %s: %q, %v", s, b, back["s"], err)
		}
		for _, r := range string(b) {
			if r != '\n' && (r < 0x20 || r == 0x7f || r == 0x9b || r == 0x202e || r == 0x200b || r == 0xe0041) {
				t.Errorf("%q: %U is left in %s", s, r, b)
			}
		}
	}
}

func TestRowObject(t *testing.T) {
	r := &lake.Result{
		Columns: []lake.Column{{Name: "b"}, {Name: `a"b`}},
		Rows:    [][]json.RawMessage{{json.RawMessage(`1.50`), json.RawMessage(`"x\ny"`)}, {json.RawMessage(`null`), json.RawMessage(`[1, 2]`)}},
	}
	if got, want := string(rowObject(r.Columns, r.Rows[0])), `{"b":1.50,"a\"b":"x\ny"}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if diff := cmp.Diff([][]string{{"1.50", "x\ny"}, {"-", "[1, 2]"}}, texts(r, "-")); diff != "" {
		t.Error(diff)
	}
}

func TestDecimal(t *testing.T) {
	f := func(n int64, places int, want string) {
		t.Helper()
		if got := decimal(hansard.Some(n), places); got != want {
			t.Errorf("%d, %d: %s, want %s", n, places, got, want)
		}
	}
	f(1500, 3, "1.5")
	f(0, 9, "0")
	f(-1, 3, "-0.001")
	f(250000000, 9, "0.25")
	f(7, 0, "7")
	if got := decimal(hansard.Opt[int64]{}, 3); got != "" {
		t.Errorf("absent: %q", got)
	}
}

// TestMarkdown checks that a cell cannot leave its cell.
func TestMarkdown(t *testing.T) {
	var b bytes.Buffer
	if err := writeMarkdown(&b, []string{"A", "B"}, [][]string{{"x|y\nz", "<script>`"}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("| A | B |\n| --- | --- |\n| x\\|y z | &lt;script>\\` |\n", b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestSniff(t *testing.T) {
	f := func(name, body, want string) {
		t.Helper()
		r, got := sniff(strings.NewReader(body), name)
		if b, err := io.ReadAll(r); got != want || err != nil || string(b) != body {
			t.Errorf("%s %q: %s, want %s; %q, %v", name, body, got, want, b, err)
		}
	}
	const lines, object = "application/x-ndjson", "application/json"
	f("x.jsonl", "[", lines)
	f("x.JSON", "{}\n{}", object)
	f("-", "{\"a\":1}\n{\"a\":2}\n", lines)
	f("-", "{\"a\":1}", lines)
	f("-", "{\n\"a\":1}", object)
	f("-", " [{\"a\":1},\n{\"a\":2}]", object)
	f("-", "", object)
	f("x.json.gz", "\x1f\x8b", object)
	f("x.gz", "\x1f\x8b", lines)
}

// TestImportBusy checks that a file is sent again to a busy server, and what
// was taken is counted once.
func TestImportBusy(t *testing.T) {
	n := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if b, _ := io.ReadAll(r.Body); string(b) != "{}\n" {
			t.Errorf("attempt %d: body %q", n, b)
		}
		if n++; n == 1 {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(503)
			fmt.Fprint(w, `{"title":"busy","detail":"too much","accepted":4,"duplicates":1}`)
			return
		}
		fmt.Fprint(w, `{"accepted":6,"duplicates":5}`)
	}))
	defer s.Close()
	file := filepath.Join(t.TempDir(), "x.ndjson")
	if err := os.WriteFile(file, []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	code := run([]string{"import", "--format", "ndjson", "--server", s.URL, file}, nil, &stdout, &stderr, nil)
	if code != 0 || stdout.String() != "imported 10 accepted, 1 duplicate\n" || !strings.Contains(stderr.String(), "sending it again") {
		t.Errorf("code %d, %s%s", code, &stdout, &stderr)
	}
}
