package lake_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/query"
)

// sumsIn keeps sums in a folder, under keys made of the tenants' names.
func sumsIn(dir, program string) *lake.SumsConfig {
	return &lake.SumsConfig{FS: durable.OS{}, Dir: dir, Program: program, Key: func(tenant string) ([]byte, error) {
		if tenant == "" {
			return nil, errors.New("no key")
		}
		key := sha256.Sum256([]byte("a key of " + tenant))
		return key[:], nil
	}}
}

// restart gives tenants a new lake of the same folder, which keeps sums.
func restart(t *testing.T, sums *lake.SumsConfig, tenants ...*growing) {
	t.Helper()
	l, err := lake.New(lake.Config{Dir: tenants[0].dir, WorkerCommand: []string{workerVerb}, Sums: sums})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, g := range tenants {
		g.Lake = l
		for log, entries := range g.logs {
			l.Load(log, g.parts[log], g.enc.RowsOf(entries[g.sealed[log]:]))
		}
	}
}

// TestFoldRestarts is TestFold with a new process now and then: some have saved their
// sums before they ended, after entries were sealed, merged or pruned or before, and
// some look through the files at first and some are asked at once.
func TestFoldRestarts(t *testing.T) {
	t.Parallel()
	first := newGrowing(t, 31)
	tenants := []*growing{first, first.growing("zenith", 32)}
	sources := []*source{newSource(31), newSource(32)}
	sums := sumsIn(filepath.Join(t.TempDir(), "sums"), "this")
	restart(t, sums, tenants...)
	for step := range 30 {
		for i, g := range tenants {
			sources[i].perTrace, sources[i].step = 40, int64(31*time.Minute)
			g.step(t, sources[i])
		}
		switch first.r.IntN(4) {
		case 0:
			first.SaveSums()
		case 1: // killed
			restart(t, sums, tenants...)
		case 2:
			first.SaveSums()
			tenants[1].step(t, sources[1])
			restart(t, sums, tenants...)
			first.CheckSums()
		}
		for i, g := range tenants {
			if len(g.all) > 0 && (i == 0 || step%4 == 0) {
				g.ask(t, step, sources[i].step)
			}
		}
	}
}

// keptAnswers are those of questions whose sums are kept.
func (g *growing) keptAnswers(t *testing.T) []any {
	t.Helper()
	ctx := context.Background()
	tools, err1 := g.ToolCalls(ctx, g.tenant, query.Query{})
	spend, err2 := g.Spend(ctx, g.tenant, query.Query{}, [][]string{{"model", "agent_name"}, {"session_id"}}, lake.Pricing{}, 0)
	invocations, err3 := g.Invocations(ctx, g.tenant, query.Query{})
	errs, err4 := g.Aggregate(ctx, g.tenant, query.Query{}, lake.Spec{By: []string{lake.ErrorPattern}, OrderBy: -1, Measures: []lake.Measure{{Op: lake.Count}, {Op: lake.Max, Field: "duration_ms"}}})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	return []any{tools, spend, invocations, errs.Rows}
}

// storedRecord is a record, all of it in parts, with sums on the disk.
func storedRecord(t *testing.T) (g *growing, sums *lake.SumsConfig, want []any) {
	t.Helper()
	g = newGrowing(t, 41)
	sums = sumsIn(filepath.Join(t.TempDir(), "sums"), "this")
	restart(t, sums, g)
	s := newSource(41)
	for range 12 {
		g.step(t, s)
	}
	g.sealAll(t)
	want = g.keptAnswers(t)
	g.SaveSums()
	return g, sums, want
}

// sealAll moves all entries into parts.
func (g *growing) sealAll(t *testing.T) {
	t.Helper()
	for log := range g.logs {
		for g.sealed[log] < len(g.logs[log]) {
			g.seal(t, log)
		}
	}
}

