package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/hansardhq/hansard"
)

// ServerConfig names a Hansard server.
type ServerConfig struct {
	// Name is the sink's name; default "server".
	Name string
	// URL is the server's base URL, http or https; default DefaultServer.
	URL string
	// Token is a bearer token of the role ingest; empty: none.
	Token string
	// Tenant is for a server without tokens; empty: the server's default.
	Tenant string
	// AllowClearToken permits a token over plain http to another machine,
	// where something else encrypts the connection.
	AllowClearToken bool
	// Timeout bounds one request; default 60 s.
	Timeout time.Duration
	// HTTPClient sends the requests; default: one with a transport of its own,
	// which follows no redirect.
	HTTPClient *http.Client
}

// server is the sink of a Hansard server.
type server struct {
	name    string
	url     string
	headers http.Header
	timeout time.Duration
	http    *http.Client
	own     *http.Transport // nil: the caller's
	zstd    *zstd.Encoder
	body    []byte
	packed  []byte
}

// NewServer returns the sink of a Hansard server. It does not connect. Errors are
// KindInvalid and say what is wrong with the Config.
func NewServer(cfg ServerConfig) (Sink, error) {
	if cfg.Name == "" {
		cfg.Name = "server"
	}
	if cfg.URL == "" {
		cfg.URL = DefaultServer
	}
	u, err := parseBase(cfg.URL, cfg.Token, cfg.AllowClearToken)
	if err != nil {
		return nil, err
	}
	s := &server{name: cfg.Name, url: u + "/v1/events", timeout: cfg.Timeout, http: cfg.HTTPClient, headers: http.Header{}}
	if s.timeout <= 0 {
		s.timeout = time.Minute
	}
	if s.http == nil {
		s.http, s.own = newHTTPClient()
	}
	s.headers.Set("Content-Type", "application/x-ndjson")
	s.headers.Set("Content-Encoding", "zstd")
	if cfg.Token != "" {
		s.headers.Set("Authorization", "Bearer "+cfg.Token)
	}
	if cfg.Tenant != "" {
		s.headers.Set("Hansard-Tenant", cfg.Tenant)
	}
	s.zstd, err = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(256<<10))
	if err != nil {
		return nil, fmt.Errorf("make a compressor: %w", err)
	}
	return s, nil
}

// parseBase checks a base URL and returns it without a slash at its end.
func parseBase(base, token string, clearToken bool) (string, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		err := hansard.Errorf(hansard.KindInvalid, "the server's address is no http or https URL")
		return "", hansard.WithHint(err, "write it like "+DefaultServer)
	}
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		err := hansard.Errorf(hansard.KindInvalid, "the token holds characters that no token has")
		return "", hansard.WithHint(err, "a file with a token may end in a line break; trim it")
	}
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if token != "" && u.Scheme == "http" && !local && !clearToken {
		err := hansard.Errorf(hansard.KindInvalid, "the token would cross the network in clear")
		return "", hansard.WithHint(err, "use https, or set AllowClearToken where something else encrypts the connection")
	}
	return strings.TrimRight(u.String(), "/"), nil
}

func newHTTPClient() (*http.Client, *http.Transport) {
	t := &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 1, IdleConnTimeout: 90 * time.Second,
		DialContext: (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext, TLSHandshakeTimeout: 10 * time.Second,
	}
	// A redirect would take events and token to where nobody sent them.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &http.Client{Transport: t, CheckRedirect: stay}, t
}

// Name implements Sink.
func (s *server) Name() string { return s.name }

// Close implements Sink.
func (s *server) Close() error {
	if s.own != nil {
		s.own.CloseIdleConnections()
	}
	return s.zstd.Close()
}

// Write implements Sink.
func (s *server) Write(ctx context.Context, events []Encoded) (Receipt, error) {
	s.body = s.body[:0]
	for i := range events {
		s.body = append(append(s.body, events[i].JSON...), '\n')
	}
	s.packed = s.zstd.EncodeAll(s.body, s.packed[:0])
	status, header, body, err := post(ctx, s.http, s.url, s.headers, s.packed, s.timeout)
	if err != nil {
		return Receipt{}, err
	}
	var a answer
	readable := json.Unmarshal(body, &a) == nil
	rec := a.receipt(len(events))
	switch {
	case status == http.StatusOK && readable && (a.taken() > 0 || len(a.Rejected) > 0):
		return rec, nil
	case status == http.StatusOK:
		return Receipt{}, errors.New("the answer is not that of a Hansard server")
	case status == http.StatusBadRequest && readable && len(a.Rejected) > 0:
		return rec, nil // each line has its reason
	}
	return rec, failure(status, header, a.text())
}

// answer is a receipt of the server, or a problem (RFC 9457) with one.
type answer struct {
	Accepted   int
	Duplicates int
	Conflicts  []json.RawMessage
	Unlisted   int
	Rejected   []struct {
		Line  int
		Error string
	}
	Title  string
	Detail string
}

// taken counts the good lines that are on the server's disk: from the first good
// line on, because the server commits in order.
func (a *answer) taken() int { return a.Accepted + a.Duplicates + len(a.Conflicts) + a.Unlisted }

func (a *answer) receipt(n int) Receipt {
	rec := Receipt{Taken: min(a.taken(), n), Duplicates: a.Duplicates, Conflicts: len(a.Conflicts)}
	for _, r := range a.Rejected {
		rec.Rejected = append(rec.Rejected, RejectedEvent{Index: r.Line - 1, Reason: r.Error})
	}
	return rec
}

func (a *answer) text() string {
	if a.Detail != "" {
		return a.Detail
	}
	return a.Title
}

// failure returns the error of an answer that is none of success.
func failure(status int, header http.Header, text string) error {
	err := fmt.Errorf("the server answers %d %s", status, http.StatusText(status))
	if text != "" {
		err = fmt.Errorf("%w: %s", err, text)
	}
	switch status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity, http.StatusUnsupportedMediaType:
		// About these events. Anything else, such as a token that is not valid
		// any more, is about the way there, and somebody can put it right.
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if after := retryAfter(header.Get("Retry-After"), time.Now()); after > 0 {
		return &RetryAfterError{After: after, Err: err}
	}
	return err
}

// retryAfter reads the header of that name (RFC 9110, section 10.2.3): seconds or
// a date; 0 when there is none.
func retryAfter(v string, now time.Time) time.Duration {
	if v == "" {
		return 0
	}
	if s, err := strconv.Atoi(strings.TrimSpace(v)); err == nil {
		return time.Duration(min(max(s, 0), 86_400)) * time.Second
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(t.Sub(now), 0)
	}
	return 0
}

// maxAnswer bounds an answer, in bytes.
const maxAnswer = 8 << 20

// post sends a body and reads the answer.
func post(ctx context.Context, hc *http.Client, address string, headers http.Header, body []byte, timeout time.Duration) (int, http.Header, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, fmt.Errorf("make a request: %w", err)
	}
	req.Header = headers.Clone()
	resp, err := hc.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // its text repeats the address
		}
		return 0, nil, nil, fmt.Errorf("no answer: %w", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return 0, nil, nil, fmt.Errorf("read the answer: %w", err)
	}
	return resp.StatusCode, resp.Header, answer, nil
}
