package tamper_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/ledger"
)

// TestPruneCovered prunes a log and covers it up: the statements in the meta
// log's part are made others with another tool, and the minimum is moved. Both are found.
func TestPruneCovered(t *testing.T) {
	dir := folderOf(t, 600)
	l, err := ledger.Open(ledger.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := l.PlanPrune(hansard.LogID{Tenant: "acme", Tier: hansard.TierInfo}, "9999-01-01", 0)
	if err == nil {
		_, err = l.Prune(plan, ledger.PruneOrder{By: "test"})
	}
	if err != nil || plan.End != 512 {
		t.Fatalf("%+v, %v", plan, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if v := verify(t, dir); len(v.Findings) > 0 {
		t.Fatalf("findings before anything is covered up: %v", v.Findings)
	}
	path := filepath.Join(dir, "tenants/acme/info/minimum")
	was, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(was), "\n512\n", "\n256\n", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	found(t, dir, path)
	if err := os.WriteFile(path, was, 0o600); err != nil {
		t.Fatal(err)
	}
	meta := partOf(t, dir, "acme/meta")
	put(t, meta, withParquet(t, meta, "acme/meta", func(column string, _ int64, v parquet.Value) parquet.Value {
		if column != "statement" {
			return v
		}
		return parquet.ByteArrayValue(bytes.ReplaceAll(v.ByteArray(), []byte(`"kind":"prune`), []byte(`"kind":"other`)))
	}))
	found(t, dir, meta)
}
