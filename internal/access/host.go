package access

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/hansardhq/hansard"
)

// Host is a host name or address with an optional port, as in a Host header.
type Host struct {
	Name string     // lower case, without the last dot; an address in its canonical form, without brackets
	Addr netip.Addr // the address, if Name is one; never an IPv4-mapped IPv6 address
	Port string     // 1 to 65535, or "" for none
}

// ParseHost reads "name", "name:port", "1.2.3.4:port" or "[::1]:port". Names are
// ASCII (punycode). Refused as invalid are zones, user names, and names that
// end in a number without being an address ("127.1", "0x7f000001"), because a
// resolver may take those for an address.
func ParseHost(s string) (Host, error) {
	name, port, ok := cutPort(s)
	if !ok || port != "" && !validPort(port) {
		return Host{}, badHost()
	}
	bracketed := strings.HasPrefix(name, "[")
	if bracketed {
		name = name[1 : len(name)-1]
	}
	if addr, err := netip.ParseAddr(name); err == nil {
		if addr.Zone() != "" || addr.Is6() != bracketed {
			return Host{}, badHost()
		}
		addr = addr.Unmap()
		return Host{Name: addr.String(), Addr: addr, Port: port}, nil
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if bracketed || !validHostname(name) {
		return Host{}, badHost()
	}
	return Host{Name: name, Port: port}, nil
}

// String returns the host as a Host header holds it.
func (h Host) String() string {
	s := h.Name
	if h.Addr.Is6() {
		s = "[" + s + "]"
	}
	if h.Port != "" {
		s += ":" + h.Port
	}
	return s
}

// Loopback reports whether h is "localhost" or an address in 127.0.0.0/8 or ::1.
func (h Host) Loopback() bool { return h.Name == "localhost" || h.Addr.IsLoopback() }

func badHost() error { return hansard.Errorf(hansard.KindInvalid, "not a host name or address") }

// cutPort splits at the colon before the port. The name keeps its brackets.
func cutPort(s string) (name, port string, ok bool) {
	end := strings.IndexByte(s, ':')
	if strings.HasPrefix(s, "[") {
		if end = strings.IndexByte(s, ']') + 1; end == 0 {
			return "", "", false
		}
	}
	if end < 0 || end == len(s) {
		return s, "", true
	}
	return s[:end], s[end+1:], s[end] == ':' && end+1 < len(s)
}

func validPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0 && s[0] != '0'
}

// validHostname checks a lower-case name without its last dot.
func validHostname(s string) bool {
	if len(s) > 253 {
		return false
	}
	labels := strings.Split(s, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 {
			return false
		}
		for _, c := range []byte(l) {
			if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
				return false
			}
		}
	}
	last := labels[len(labels)-1]
	return strings.Trim(last, "0123456789") != "" && !strings.HasPrefix(last, "0x")
}
