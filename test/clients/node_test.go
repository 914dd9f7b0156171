package clients_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestNode runs the Node.js suites, a process each, and looks at their events.
func TestNode(t *testing.T) {
	if _, err := exec.LookPath("npm"); err != nil {
		t.Fatal("npm is not installed: these tests run real Node.js clients (Node.js 20 or newer)")
	}
	s, url := start(t), model(t)
	cache := installed(t, "node", []string{"node/package-lock.json"}, func(dir string) error {
		for _, name := range []string{"package.json", "package-lock.json", ".npmrc"} {
			b, err := os.ReadFile(filepath.Join("node", name))
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
				return err
			}
		}
		_, err := run(dir, nil, "npm", "ci")
		return err
	})
	sdks := []string{"node.grpc", "node.grpc__gzip", "node.proto", "node.proto__gzip", "node.http", "node.http__gzip"}
	for _, suite := range sdks {
		node(t, s, url, cache, suite, "sdk.mjs", "", "")
		sdk(t, s, suite)
	}
	f := func(suite, script, page, ai string, want sums) {
		t.Helper()
		node(t, s, url, cache, suite, script, page, ai)
		golden(t, s, suite)
		if got := spent(s, suite); got != want {
			t.Errorf("%s: %+v, want %+v", suite, got, want)
		}
	}
	f("openai_agents_js.recipe", "openai_agents.mjs", "openai-agents", "ai", sums{calls: 4, input: 330, cached: 550, output: 70, reasoning: 5})
	// Three steps, and the same three once more with a refusal in between.
	twice := sums{calls: 6, input: 420, cached: 1100, output: 116, reasoning: 10}
	f("vercel.v7", "vercel.mjs", "vercel-ai", "ai", twice)
	f("vercel.v6", "vercel6.mjs", "vercel-ai", "ai6", twice)
}

// node runs a script of the folder node, with the code of a page of
// docs/integrations beside it. Where it imports "ai", it gets the version asked
// for.
func node(t *testing.T, s *server, modelURL, cache, suite, script, page, ai string) {
	t.Helper()
	dir, err := os.MkdirTemp(cache, "run-") // below node_modules, where imports are looked for
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	files := map[string]string{}
	scripts, err := filepath.Glob("node/*.mjs")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range scripts {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(path)] = string(b)
	}
	if page != "" {
		for name, code := range blocks(t, page, "js", "// ") {
			files[name] = strings.ReplaceAll(code, "'ai'", "'"+ai+"'")
		}
	}
	for name, code := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(code), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out, err := run(dir, append(environment(s, modelURL), "OTEL_SERVICE_NAME="+suite), "node", "--no-warnings", script)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out, "rror") {
		t.Errorf("%s says:\n%s", suite, out)
	}
}

// blocks returns the blocks of code of a page of docs/integrations by the file
// that a comment in their first line names.
func blocks(t *testing.T, page, language, comment string) map[string]string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../../docs/integrations", page+".md"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(string(b), -1) {
		if first, _, _ := strings.Cut(m[1], "\n"); strings.HasPrefix(first, comment) {
			found[strings.TrimPrefix(first, comment)] = m[1]
		}
	}
	if len(found) == 0 {
		t.Fatalf("%s.md has no code for a file", page)
	}
	return found
}
