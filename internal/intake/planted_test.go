package intake_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/klauspost/compress/zstd"

	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/intake"
)

// byForm are values that are known by their form, wherever they stand.
var byForm = []string{
	"petra.planted@kontor-nord.example", "4539 1488 0343 6467", "DE44500105175407324931", "+49 40 88192230", "219-09-9998",
	"AKIA" + "PLANTEDVALUE2345", "ghp_" + "PlantedValue0123456789abcdefghijklmn", "sk-ant-" + "api03-PlantedValue0123456789abcdefghij",
}

// byName are values that are known by the name of their key only.
var byName = map[string]string{
	"password": "gehéim-planted-🔑9", "api_key": "planted-key-77", "Authorization": "Bearer planted-token-1", "recovery_code": "rc-7719-planted",
	"date_of_birth": "1971-07-19", "пароль": "planted-пароль-3",
}

// spelled is a way to write a text, as it stands in a JSON string.
type spelled struct {
	name   string
	encode func(string) string // before JSON
	escape bool                // every character as \uXXXX, in surrogates where needed
}

func spellings() []spelled {
	same := func(s string) string { return s }
	wide := func(s string, first, second string) string {
		var b strings.Builder
		for i := range len(s) {
			b.WriteString(first + s[i:i+1] + second)
		}
		return b.String()
	}
	percent := func(s string) string {
		return "%" + strings.ToUpper(strings.Join(pairs(hex.EncodeToString([]byte(s))), "%"))
	}
	return []spelled{
		{"plain", same, false},
		{"escaped", same, true},
		{"query", url.QueryEscape, false},
		{"percent", percent, false},
		{"base64", func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }, false},
		{"base64url, escaped", func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }, true},
		{"hex", func(s string) string { return hex.EncodeToString([]byte(s)) }, false},
		{"UTF-16LE", func(s string) string { return wide(s, "", "\x00") }, false},
		{"UTF-16BE", func(s string) string { return wide(s, "\x00", "") }, true},
	}
}

func pairs(s string) []string {
	var list []string
	for ; s != ""; s = s[2:] {
		list = append(list, s[:2])
	}
	return list
}

// tooShort reports whether a value is not looked for in this spelling: base64
// and hexadecimal of fewer than 20 characters, see THREATMODEL.md; a space that
// is written as a plus.
func (s spelled) tooShort(v string) bool {
	return len(v) < 15 && strings.Contains("base64url, escaped hex", s.name) || s.name == "query" && strings.ContainsAny(v, " +")
}

// quote returns the JSON string of a text in this spelling.
func (s spelled) quote(text string) string {
	if !s.escape {
		b, _ := json.Marshal(text)
		return string(b)
	}
	var b strings.Builder
	for _, c := range utf16.Encode([]rune(text)) {
		fmt.Fprintf(&b, `\u%04x`, c)
	}
	return `"` + b.String() + `"`
}

// formEvents returns an event for each place in which a text can stand. @ is its
// JSON string, # the same within JSON in a string, $ twice.
func formEvents(q string) []string {
	twice, _ := json.Marshal(`{"in":` + q + `}`)
	thrice, _ := json.Marshal(`[{"in":` + string(twice) + `}]`)
	var list []string
	for _, e := range []string{
		`{"event_type":"reasoning","reasoning":@}`, `{"event_type":"error","error":@,"stack_trace":@}`,
		`{"event_type":"tool_call","action":@,"tool_name":@,"params":{"q":@}}`, `{"event_type":"tool_result","result":@}`,
		`{"event_type":"tool_result","result":{"a":[1,{"b":[@]}],@:true}}`, `{"event_type":"tool_result","result":#}`,
		`{"event_type":"tool_call","params":{"arguments":$}}`, `{"event_type":"llm_response","messages":[{"role":"user","content":@}],"response":@}`,
		`{"event_type":"feedback","comment":@,"correction":@,"follow_up":@}`, `{"event_type":"handoff","context_summary":@,"handoff_to":@}`,
		`{"event_type":"generic","trace_id":@,"session_id":@,"task_id":@,"span_id":@,"agent_id":@,"agent_version":@,"service":@}`,
		`{"event_type":"generic","tags":[@],"environment":@,"model":@,"provider":@,"error_type":@,"resources":[{"kind":@,"operation":@}]}`,
		`{"event_type":"decision","decision":@,"alternatives":[@],"policy_id":@,"approval_id":@}`,
		`{"event_type":"generic","unknown_field":@,"attributes":{"x":{@:@}}}`,
	} {
		list = append(list, strings.NewReplacer("@", q, "#", string(twice), "$", string(thrice)).Replace(e))
	}
	return list
}

