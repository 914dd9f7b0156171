package redact

import (
	"bytes"
	"net/netip"
)

// ipv4 judges the address around b[i] (a digit before a dot).
func (p *pass) ipv4(b []byte, i int) {
	start := i
	for start > 0 && isDigit(b[start-1]) {
		start--
	}
	if wordAt(b, start-1) || byteAt(b, start-1) == '.' || wordBefore(b, start, []string{"version", "v", "ver"}) {
		return
	}
	end := start
	for end < len(b) && (isDigit(b[end]) || b[end] == '.') && end-start < 17 {
		end++
	}
	p.ipHit(b, start, end)
}

// ipv6 judges the address around b[i] (a hexadecimal digit or a colon before a
// colon).
func (p *pass) ipv6(b []byte, i int) {
	part := func(c byte) bool { return isHex(c) || c == ':' || c == '.' }
	start, end := i, i
	for start > 0 && part(b[start-1]) && i-start < 48 {
		start--
	}
	for end < len(b) && part(b[end]) && end-i < 48 {
		end++
	}
	if wordAt(b, start-1) || wordAt(b, end) || bytes.Count(b[start:end], []byte{':'}) < 2 {
		return
	}
	if n := len(p.hits); n > 0 && p.hits[n-1].kind == ip && p.hits[n-1].start == start {
		return
	}
	if bytes.ContainsAny(b[start:end], "0123456789") {
		p.ipHit(b, start, end)
	}
}

func (p *pass) ipHit(b []byte, start, end int) {
	for end > start && (b[end-1] == '.' || b[end-1] == ':') {
		end--
	}
	if wordAt(b, end) {
		return
	}
	a, err := netip.ParseAddr(string(b[start:end]))
	if err == nil && !a.IsLoopback() && !a.IsUnspecified() {
		p.hit(b, ip, "", start, end)
	}
}

// normaliseIP appends the canonical spelling of an address.
func normaliseIP(dst, v []byte) []byte {
	a, err := netip.ParseAddr(string(trim(v)))
	if err != nil {
		return append(dst, v...)
	}
	return a.Unmap().AppendTo(dst)
}

// isAddress reports whether all of v is one address.
func isAddress(v []byte) bool {
	_, err := netip.ParseAddr(string(v))
	return err == nil
}
