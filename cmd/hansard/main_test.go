package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"hansard": main})
}

// TestScripts runs the program as its users do.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("TZ", "UTC")
			e.Setenv("NO_COLOR", "1")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "flip": flip, "cutout": cutOut, "server": server, "eventually": eventually, "aged": aged,
		},
	})
}

// exits runs a command and checks its exit code: exits 5 hansard verify ...
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%s: %v", args[1], err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// flip changes one bit in the middle of the file that a pattern matches.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: flip PATTERN")
	}
	files, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(files) != 1 {
		ts.Fatalf("%s matches %d files, want 1", args[0], len(files))
	}
	b, err := os.ReadFile(files[0])
	ts.Check(err)
	b[len(b)/2] ^= 1
	ts.Check(os.WriteFile(files[0], b, 0o600))
}

// cutOut puts what stands between two texts in a file into a variable.
func cutOut(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: cutout VARIABLE FILE BEFORE AFTER")
	}
	_, rest, ok := strings.Cut(ts.ReadFile(args[1]), args[2])
	value, _, ok2 := strings.Cut(rest, strings.ReplaceAll(args[3], `\n`, "\n"))
	if !ok || !ok2 {
		ts.Fatalf("%s does not hold %q ... %q", args[1], args[2], args[3])
	}
	ts.Setenv(args[0], value)
}

// patient is how long a script waits for what another process does.
const patient = 20 * time.Second

// server waits for the address file of a server, and makes that server the one
// that is asked.
func server(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: server ADDRESSFILE")
	}
	path := ts.MkAbs(args[0])
	for end := time.Now().Add(patient); ; time.Sleep(20 * time.Millisecond) {
		if b, err := os.ReadFile(path); err == nil {
			ts.Setenv("HANSARD_SERVER", "http://"+strings.TrimSpace(string(b)))
			ts.Setenv("ADDR", strings.TrimSpace(string(b)))
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("no server wrote %s", args[0])
		}
	}
}

// eventually waits until a file holds a text.
func eventually(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: eventually FILE TEXT")
	}
	path := ts.MkAbs(args[0])
	for end := time.Now().Add(patient); ; time.Sleep(20 * time.Millisecond) {
		b, _ := os.ReadFile(path)
		if bytes.Contains(b, []byte(args[1])) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%s never held %q; it holds:\n%s", args[0], args[1], b)
		}
	}
}

// TestHelp holds every verb to its help: what it does, and examples that name it.
func TestHelp(t *testing.T) {
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Short == "" || cmd.Long == "" {
			t.Errorf("%s: no help", cmd.CommandPath())
		}
		if !cmd.Hidden && !strings.Contains(cmd.Example, cmd.CommandPath()) {
			t.Errorf("%s: no example", cmd.CommandPath())
		}
		if strings.HasSuffix(cmd.Short, ".") {
			t.Errorf("%s: a full stop at the end of %q", cmd.CommandPath(), cmd.Short)
		}
		for _, c := range cmd.Commands() {
			walk(c)
		}
	}
	walk(newRoot(&program{}))
}

// TestRun runs the program in this process.
func TestRun(t *testing.T) {
	f := func(code int, wantOut, wantErr string, args ...string) {
		t.Helper()
		var stdout, stderr bytes.Buffer
		got := run(args, strings.NewReader(""), &stdout, &stderr, []string{"HANSARD_SERVER=http://127.0.0.1:1"})
		if got != code || !strings.Contains(stdout.String(), wantOut) || !strings.Contains(stderr.String(), wantErr) {
			t.Errorf("%v: code %d, want %d\nstdout: %s\nstderr: %s", args, got, code, &stdout, &stderr)
		}
	}
	f(0, "Available Commands", "")
	f(0, "hansard ", "", "version")
	f(2, "", "unknown command", "speak")
	f(2, "", "unknown flag", "events", "--loud")
	f(2, "", "put a search that begins with - after --", "events", "-tier:debug")
	f(1, "", "no server answers at http://127.0.0.1:1", "events")
	f(1, "", "hint: start one with: hansard serve", "trace", "x")
	f(2, "", "--tenant", "events", "--tenant", "No Such")
	f(2, "", "--color", "events", "--color", "pink")
	f(2, "", "which one", "events", "--data", "x", "--server", "http://127.0.0.1:1")
	f(3, "", "no data folder", "events", "--data", t.TempDir())
}
