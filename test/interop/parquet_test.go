package interop_test

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"
	"golang.org/x/mod/sumdb/tlog"
)

// partColumns are the columns of a part by their type in Parquet. They are
// frozen: who reads parts with other tools relies on them.
func partColumns() map[string]string {
	const instant = "Timestamp(isAdjustedToUTC=false, timeUnit=nanoseconds, is_from_converted_type=false, force_set_converted_type=false)"
	return map[string]string{
		"BYTE_ARRAY String optional": `action actor_id actor_role actor_type agent_id agent_name agent_version approval_id
			approver arguments_hash comment context_summary correction cost_source decision dialect environment error error_type
			event_id event_type follow_up handoff_from handoff_to intervention model parent_event_id policy_id policy_version
			provenance provider reasoning recovery_action service session_id side_effect source span_id stack_trace status
			submitted_by task_id tier time_source tool_call_id tool_name trace_id user_id`,
		"BYTE_ARRAY JSON optional": "alternatives attributes messages params persons redactions resources response result statement",
		"INT64 Int(bitWidth=64, isSigned=true) optional": `attempt cache_read_tokens cache_write_tokens content_size cost_nano_usd
			decision_us duration_us input_tokens output_tokens reasoning_tokens token_count`,
		"INT64 Int(bitWidth=64, isSigned=true) required": "index position v",
		"DOUBLE None optional":                           "confidence rating",
		"BYTE_ARRAY None optional":                       "content_digest salt",
		"BYTE_ARRAY String repeated":                     "labels on_behalf_of tags",
		"INT64 " + instant + " required":                 "received_at timestamp",
		"BOOLEAN None optional":                          "truncated",
	}
}

// row is a row of a part: what is not null, by column. Lists are []string.
type row map[string]any

