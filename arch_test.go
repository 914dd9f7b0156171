package hansard_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/hansardhq/hansard"

// mayImport is the one place that says who may import whom. The key is a
// package's folder. The words after it are what its code, tests apart, may
// import besides the standard library: "." is the root package, a name is
// a package of this module (its folder, without "internal/"), what begins with
// a host name is a module of someone else. "*" is every package of this module
// but the commands, "**" is all modules in go.mod too.
var mayImport = map[string]string{
	".":                        "",
	"proof":                    ". rawjson golang.org/x/mod",
	"client":                   ". rawjson dialect github.com/klauspost/compress",
	"internal/rawjson":         "",
	"internal/arena":           "",
	"internal/dialect":         ". rawjson arena",
	"internal/transcript":      ". rawjson dialect",
	"internal/redact":          ". rawjson go.yaml.in/yaml/v3",
	"internal/part":            ". rawjson github.com/parquet-go/parquet-go github.com/klauspost/compress",
	"internal/classify":        ". rawjson arena redact part",
	"internal/durable":         ". golang.org/x/sys",
	"internal/keys":            ". durable redact proof golang.org/x/mod",
	"internal/ledger":          ". rawjson redact classify part durable keys proof golang.org/x/mod",
	"internal/query":           ". rawjson",
	"internal/price":           ". go.yaml.in/yaml/v3",
	"internal/live":            ". part",
	"internal/detect":          ". live part",
	"internal/intake":          ". rawjson arena dialect transcript redact classify part ledger",
	"internal/lake":            ". rawjson part query price durable github.com/klauspost/compress github.com/duckdb/duckdb-go/v2 golang.org/x/sys",
	"internal/trace":           ". rawjson github.com/mattn/go-runewidth",
	"internal/forensic":        ". rawjson trace",
	"internal/policy":          ". query lake dialect cel.dev/cel-go go.yaml.in/yaml/v3",
	"internal/report":          ". query trace lake price forensic policy github.com/mattn/go-runewidth",
	"internal/demo":            ". dialect",
	"internal/reading":         ". ask price rawjson lake ledger part query report trace proof golang.org/x/mod forensic policy",
	"internal/access":          ". go.yaml.in/yaml/v3",
	"internal/body":            ". github.com/klauspost/compress",
	"internal/otlp":            ". rawjson dialect intake access body github.com/klauspost/compress google.golang.org/grpc google.golang.org/genproto google.golang.org/protobuf",
	"internal/web":             "",
	"internal/ask":             "",
	"internal/api":             "* github.com/danielgtaylor/huma/v2 github.com/prometheus/client_golang github.com/klauspost/compress golang.org/x/mod",
	"internal/bench":           ". dialect redact golang.org/x/sys golang.org/x/sync google.golang.org/protobuf",
	"internal/remote":          ". ask intake lake reading retention report trace proof",
	"test/tamper":              "github.com/parquet-go/parquet-go github.com/duckdb/duckdb-go/v2",
	"test/e2e":                 "",
	"examples/refund":          ". client",
	"cmd/hansard":              "**",
	"internal/durable/simdisk": "durable",
	"internal/retention":       ". ledger lake part query github.com/klauspost/compress",
}

// testsMayImport are the modules of others that every test may import.
var testsMayImport = []string{"github.com/google/go-cmp", "github.com/rogpeppe/go-internal", "github.com/klauspost/compress/zstd", "go.opentelemetry.io/collector/pdata"}

// wordless are package names that say nothing about what is inside.
var wordless = []string{
	"util", "utils", "common", "helper", "helpers", "misc", "model", "models",
	"type", "types", "manager", "service", "services", "pkg",
}

// maxLines is the most lines that a file may have.
const maxLines = 600

// source is one Go file of this module.
type source struct {
	dir   string // relative to the module, with slashes; "." for its root
	name  string
	lines int
	file  *ast.File
}

func (s *source) test() bool { return strings.HasSuffix(s.name, "_test.go") }

// say returns a complaint about s.
func (s *source) say(format string, args ...any) string {
	return path.Join(s.dir, s.name) + ": " + fmt.Sprintf(format, args...)
}

func parseSource(dir, name string, text []byte) (*source, error) {
	file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	return &source{dir: dir, name: name, lines: strings.Count(string(text), "\n"), file: file}, nil
}

