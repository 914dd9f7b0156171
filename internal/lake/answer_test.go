package lake_test

import (
	"strings"
	"testing"

	"github.com/hansardhq/hansard/internal/lake"
)

func FuzzAnswer(f *testing.F) {
	f.Add(`{"columns":[{"name":"a","type":"BIGINT"}]}{"row":[1]}{"end":{}}`)
	f.Add(`{"columns":[{"name":"a","type":"BIGINT"}]}{"row":[1,2]}{"end":{"truncated":"x"}}`)
	f.Add(`{"error":{"kind":99,"message":"x","hint":"y"}}`)
	f.Add(`{"row":[]}{"columns":[{"name":"a"}]}{"end":{}}`)
	f.Add(`{"columns":[{"name":"a"}]}{"row":[1]}{"columns":[{"name":"a"},{"name":"b"}]}{"end":{}}`)
	f.Fuzz(func(t *testing.T, lines string) {
		r, err := lake.Answer(strings.NewReader(lines))
		if err != nil {
			return
		}
		for _, row := range r.Rows {
			if len(row) != len(r.Columns) {
				t.Fatalf("%d values for %d columns", len(row), len(r.Columns))
			}
		}
	})
}
