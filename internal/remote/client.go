// Package remote is a client of Hansard's HTTP routes. It gives the same
// structs that the routes' own packages use, so that a verb of the command line
// does not know whether it asks a server or the files.
//
// An answer that is an error comes back as a *hansard.Error: its kind follows
// the HTTP status, its text and hint are those of the problem (RFC 9457).
package remote

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hansardhq/hansard"
)

// DefaultServer is where a server listens when nobody says otherwise.
const DefaultServer = "http://127.0.0.1:7575"

// tenantHeader names the tenant to a server without tokens.
const tenantHeader = "Hansard-Tenant"

// maxAnswer bounds an answer that is read whole, in bytes.
const maxAnswer = 256 << 20

// Config says which server to ask, and as whom.
type Config struct {
	Server string // base URL, http or https; empty: DefaultServer
	Token  string // bearer token; empty: none
	Tenant string // for a server without tokens; empty: the server's default
	// HTTPClient sends the requests; nil: one that gives up on a server that
	// does not begin to answer within five minutes after it has the request.
	HTTPClient *http.Client
}

// Client asks a server. It is safe for concurrent use.
type Client struct {
	base   string // without a slash at its end
	host   string
	token  string
	tenant string
	http   *http.Client
}

// New returns a client. It does not connect. The error is of KindInvalid when
// the server's address is no http or https URL.
func New(cfg Config) (*Client, error) {
	if cfg.Server == "" {
		cfg.Server = DefaultServer
	}
	u, err := url.Parse(cfg.Server)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		err := hansard.Errorf(hansard.KindInvalid, "the server's address is no http or https URL")
		return nil, hansard.WithHint(err, "write it like "+DefaultServer)
	}
	if strings.ContainsFunc(cfg.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		err := hansard.Errorf(hansard.KindInvalid, "the token holds characters that no token has")
		return nil, hansard.WithHint(err, "a token file for --token-file holds the token and nothing else")
	}
	c := &Client{base: strings.TrimRight(u.String(), "/"), host: u.Hostname(), token: cfg.Token, tenant: cfg.Tenant, http: cfg.HTTPClient}
	if c.http == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.ResponseHeaderTimeout = 5 * time.Minute
		c.http = &http.Client{Transport: t}
	}
	return c, nil
}

// Server returns the base URL of the server.
func (c *Client) Server() string { return c.base }

// TokenInClear reports whether the token would cross a network unencrypted.
func (c *Client) TokenInClear() bool {
	if c.token == "" || strings.HasPrefix(c.base, "https:") || c.host == "localhost" {
		return false
	}
	ip := net.ParseIP(c.host)
	return ip == nil || !ip.IsLoopback()
}

// call is one request.
type call struct {
	method  string
	path    string // below the base URL, escaped
	query   url.Values
	body    io.Reader
	size    int64 // of the body in bytes; -1: unknown
	headers map[string]string
}

// do sends a call and returns the answer, whatever its status. The caller closes
// its body.
func (c *Client) do(ctx context.Context, k call) (*http.Response, error) {
	address := c.base + k.path
	if len(k.query) > 0 {
		address += "?" + k.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, k.method, address, k.body)
	if err != nil {
		return nil, hansard.Errorf(hansard.KindInvalid, "make a request: %w", err)
	}
	if k.body != nil {
		req.ContentLength = k.size
	}
	for name, value := range k.headers {
		req.Header.Set(name, value)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.tenant != "" {
		req.Header.Set(tenantHeader, c.tenant)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	return resp, nil
}

// unreachable says that no answer came.
func (c *Client) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // its text repeats the URL, and that may hold a search
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" || isNameError(err) {
		err := hansard.Errorf(hansard.KindBusy, "no server answers at %s: %w", c.base, err)
		return hansard.WithHint(err, "start one with: hansard serve; or name yours with --server URL, or read the files with --data DIR")
	}
	return hansard.Errorf(hansard.KindBusy, "the connection to %s broke: %w", c.base, err)
}

func isNameError(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns)
}

// bytes returns the body of an answer that is no error, and its header.
func (c *Client) bytes(ctx context.Context, k call) ([]byte, http.Header, error) {
	resp, err := c.do(ctx, k)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	b, err := c.read(ctx, resp)
	if err != nil {
		return nil, nil, err
	}
	if resp.StatusCode >= 300 {
		return b, nil, problem(resp, b)
	}
	return b, resp.Header, nil
}

// read reads an answer's body whole.
func (c *Client) read(ctx context.Context, resp *http.Response) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	if len(b) > maxAnswer {
		return nil, hansard.Errorf(hansard.KindTooLarge, "the server's answer is larger than %d bytes", maxAnswer)
	}
	return b, nil
}

// json reads an answer into out.
func (c *Client) json(ctx context.Context, k call, out any) error {
	b, _, err := c.bytes(ctx, k)
	if err != nil {
		return err
	}
	return c.decode(b, out)
}

func (c *Client) decode(b []byte, out any) error {
	if err := json.Unmarshal(b, out); err != nil {
		err := hansard.Errorf(hansard.KindInternal, "the answer of %s cannot be read: %w", c.base, err)
		return hansard.WithHint(err, "is it a Hansard server, and of this version? ask: hansard version")
	}
	return nil
}