// sources reads all Go files of this module. Folders with a go.mod of their own
// are other modules.
func sources(t *testing.T) []*source {
	t.Helper()
	var all []*source
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			_, err := os.Stat(filepath.Join(p, "go.mod"))
			hidden := strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "_")
			if p != "." && (hidden || err == nil || d.Name() == "testdata" || d.Name() == "node_modules") {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(p) != ".go" {
			return nil
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		s, err := parseSource(filepath.ToSlash(filepath.Dir(p)), d.Name(), text)
		if err == nil {
			all = append(all, s)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// rules are what every file must keep to.
var rules = []func(*source) []string{checkImports, checkName, checkSize, checkNoInit, checkNoPrint}

func TestArchitecture(t *testing.T) {
	all := sources(t)
	for _, s := range all {
		for _, rule := range rules {
			for _, complaint := range rule(s) {
				t.Error(complaint)
			}
		}
	}
	for _, complaint := range checkDocs(all) {
		t.Error(complaint)
	}
}

// checkImports holds the imports of s against mayImport.
func checkImports(s *source) []string {
	row, ok := mayImport[s.dir]
	if !ok {
		return []string{s.say("say in arch_test.go who may import %s, and what it may import", s.dir)}
	}
	allowed := strings.Fields(row)
	var bad []string
	for _, spec := range s.file.Imports {
		imp, err := strconv.Unquote(spec.Path.Value)
		switch {
		case err != nil:
			bad = append(bad, s.say("import %s: %v", spec.Path.Value, err))
		case s.test():
			if theirs(imp) && !allows(allowed, imp) && !slices.ContainsFunc(testsMayImport, func(m string) bool { return within(imp, m) }) {
				bad = append(bad, s.say("a test may not import %s", imp))
			}
		case imp == "testing" || strings.HasPrefix(imp, "testing/"):
			bad = append(bad, s.say("only tests may import %s", imp))
		case (theirs(imp) || within(imp, module)) && !allows(allowed, imp):
			bad = append(bad, s.say("may not import %s", imp))
		}
	}
	return bad
}

// theirs reports whether imp is neither ours nor in the standard library.
func theirs(imp string) bool {
	first, _, _ := strings.Cut(imp, "/")
	return strings.Contains(first, ".") && !within(imp, module)
}

// within reports whether imp is the module or package m, or inside it.
func within(imp, m string) bool { return imp == m || strings.HasPrefix(imp, m+"/") }

// allows reports whether a row of mayImport has a word for imp.
func allows(row []string, imp string) bool {
	return slices.ContainsFunc(row, func(word string) bool {
		first, _, _ := strings.Cut(word, "/")
		switch {
		case word == "**":
			return true
		case word == "*":
			return within(imp, module) && !within(imp, module+"/cmd")
		case word == ".":
			return imp == module
		case strings.Contains(first, "."):
			return within(imp, word)
		}
		return imp == module+"/internal/"+word || imp == module+"/"+word
	})
}

func checkName(s *source) []string {
	name := strings.TrimSuffix(s.file.Name.Name, "_test")
	if slices.Contains(wordless, name) || slices.Contains(wordless, path.Base(s.dir)) {
		return []string{s.say("the package name %q does not say what is inside: name it after a noun of the domain", name)}
	}
	return nil
}

func checkSize(s *source) []string {
	if s.lines > maxLines && !ast.IsGenerated(s.file) {
		return []string{s.say("%d lines, more than %d", s.lines, maxLines)}
	}
	return nil
}

func checkNoInit(s *source) []string {
	for _, d := range s.file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			return []string{s.say("func init: what must happen first is called by whoever needs it")}
		}
	}
	return nil
}

// checkNoPrint finds what writes to the standard output or the global logger
// outside of the commands: data goes to an io.Writer, messages to a slog.Logger
// that the caller gives.
func checkNoPrint(s *source) []string {
	if s.test() || within(s.dir, "cmd") || within(s.dir, "examples") {
		return nil
	}
	var bad []string
	ast.Inspect(s.file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		pkg, ok := sel.X.(*ast.Ident)
		if !ok || !imports(s.file, pkg.Name) {
			return true
		}
		name := pkg.Name + "." + sel.Sel.Name
		switch {
		case name == "os.Stdout", strings.HasPrefix(name, "fmt.Print"), strings.HasPrefix(name, "log.Print"),
			strings.HasPrefix(name, "log.Fatal"), strings.HasPrefix(name, "log.Panic"):
			bad = append(bad, s.say("%s is for commands only", name))
		}
		return true
	})
	return bad
}

