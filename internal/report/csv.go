package report

import (
	"bytes"
	"encoding/csv"
	"strconv"
	"strings"
	"unicode/utf8"

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

// cell returns a text on one line as a cell.
func cell(s string) string { return CSVCell(trace.Clean(s)) }

// CSVCell makes a text that no spreadsheet takes for a formula: one that begins
// like one gets an apostrophe in front. A number stays as it is.
func CSVCell(s string) string {
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		return s
	}
	begin := strings.TrimLeft(s, " \t\r\n")
	if begin == "" {
		return s
	}
	first, _ := utf8.DecodeRuneInString(begin)
	if strings.ContainsRune("=+-@|%＝＋－＠", first) {
		return "'" + s
	}
	return s
}
