package interop_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"sync/atomic"
	"testing"
)

// tamperer stands between a client and the server and changes what one path
// answers.
type tamperer struct {
	url  string
	hits *atomic.Int64 // how often it changed something
}

// tamper returns a tamperer in front of the server. change gets the body that is
// served at the path, and returns another one.
func tamper(t *testing.T, s *server, path string, change func([]byte) []byte) tamperer {
	t.Helper()
	target, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	hits := &atomic.Int64{}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ModifyResponse: func(res *http.Response) error {
			if res.Request.URL.Path != path || res.StatusCode != http.StatusOK {
				return nil
			}
			b, err := io.ReadAll(res.Body)
			if err != nil {
				return err
			}
			changed := change(bytes.Clone(b))
			if !bytes.Equal(b, changed) {
				hits.Add(1)
			}
			res.Body = io.NopCloser(bytes.NewReader(changed))
			res.ContentLength = int64(len(changed))
			res.Header.Set("Content-Length", strconv.Itoa(len(changed)))
			return nil
		},
	}
	h := httptest.NewServer(proxy)
	t.Cleanup(h.Close)
	return tamperer{h.URL, hits}
}

// flip returns a change of one bit in a byte, counted from the end if negative.
func flip(at int) func([]byte) []byte {
	return func(b []byte) []byte {
		b[(at+len(b))%len(b)] ^= 1
		return b
	}
}
