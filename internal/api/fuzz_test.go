package api_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/hansardhq/hansard/internal/api"
	"github.com/hansardhq/hansard/internal/intake"
)

// diary is a server's own log: it says why a request failed.
type diary struct {
	mu   sync.Mutex // requests are answered at the same time
	last []byte
}

// Write implements io.Writer. It keeps the last line.
func (d *diary) Write(line []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last = bytes.Clone(line)
	return len(line), nil
}

// String returns the last line.
func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return string(d.last)
}

// logged starts a server that keeps a diary.
func logged(t testing.TB) (*server, *diary) {
	d := &diary{}
	return start(t, func(c *api.Config) { c.Logger = slog.New(slog.NewTextHandler(d, nil)) }), d
}

// in returns the server for another test that uses it.
func (s *server) in(t testing.TB) *server {
	other := *s
	other.t = t
	return &other
}

// FuzzPostEvents sends any body, in any form and compression: the server answers
// with a receipt or a problem, never with a failure of its own, and of lines each
// is taken or listed.
func FuzzPostEvents(f *testing.F) {
	for form := range byte(3) {
		for enc := range byte(5) {
			f.Add([]byte(good("1")+"\n\n{\"a\":\"\\ud800\"}\r\n["+good("2")+"]"), form, enc)
		}
	}
	f.Add([]byte(`[{"timestamp":1e999,"cost_usd":-1,"actor":[{}],"tags":{"a":1},"params":null},{}]`), byte(1), byte(0))
	f.Add([]byte("\x28\xb5\x2f\xfd\xe0\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00"), byte(0), byte(4))
	s, log := logged(f)
	f.Fuzz(func(t *testing.T, body []byte, form, enc byte) {
		types := []string{"application/x-ndjson", "application/json", ""}
		contentType := types[int(form)%len(types)]
		var header []string
		sent := string(body)
		switch enc % 5 {
		case 1:
			sent, header = gzipped(t, sent), []string{"Content-Encoding", "gzip"}
		case 2:
			sent, header = zstded(t, sent), []string{"Content-Encoding", "zstd"}
		case 3:
			header = []string{"Content-Encoding", "gzip"}
		case 4:
			header = []string{"Content-Encoding", "zstd"}
		}
		status, raw, _ := s.in(t).call("POST", "/v1/events", contentType, strings.NewReader(sent), header...)
		var r intake.Receipt
		if err := json.Unmarshal(raw, &r); err != nil || status >= 500 {
			t.Fatalf("%d %s %v: %s", status, raw, err, log)
		}
		lines := 0
		for _, line := range bytes.Split(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), []byte("\n")) {
			if len(bytes.Trim(line, " \t\r")) > 0 {
				lines++
			}
		}
		listed := r.Accepted + r.Duplicates + len(r.Conflicts) + len(r.Rejected) + r.Unlisted
		if contentType == types[0] && enc%5 < 3 && listed != lines {
			t.Fatalf("%d lines, %d answered: %s", lines, listed, raw)
		}
	})
}

// FuzzSearch asks any question: it is answered or refused, in the journal's rows
// and in those of parts.
func FuzzSearch(f *testing.F) {
	for _, q := range []string{
		`agent:billing tool:process_refund error:* -tier:debug cost:>0.5 "free text"`, `params.a.b:1 OR (has:error -status:ok)`,
		`timestamp:2026-11 duration:>1s`, `tags:x labels:y redactions:email`, `attributes."a.b":"\\"`, `position:<=9007199254740991`,
		"a\x00b", `"%_\\%"`, `agent_name:*' OR '1'='1`, `params.n:>1e400`, `confidence:>-1e-400`,
	} {
		f.Add(q, "", "", "", "newest")
	}
	f.Add("", "24h", "now", "", "oldest")
	f.Add("x", "0001-01-01", "9999-12-31", "AAAA", "")
	s, log := logged(f)
	s.post("/v1/events", strings.Repeat(good("")[:1]+`"agent_name":"billing","action":"tool_call:x","status":"error","cost_usd":0.5,"tags":["x"],"params":{"a":{"b":1},"n":"1"},"attributes":{"a.b":"\\"}}`+"\n", 20))
	if err := s.ledger.Seal(); err != nil {
		f.Fatal(err)
	}
	s.post("/v1/events", good("fresh"))
	f.Fuzz(func(t *testing.T, q, since, until, cursor, order string) {
		v := url.Values{}
		for name, value := range map[string]string{"q": q, "since": since, "until": until, "cursor": cursor, "order": order} {
			if value != "" {
				v.Set(name, value)
			}
		}
		paths := []string{"/v1/events?" + v.Encode()}
		v.Del("cursor")
		v.Del("order")
		paths = append(paths, "/v1/reports/summary?"+v.Encode())
		for _, path := range paths {
			status, raw, _ := s.in(t).call("GET", path, "", nil)
			if status != 200 && status != 400 || !json.Valid(raw) {
				t.Fatalf("%s: %d %s: %s", path, status, raw, log)
			}
		}
	})
}