// TestParquet reads every part with Arrow's reader of Parquet and checks what is
// in it: the columns, the rows that the file's name promises, and that the rows
// are what the log committed to. The leaves are rendered anew from the rows, by
// the rules of the format and not by Hansard's code, and must have the hashes in
// the log's tiles.
func TestParquet(t *testing.T) {
	s := start(t)
	s.fill(12, 100)
	s.seal()
	s.seal() // the statements that the first one made
	hashes := map[string][]tlog.Hash{}
	for _, l := range s.logs() {
		r := newReader(t, s.base(l), l)
		_, hashes[l.Log], _ = r.readAll(t, r.mustTree(t))
	}
	parts, rows := 0, 0
	err := filepath.WalkDir(filepath.Join(s.dir, "tenants"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".parquet" {
			return err
		}
		tier := filepath.Base(filepath.Dir(filepath.Dir(filepath.Dir(path))))
		n, err := checkPart(path, hashes[tenant+"/"+tier])
		if err != nil {
			t.Errorf("%s/%s: %v", tier, d.Name(), err)
		}
		parts, rows = parts+1, rows+n
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, h := range hashes {
		want += len(h)
	}
	if rows != want || parts < 10 {
		t.Errorf("%d parts with %d rows, the logs have %d entries", parts, rows, want)
	}
	t.Logf("%d parts, %d rows", parts, rows)
}

// checkPart checks one part against the leaf hashes of its log and returns how
// many rows it has.
func checkPart(path string, hashes []tlog.Hash) (int, error) {
	f, err := file.OpenParquetFile(path, false)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	if err := checkColumns(f.MetaData().Schema); err != nil {
		return 0, err
	}
	var first, end int64
	if _, err := fmt.Sscanf(filepath.Base(path), "%d-%d.0.parquet", &first, &end); err != nil {
		return 0, err
	}
	rows, err := readRows(f)
	if err != nil {
		return 0, err
	}
	if f.NumRows() != end-first || len(rows) != int(end-first) {
		return 0, fmt.Errorf("%d rows, the file says %d, its name %d", len(rows), f.NumRows(), end-first)
	}
	seen := map[int64]bool{}
	for _, r := range rows {
		index, _ := r["index"].(int64)
		if index < first || index >= end || seen[index] {
			return 0, fmt.Errorf("index %d", index)
		}
		seen[index] = true
		if err := r.checkContent(); err != nil {
			return 0, fmt.Errorf("entry %d: %w", index, err)
		}
		leaf, err := r.leaf()
		if err != nil {
			return 0, fmt.Errorf("entry %d: %w", index, err)
		}
		if tlog.RecordHash(leaf) != hashes[index] {
			return 0, fmt.Errorf("entry %d: the row renders to another leaf: %s", index, leaf)
		}
	}
	return len(rows), nil
}

// checkColumns compares the columns of a file with those of the format.
func checkColumns(s *schema.Schema) error {
	want := map[string]string{}
	for kind, names := range partColumns() {
		for _, name := range strings.Fields(names) {
			want[name] = kind
		}
	}
	for i := range s.NumColumns() {
		c := s.Column(i)
		kind := fmt.Sprintf("%s %s %s", c.PhysicalType(), c.LogicalType(), c.SchemaNode().RepetitionType())
		if want[c.Path()] != kind {
			return fmt.Errorf("column %s is %q, want %q", c.Path(), kind, want[c.Path()])
		}
		delete(want, c.Path())
	}
	if len(want) > 0 {
		return fmt.Errorf("columns are missing: %v", want)
	}
	return nil
}

// readRows reads all rows of a file.
func readRows(f *file.Reader) ([]row, error) {
	var all []row
	for g := range f.NumRowGroups() {
		group := f.RowGroup(g)
		rows := make([]row, group.NumRows())
		for i := range rows {
			rows[i] = row{}
		}
		for i := range group.NumColumns() {
			c, err := group.Column(i)
			if err != nil {
				return nil, err
			}
			if err := readColumn(c, rows); err != nil {
				return nil, fmt.Errorf("column %s: %w", c.Descriptor().Name(), err)
			}
		}
		all = append(all, rows...)
	}
	return all, nil
}

// readColumn reads a column of a row group into its rows.
func readColumn(c file.ColumnChunkReader, rows []row) error {
	switch c := c.(type) {
	case *file.Int64ColumnChunkReader:
		return drain(c, c.ReadBatch, rows, func(v int64) any { return v })
	case *file.Float64ColumnChunkReader:
		return drain(c, c.ReadBatch, rows, func(v float64) any { return v })
	case *file.BooleanColumnChunkReader:
		return drain(c, c.ReadBatch, rows, func(v bool) any { return v })
	case *file.ByteArrayColumnChunkReader:
		return drain(c, c.ReadBatch, rows, func(v parquet.ByteArray) any { return string(v) })
	}
	return fmt.Errorf("unexpected type %T", c)
}

// drain reads all values of a column. A level of definition says whether the
// next value is there, one of repetition whether it belongs to the row before.
func drain[T any](c file.ColumnChunkReader, read func(int64, []T, []int16, []int16) (int64, int, error), rows []row, keep func(T) any) error {
	const batch = 1000
	name, optional, list := c.Descriptor().Name(), c.Descriptor().MaxDefinitionLevel() > 0, c.Descriptor().MaxRepetitionLevel() > 0
	values, defined, repeated := make([]T, batch), make([]int16, batch), make([]int16, batch)
	at := -1
	for c.HasNext() {
		n, count, err := read(batch, values, defined, repeated)
		if err != nil {
			return err
		}
		next := values[:count]
		for i := range n {
			if !list || repeated[i] == 0 {
				at++
			}
			if at >= len(rows) {
				return fmt.Errorf("more than %d rows", len(rows))
			}
			if optional && defined[i] == 0 {
				continue
			}
			v := keep(next[0])
			if next = next[1:]; list {
				items, _ := rows[at][name].([]string)
				v = append(items, v.(string))
			}
			rows[at][name] = v
		}
	}
	if at != len(rows)-1 || c.Err() != nil {
		return fmt.Errorf("%d of %d rows: %v", at+1, len(rows), c.Err())
	}
	return nil
}
