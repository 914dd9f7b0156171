package report

import (
	"bytes"
	"encoding/csv"
	"strings"

	"github.com/hansardhq/hansard/internal/trace"
)

// appendCSV appends the figures, a line each: its name, its value, and the
// search that selects its entries.
func appendCSV(dst []byte, figures []figure) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	lines := [][]string{{"figure", "value", "search"}}
	for _, f := range figures {
		lines = append(lines, []string{cell(f.name), cell(f.value), cell(f.search)})
	}
	if err := w.WriteAll(lines); err != nil {
		return nil, err
	}
	return append(dst, b.Bytes()...), nil
}

// cell makes a text that no spreadsheet takes for a formula: one that begins
// like one gets an apostrophe in front. Our own figures never do.
func cell(s string) string {
	s = trace.Clean(s)
	if trimmed := strings.TrimLeft(s, " "); trimmed != "" && strings.ContainsAny(trimmed[:1], "=+-@|%") || strings.HasPrefix(trimmed, "＝") ||
		strings.HasPrefix(trimmed, "＋") || strings.HasPrefix(trimmed, "－") || strings.HasPrefix(trimmed, "＠") {
		return "'" + s
	}
	return s
}
