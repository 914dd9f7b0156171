package redact

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"
)

// Values that are written in another way: base64, hexadecimal, percent-encoding,
// UTF-16 in text of single bytes. A stretch that decodes to text with something
// in it is replaced as a whole, by the pseudonym of what is in it.

const (
	minEncoded = 20 // bytes of base64 or hexadecimal that are looked into
	maxEncoded = 2  // how often text that was decoded is decoded again
	window     = 8  // bytes that are looked at together
	stride     = minEncoded - window + 1
	nulByte    = 0x00
)

// stretch is a part of a text that may be encoded.
type stretch struct {
	start, end int
	decode     func(p *pass, b []byte, start, end int)
}

// sample notes the stretches of b that may be base64 or hexadecimal: letters and
// digits, because what ASCII text becomes in base64 has nothing else, but for
// some of its question marks and tildes. Whatever is long enough has one of the
// windows within it; words are short, and what stands between them has a lower
// code than a digit.
func (p *pass) sample(b []byte) {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	i, last := 0, 0
	for ; i+stride+window <= len(b); i += 2 * stride {
		w := b[i : i+stride+window : i+stride+window]
		x, y := binary.LittleEndian.Uint64(w), binary.LittleEndian.Uint64(w[stride:])
		if (x-'0'*ones)&^x&highs == 0 {
			last = p.sampled(b, i, last)
		}
		if (y-'0'*ones)&^y&highs == 0 {
			last = p.sampled(b, i+stride, last)
		}
	}
	if i+window <= len(b) {
		if x := binary.LittleEndian.Uint64(b[i:]); (x-'0'*ones)&^x&highs == 0 {
			p.sampled(b, i, last)
		}
	}
}

// sampled notes the stretch around the window at b[i], which begins at b[last]
// at the earliest, if it is long enough. It returns the new last.
func (p *pass) sampled(b []byte, i, last int) int {
	in := &p.e.triggers.alnum
	if i < last {
		return last // in the stretch before
	}
	end := i
	for end < len(b) && in[b[end]] {
		end++
	}
	if end < i+window {
		return last
	}
	start := i
	for start > last && in[b[start-1]] {
		start--
	}
	if end-start >= minEncoded {
		p.stretches = append(p.stretches, stretch{start, end, (*pass).digits})
	}
	return end
}

// percentAt notes the stretch around the %XX at b[i]: a parameter's value, an
// element of a path.
func (p *pass) percentAt(b []byte, i int) {
	if i < p.percentTo {
		return
	}
	in := func(c byte) bool { return isWord(c) || c == '%' || c == '.' || c == '-' || c == '+' || c == '~' }
	start, end := i, i
	for start > p.percentTo && in(b[start-1]) {
		start--
	}
	for end < len(b) && in(b[end]) {
		end++
	}
	p.percentTo = end
	p.stretches = append(p.stretches, stretch{start, end, (*pass).percent})
}

// wideAt notes the stretch of UTF-16 around b[i], whose bytes are every second
// one 0. Its end is that of the other byte order, one byte later.
func (p *pass) wideAt(b []byte, i int) {
	if i < p.wideTo {
		return
	}
	end := i
	for end+1 < len(b) && b[end] != nulByte && b[end+1] == nulByte {
		end += 2
	}
	if end < len(b) && b[end] != nulByte {
		end++
	}
	p.wideTo = end
	if unescapedStart(b, i, end) > i {
		i += 2 // the letter of an escape, before the other byte order
	}
	if end-i >= 2*minDigits {
		p.stretches = append(p.stretches, stretch{i, end, (*pass).wide})
	}
}

// decodeStretches looks into what was noted and is no part of a hit. Both are
// gone through in order, so that the time stays linear.
func (p *pass) decodeStretches(b []byte) {
	slices.SortFunc(p.stretches, func(a, b stretch) int { return a.start - b.start })
	slices.SortFunc(p.hits, func(a, b hit) int { return a.start - b.start })
	next, plain := 0, len(p.hits)
	for _, s := range p.stretches {
		for next < plain && p.hits[next].end <= s.start {
			next++
		}
		if next == plain || p.hits[next].start >= s.end {
			s.decode(p, b, s.start, s.end)
		}
	}
}

// digits looks into what may be hexadecimal or base64: with the marks beside
// it that base64 may have, then without.
func (p *pass) digits(b []byte, start, end int) {
	start = unescapedStart(b, start, end)
	if out := appendUnhex(p.room(end-start), b[start:end]); p.inside(out, start, end) {
		return
	}
	for _, marks := range [...]string{"+/", "-_"} {
		from, to := start, end
		for from > 0 && (isLetter(b[from-1]) || isDigit(b[from-1]) || b[from-1] == marks[0] || b[from-1] == marks[1]) {
			from--
		}
		if !mayBegin(b[from:end]) {
			continue // as most ids do
		}
		for to < len(b) && (isLetter(b[to]) || isDigit(b[to]) || b[to] == marks[0] || b[to] == marks[1]) {
			to++
		}
		if from == start && to == end {
			continue
		}
		if out := appendUnbase64(p.room(to-from), b[from:to]); p.inside(out, from, to) {
			return
		}
	}
	p.inside(appendUnbase64(p.room(end-start), b[start:end]), start, end)
}

