package client_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDependencies makes a module that imports only the client, vets and builds
// it, and lists what comes along. A package that is not in the list is one that
// every agent would have to build, audit and update: it needs a reason.
func TestDependencies(t *testing.T) {
	if testing.Short() {
		t.Skip("the race run: the go command builds in a process of its own")
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	write("go.sum", string(sums))
	write("go.mod", "module example.com/agent\n\ngo 1.26.0\n\nrequire github.com/hansardhq/hansard v0.0.0\n\nreplace github.com/hansardhq/hansard => "+root+"\n")
	write("main.go", `package main

import (
	"context"

	"github.com/hansardhq/hansard/client"
)

func main() {
	c, _ := client.New(client.Config{})
	c.Invocation(context.Background(), "hello").End(nil)
	_ = c.Close(context.Background())
}
`)
	tool := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0", "GOFLAGS=-mod=mod")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	tool("vet", "./...")
	var got []string
	for _, p := range strings.Fields(tool("list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./...")) {
		if p != "example.com/agent" {
			got = append(got, p)
		}
	}
	want := []string{
		"github.com/hansardhq/hansard",
		"github.com/hansardhq/hansard/internal/rawjson",
		"github.com/hansardhq/hansard/internal/dialect",
		"github.com/hansardhq/hansard/internal/arena", // of dialect
		"github.com/klauspost/compress",
		"github.com/klauspost/compress/fse",
		"github.com/klauspost/compress/internal/cpuinfo",
		"github.com/klauspost/compress/internal/le",
		"github.com/klauspost/compress/internal/regmask",
		"github.com/klauspost/compress/internal/snapref",
		"github.com/klauspost/compress/huff0",
		"github.com/klauspost/compress/zstd/internal/xxhash",
		"github.com/klauspost/compress/zstd",
		"github.com/hansardhq/hansard/client",
	}
	slices.Sort(want)
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("what an agent builds with the client (-want +got):\n%s", d)
	}
	// The program's own list of modules: what an agent has to trust.
	var modules []string
	for line := range strings.Lines(tool("list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", "./...")) {
		if m := strings.TrimSpace(line); m != "" && m != "example.com/agent" && (len(modules) == 0 || modules[len(modules)-1] != m) {
			modules = append(modules, m)
		}
	}
	for _, m := range modules {
		if m != "github.com/hansardhq/hansard" && m != "github.com/klauspost/compress" {
			t.Errorf("the module %s comes along", m)
		}
	}
}