// imports reports whether f imports the package std under its own name.
func imports(f *ast.File, std string) bool {
	return slices.ContainsFunc(f.Imports, func(spec *ast.ImportSpec) bool {
		return spec.Path.Value == strconv.Quote(std) && spec.Name == nil
	})
}

// checkDocs finds packages without a package comment.
func checkDocs(all []*source) []string {
	documented := map[string]bool{}
	for _, s := range all {
		if !s.test() {
			documented[s.dir] = documented[s.dir] || s.file.Doc != nil
		}
	}
	var bad []string
	for dir, ok := range documented {
		if !ok {
			bad = append(bad, dir+": no package comment that says what the package is for")
		}
	}
	slices.Sort(bad)
	return bad
}

// TestArchitectureRules checks that each rule finds what it is for.
func TestArchitectureRules(t *testing.T) {
	f := func(dir, name, text, want string) {
		t.Helper()
		s, err := parseSource(dir, name, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		got := checkDocs([]*source{s})
		for _, rule := range rules {
			got = append(got, rule(s)...)
		}
		if want == "" && len(got) != 0 || want != "" && (len(got) != 1 || !strings.Contains(got[0], want)) {
			t.Errorf("%s/%s: complaints %q, want one with %q", dir, name, got, want)
		}
	}
	const doc = "// Package x is documented.\n"
	imp := func(paths ...string) string {
		s := doc + "package x\n"
		for _, p := range paths {
			s += "import _ \"" + p + "\"\n"
		}
		return s
	}
	f("internal/ledger", "a.go", imp("os", module, module+"/internal/part", module+"/proof", "golang.org/x/mod/sumdb/note"), "")
	f("internal/api", "a.go", imp(module+"/internal/ledger", "github.com/danielgtaylor/huma/v2"), "")
	f("cmd/hansard", "a.go", imp(module+"/internal/api", "github.com/spf13/cobra"), "")
	f("internal/newcomer", "a.go", imp(), "say in arch_test.go")
	f(".", "a.go", imp(module+"/internal/rawjson"), "may not import "+module+"/internal/rawjson")
	f("internal/part", "a.go", imp(module+"/internal/ledger"), "may not import")
	f("internal/access", "a.go", imp("golang.org/x/mod/module"), "may not import golang.org/x/mod/module")
	f("internal/ledger", "a.go", imp("golang.org/x/modern"), "may not import golang.org/x/modern")
	f("internal/api", "a.go", imp(module+"/cmd/hansard"), "may not import")
	f("internal/api", "a.go", imp("github.com/spf13/cobra"), "may not import")
	f("internal/query", "a.go", imp("testing"), "only tests may import testing")
	f("internal/query", "a_test.go", imp("testing", "testing/synctest", module+"/internal/lake", "github.com/google/go-cmp/cmp"), "")
	f("internal/query", "a_test.go", imp("github.com/stretchr/testify/assert"), "a test may not import")
	f("internal/query", "a.go", "package query\n", "no package comment")
	f("internal/query", "a.go", doc+"package util\n", "does not say what is inside")
	f("internal/query", "a_test.go", "package helpers_test\n", "does not say what is inside")
	f("internal/query", "a.go", doc+"package x\n"+strings.Repeat("\n", maxLines-2), "")
	f("internal/query", "a.go", doc+"package x\n"+strings.Repeat("\n", maxLines-1), "601 lines")
	f("internal/query", "a.go", doc+"package x\nfunc init() {}\n", "func init")
	f("internal/query", "a.go", doc+"package x\ntype t int\nfunc (t) init() {}\n", "")
	f("internal/query", "a.go", doc+"package x\nimport \"fmt\"\nfunc f() { fmt.Println() }\n", "fmt.Println")
	f("internal/query", "a.go", doc+"package x\nimport \"log\"\nfunc f() { log.Fatalf(\"\") }\n", "log.Fatalf")
	f("internal/query", "a.go", doc+"package x\nimport \"os\"\nvar w = os.Stdout\n", "os.Stdout")
	f("internal/query", "a.go", doc+"package x\nimport \"fmt\"\nfunc f() { fmt.Fprintln(nil) }\n", "")
	f("cmd/hansard", "a.go", doc+"package x\nimport \"fmt\"\nfunc f() { fmt.Println() }\n", "")
	f("internal/query", "a_test.go", "package x\nimport \"fmt\"\nfunc f() { fmt.Println() }\n", "")
}