// percent looks into percent-encoded text.
func (p *pass) percent(b []byte, start, end int) {
	start = unescapedStart(b, start, end)
	p.inside(appendUnpercent(p.room(end-start), b[start:end]), start, end)
}

// wide looks into UTF-16.
func (p *pass) wide(b []byte, start, end int) {
	p.inside(appendNarrow(p.room(end-start), b[start:end]), start, end)
}

// room returns an empty buffer for n decoded bytes.
func (p *pass) room(n int) []byte {
	if cap(p.plain) < n {
		p.plain = make([]byte, 0, 2*n)
	}
	return p.plain[:0]
}

// inside notes a hit over the stretch if there is one in what it decodes to. Not
// decoded is nil.
func (p *pass) inside(decoded []byte, start, end int) bool {
	if decoded == nil {
		return false
	}
	if p.inner == nil {
		p.inner = &pass{e: p.e, depth: p.depth + 1}
	}
	hits := p.inner.find(decoded)
	if len(hits) == 0 {
		return false
	}
	h := hits[0]
	value := h.value
	if value == nil {
		value = append(value, decoded[h.start:h.end]...)
	}
	p.hits = append(p.hits, hit{start: start, end: end, kind: h.kind, rule: h.rule, value: value})
	return true
}

// appendUnpercent appends what a percent-encoded text stands for; nil if it has
// no %XX.
func appendUnpercent(dst, v []byte) []byte {
	found := false
	for i := 0; i < len(v); i++ {
		if v[i] == '%' && i+2 < len(v) && isHex(v[i+1]) && isHex(v[i+2]) {
			dst = append(dst, unhex(v[i+1])<<4|unhex(v[i+2]))
			i += 2
			found = true
			continue
		}
		dst = append(dst, v[i])
	}
	if !found {
		return nil
	}
	return dst
}

// appendNarrow appends every second byte of v; nil if the others are not 0.
func appendNarrow(dst, v []byte) []byte {
	for i := 0; i < len(v); i += 2 {
		if v[i] == nulByte || i+1 < len(v) && v[i+1] != nulByte {
			return nil
		}
		dst = append(dst, v[i])
	}
	return dst
}

// appendUnhex appends the text that hexadecimal digits stand for; nil if it is
// no text.
func appendUnhex(dst, v []byte) []byte {
	if len(v)%2 != 0 {
		return nil
	}
	for i := 0; i+1 < len(v); i += 2 {
		if !isHex(v[i]) || !isHex(v[i+1]) {
			return nil
		}
		c := unhex(v[i])<<4 | unhex(v[i+1])
		if !isText(c, len(dst)) {
			return nil
		}
		dst = append(dst, c)
	}
	return asText(dst)
}

// appendUnbase64 appends the text that base64 of either alphabet stands for,
// without its padding; nil if it is no text.
func appendUnbase64(dst, v []byte) []byte {
	bits, n := uint32(0), 0
	for _, c := range v {
		x := base64Values[c]
		if x == noBase64 {
			return nil
		}
		bits = bits<<6 | uint32(x)
		if n += 6; n < 8 {
			continue
		}
		n -= 8
		c := byte(bits >> n)
		if !isText(c, len(dst)) {
			return nil
		}
		dst = append(dst, c)
	}
	return asText(dst)
}

// mayBegin reports whether base64 that begins as v does, which appendUnbase64 would
// take, may stand for text: by its first two bytes.
func mayBegin(v []byte) bool {
	if len(v) < 3 {
		return true
	}
	x := uint32(base64Values[v[0]])<<12 | uint32(base64Values[v[1]])<<6 | uint32(base64Values[v[2]])
	return isText(byte(x>>10), 0) && isText(byte(x>>2), 1)
}

// base64Values has what each digit of base64 stands for, of either alphabet; noBase64
// for any other byte.
var base64Values = valuesOfBase64()

const noBase64 = 0xff

func valuesOfBase64() (all [256]byte) {
	for i := range all {
		all[i] = noBase64
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		all[c] = byte(i)
	}
	all['-'], all['_'] = all['+'], all['/']
	return all
}

// isText reports whether c can be a byte of text at offset i: of UTF-8 that
// begins with ASCII, or of UTF-16 with every second byte 0.
func isText(c byte, i int) bool {
	return c >= ' ' && c < 0x7f || c >= 0x80 && i > 3 || isSpace(c) || c == nulByte && i%2 == 1
}

// asText returns v if it is valid text, else nil.
func asText(v []byte) []byte {
	if !utf8.Valid(v) {
		return nil
	}
	return v
}