func (g *growing) sameAnswers(t *testing.T, want []any, what string) {
	t.Helper()
	if d := gocmp.Diff(want, g.keptAnswers(t)); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// TestStoredSumsAreUsed answers without the parts: what was saved says everything.
func TestStoredSumsAreUsed(t *testing.T) {
	t.Parallel()
	g, sums, want := storedRecord(t)
	if err := os.Rename(filepath.Join(g.dir, "tenants"), filepath.Join(g.dir, "away")); err != nil {
		t.Fatal(err)
	}
	restart(t, sums, g)
	g.CheckSums()
	g.sameAnswers(t, want, "without the parts")
	if _, err := g.ToolCalls(t.Context(), g.tenant, query.Query{Node: parse(t, "env:prod")}); err == nil {
		t.Error("the parts can be read all the same: the test shows nothing")
	}
	// What another program has summed is not taken over, and goes.
	restart(t, sumsIn(sums.Dir, "another"), g)
	g.CheckSums()
	if _, err := g.ToolCalls(t.Context(), g.tenant, query.Query{}); err == nil || len(g.StoredSums(g.tenant)) > 0 {
		t.Errorf("another program's sums are taken over: %v", err)
	}
}

// TestEditedSumsHaveNoEffect changes files of sums: each bit of some, one put in
// another's place, another tenant's. Reports say the same, and the files go.
func TestEditedSumsHaveNoEffect(t *testing.T) {
	t.Parallel()
	g, sums, want := storedRecord(t)
	dir := filepath.Join(sums.Dir, g.tenant)
	names, err := filepath.Glob(filepath.Join(dir, "*.sums"))
	if err != nil || len(names) < 4 {
		t.Fatalf("files %q, %v", names, err)
	}
	whole := map[string][]byte{}
	for _, name := range names {
		whole[name] = readFile(t, name)
	}
	f := func(what string, edit func(name string) []byte) {
		t.Helper()
		for name := range whole {
			if err := os.WriteFile(name, edit(name), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		restart(t, sums, g)
		g.sameAnswers(t, want, what)
		for name := range whole {
			if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s: %s is still there: %v", what, name, err)
			}
		}
	}
	for _, at := range []float64{0, 0.01, 0.1, 0.5, 0.999} {
		f("edited", func(name string) []byte {
			b := bytes.Clone(whole[name])
			b[int(at*float64(len(b)))] ^= 1
			return b
		})
	}
	f("cut", func(name string) []byte { return whole[name][:len(whole[name])/2] })
	f("empty", func(string) []byte { return nil })
	next := map[string]string{}
	for i, name := range names {
		next[name] = names[(i+1)%len(names)]
	}
	f("another question's", func(name string) []byte { return whole[next[name]] })

	// As they were, they are good; those of a tenant are no other's.
	for name, b := range whole {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	other := filepath.Join(sums.Dir, "zenith")
	if err := os.CopyFS(other, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	restart(t, sums, g)
	g.CheckSums()
	g.sameAnswers(t, want, "as they were")
	if len(g.StoredSums(g.tenant)) < 4 {
		t.Error("good files were removed")
	}
	if left, err := os.ReadDir(other); err != nil || len(left) > 0 {
		t.Errorf("another tenant's files stay: %v, %v", left, err)
	}
}

// TestErasedContentLeavesSums erases what an error says: no file tells it afterwards,
// also where the process was killed before it had removed them.
func TestErasedContentLeavesSums(t *testing.T) {
	t.Parallel()
	const secret = "the order of a customer who is named here"
	g := newGrowing(t, 51)
	sums := sumsIn(filepath.Join(t.TempDir(), "sums"), "this")
	restart(t, sums, g)
	s := newSource(51)
	var entries []*hansard.Entry
	for range 20 {
		e := s.event()
		e.EventType, e.ErrorType, e.Error = hansard.TypeError, "Timeout", secret
		entries = append(entries, s.seal(e, hansard.TierCritical))
	}
	g.commit(entries)
	g.sealAll(t)
	log := entries[0].Log
	told := func() bool {
		for _, b := range g.StoredSums(g.tenant) {
			if bytes.Contains(b, []byte(secret)) {
				return true
			}
		}
		return strings.Contains(gocmp.Diff(nil, g.keptAnswers(t)), secret)
	}
	g.keptAnswers(t)
	g.SaveSums()
	if !told() {
		t.Fatal("nothing tells what the errors say: the test shows nothing")
	}
	before := filepath.Join(t.TempDir(), "before")
	if err := os.CopyFS(before, os.DirFS(sums.Dir)); err != nil {
		t.Fatal(err)
	}
	for i, gone := range g.parts[log] {
		of := g.logs[log][gone.Name.First:gone.Name.End]
		for _, e := range of {
			e.Error, e.Params, e.Result, e.Reasoning, e.Salt = "", nil, nil, "", nil
		}
		anew := rewritePart(t, g.enc, g.dir, gone, of)
		g.parts[log][i] = anew
		g.Sealed(log, []part.Info{anew}, []part.Name{gone.Name}, gone.Name.End)()
	}
	if left := g.StoredSums(g.tenant); len(left) > 0 {
		t.Errorf("%d files are there after the erasure", len(left))
	}
	g.SaveSums()
	if told() {
		t.Error("sums tell what was erased")
	}
	if err := errors.Join(os.RemoveAll(sums.Dir), os.CopyFS(sums.Dir, os.DirFS(before))); err != nil {
		t.Fatal(err)
	}
	restart(t, sums, g)
	g.CheckSums()
	if told() {
		t.Error("sums from before the erasure tell what was erased")
	}
}

// TestTypedWordsAreNotWrittenDown asks with a search that somebody has typed.
func TestTypedWordsAreNotWrittenDown(t *testing.T) {
	t.Parallel()
	g, sums, _ := storedRecord(t)
	n := len(g.StoredSums(g.tenant))
	for _, search := range []string{"agent:somebody", "event_type:x.somebody", "env:prod -tier:debug", `session:"a b"`} {
		if _, err := g.ToolCalls(t.Context(), g.tenant, query.Query{Node: parse(t, search)}); err != nil {
			t.Fatal(err)
		}
	}
	g.SaveSums()
	if got := len(g.StoredSums(g.tenant)); got != n {
		t.Errorf("%d files, before the searches %d, in %s", got, n, sums.Dir)
	}
	if _, err := g.ToolCalls(t.Context(), g.tenant, query.Query{Node: parse(t, "event_type:agent.tool_call -tier:debug")}); err != nil {
		t.Fatal(err)
	}
	g.SaveSums()
	if got := len(g.StoredSums(g.tenant)); got != n+1 {
		t.Errorf("%d files, want %d: words of ours may be written down", got, n+1)
	}
}

// FuzzSums reads what may stand in a file of sums.
func FuzzSums(f *testing.F) {
	f.Add([]byte(nil))
	for _, b := range lake.SeedSums() {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := lake.DecodeSums(b); err != nil {
			t.Error(err)
		}
	})
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// rewritePart writes a part anew of entries whose contents were erased.
func rewritePart(t *testing.T, enc *part.Encoder, dir string, gone part.Info, entries []*hansard.Entry) part.Info {
	t.Helper()
	old := gone.Path(dir)
	kept := old + ".kept"
	if err := os.Rename(old, kept); err != nil {
		t.Fatal(err)
	}
	anew := writePart(t, enc, dir, entries)
	anew.Name.Rewrite = gone.Name.Rewrite + 1
	if err := errors.Join(os.Rename(old, anew.Path(dir)), os.Rename(kept, old)); err != nil {
		t.Fatal(err)
	}
	return anew
}
