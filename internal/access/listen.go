package access

import (
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/hansardhq/hansard"
)

// CheckListen says whether a server may listen on addr ("host:port") and
// returns a notice for the operator, or "". This machine's own addresses
// (localhost, 127.0.0.0/8, ::1) need nothing; every other one, and all at once
// (":7575", "0.0.0.0"), needs a token file, and TLS or insecureHTTP. A name other
// than localhost is not resolved: whatever it is today, it may be another
// address tomorrow. The error is of kind invalid and has a hint.
func CheckListen(addr string, tokens, tls, insecureHTTP bool) (notice string, err error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", badListen(addr)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", badListen(addr)
	}
	switch {
	case isLoopback(host) && !tokens:
		return "no token file: every program on this machine may read and write the record at " + addr +
			"; start with --token-file to tell callers apart", nil
	case isLoopback(host):
		return "", nil
	case !tokens:
		err := hansard.Errorf(hansard.KindInvalid, "listening on %q would let the network in without tokens", addr)
		return "", hansard.WithHint(err, "give --token-file FILE, or listen on 127.0.0.1:"+port)
	case !tls && !insecureHTTP:
		err := hansard.Errorf(hansard.KindInvalid, "listening on %q without TLS would send tokens and events in clear", addr)
		return "", hansard.WithHint(err, "give --tls-cert FILE and --tls-key FILE, or --insecure-http if a proxy or a private network encrypts")
	case !tls:
		return "--insecure-http: tokens and events cross the network to " + addr + " in clear unless something in front encrypts", nil
	}
	return "", nil
}

// isLoopback reports whether a listen host is this machine's alone.
func isLoopback(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.IsLoopback()
	}
	return strings.EqualFold(host, "localhost")
}

func badListen(addr string) error {
	err := hansard.Errorf(hansard.KindInvalid, "listen address %q: not host:port", addr)
	return hansard.WithHint(err, "write it like 127.0.0.1:7575")
}