// nameEvents returns events with a value under a name, in JSON and in text.
func nameEvents(name, value string) []string {
	n, _ := json.Marshal(name)
	var list []string
	for _, s := range spellings()[:2] {
		q := s.quote(value)
		twice, _ := json.Marshal(`{` + string(n) + `:` + q + `}`)
		thrice, _ := json.Marshal(`{"a":` + string(twice) + `}`)
		list = append(list, `{"event_type":"tool_call","params":{`+string(n)+`:`+q+`}}`, `{"event_type":"tool_result","result":`+string(twice)+`}`,
			`{"event_type":"tool_result","result":{"body":`+string(thrice)+`}}`, `{"event_type":"x.custom",`+string(n)+`:`+q+`}`,
			`{"event_type":"llm_response","messages":[{"role":"user","content":"see `+strings.ReplaceAll(strings.Trim(string(twice), `"`), `\\`, `\\`)+` there"}]}`)
		for _, text := range []string{"{'" + name + "': '" + value + "', 'a': 1}", "{u'" + name + "': u'" + value + "'}", name + `="` + value + `"`, name + ": '" + value + "'"} {
			list = append(list, `{"event_type":"reasoning","reasoning":`+s.quote(text)+`}`, `{"event_type":"tool_result","result":{"out":`+s.quote("ran\n"+text+"\n")+`}}`)
		}
	}
	return list
}

// needles are the spellings of all values, as bytes that may be in no file.
func needles() []string {
	var list []string
	add := func(v string) {
		for _, s := range spellings() {
			if s.tooShort(v) {
				continue
			}
			text := s.encode(v)
			list = append(list, text, strings.Trim(s.quote(text), `"`))
		}
	}
	for _, v := range byForm {
		add(v)
	}
	for _, v := range byName {
		list = append(list, v, strings.Trim(spelled{escape: true}.quote(v), `"`), strings.TrimPrefix(v, "Bearer "))
	}
	return list
}

// TestNoSpellingReachesDisk plants values in every spelling in every place and
// reads every byte below the data folder: as it is, every zstd frame in it, and
// the parts decoded.
func TestNoSpellingReachesDisk(t *testing.T) {
	var lines []string
	for _, v := range byForm {
		for _, s := range spellings() {
			if !s.tooShort(v) {
				lines = append(lines, formEvents(s.quote(s.encode(v)))...)
			}
		}
	}
	for name, value := range byName {
		lines = append(lines, nameEvents(name, value)...)
	}
	in, l, dir := open(t)
	r, err := in.Body(context.Background(), intake.Source{Tenant: "acme", SubmittedBy: "loopback"}, dialect.FormNDJSON, strings.NewReader(strings.Join(lines, "\n")))
	if err != nil || r.Accepted != len(lines) {
		t.Fatalf("%d of %d events were taken, %v", r.Accepted, len(lines), err)
	}
	receipt, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	h := &haystack{t: t, needles: needles(), found: map[string]bool{}}
	h.search("the receipt", receipt)
	h.folder(dir) // in the journal
	verify(t, l, dir)
	h.folder(dir) // in the parts
	t.Logf("%d events, %d needles, %d bytes in files, %d in %d zstd frames", len(lines), len(h.needles), h.plain, h.unpacked, h.frames)
	if h.frames == 0 {
		t.Error("no zstd frame was found: parts are not looked into")
	}
}

// haystack looks for needles in files.
type haystack struct {
	t                       *testing.T
	needles                 []string
	found                   map[string]bool // what was told already
	plain, unpacked, frames int
}

func (h *haystack) search(where string, b []byte) {
	for _, n := range h.needles {
		if !h.found[n] && bytes.Contains(b, []byte(n)) {
			i := bytes.Index(b, []byte(n))
			h.found[n] = true
			h.t.Errorf("%s holds %q: %q", where, n, b[max(0, i-60):min(len(b), i+len(n)+20)])
		}
	}
}

func (h *haystack) folder(dir string) {
	h.t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		h.plain += len(b)
		h.search(path, b)
		h.unpack(path, b)
		if filepath.Ext(path) == ".parquet" {
			h.search(path+", decoded", decoded(h.t, path, b))
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// unpack searches every zstd frame in b, wherever it begins.
func (h *haystack) unpack(path string, b []byte) {
	magic := []byte{0x28, 0xb5, 0x2f, 0xfd}
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		h.t.Fatal(err)
	}
	defer d.Close()
	for i := bytes.Index(b, magic); i >= 0; {
		// What follows a frame is no frame: the error of that is not one.
		out, _ := d.DecodeAll(b[i:min(len(b), i+1<<20)], nil)
		if len(out) > 0 {
			h.frames++
			h.unpacked += len(out)
			h.search(fmt.Sprintf("%s, the frame at byte %d", path, i), out)
		}
		n := bytes.Index(b[i+4:], magic)
		if n < 0 {
			return
		}
		i += n + 4
	}
}
