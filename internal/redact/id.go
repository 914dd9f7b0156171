package redact

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// Most strings of an envelope are ids and names of letters, digits, hyphens,
// underscores and slashes. Few of the detectors can find something in one, and each
// of these is ruled out by what its bytes are, eight at a time.

// The sizes of an id in bytes: what the bits of a word can tell apart.
const (
	minID = 8
	maxID = 63
)

// idBytes says which bytes of an id are digits, and which are hyphens or slashes. The
// others are letters and underscores.
type idBytes struct {
	digits, ends uint64
	len          int
	x            bool // there is an x, in any case
}

// bytesOfID returns what the bytes of b are; false if it is no id.
func bytesOfID(b []byte) (id idBytes, ok bool) {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	id.len = len(b)
	if id.len < minID || id.len > maxID {
		return id, false
	}
	good, xs := uint64(highs), uint64(0)
	for i := 0; ; i += 8 {
		i = min(i, id.len-8) // the last eight may have been looked at before
		x := binary.LittleEndian.Uint64(b[i:])
		lower := x | ' '*ones
		digit := (x + (0x80-'0')*ones) &^ (x + (0x7f-'9')*ones)
		letter := (lower + (0x80-'a')*ones) &^ (lower + (0x7f-'z')*ones)
		end := ^(((x | ('-'^'/')*ones) ^ '/'*ones) + 0x7f*ones) // a hyphen or a slash
		underscore := ^((x ^ '_'*ones) + 0x7f*ones)
		xs |= ^((lower ^ 'x'*ones) + 0x7f*ones)
		good &= (digit | letter | end | underscore) &^ x // no byte of x has its highest bit
		id.digits |= gather(digit&highs) << i
		id.ends |= gather(end&highs) << i
		if i+8 >= id.len {
			id.x = xs&highs != 0
			return id, good == highs
		}
	}
}

// gather returns the highest bits of eight bytes beside each other.
func gather(x uint64) uint64 { return x >> 7 * 0x0102040810204080 >> 56 }

// idle reports whether nothing would be found in b, because it is an id. It may
// report false although nothing would be.
//
// Names of keys, addresses and most else of what detectors look for have bytes
// that an id has not.
func (p *pass) idle(b []byte) bool {
	t := p.e.triggers
	if t.idleUUID(b) {
		return true
	}
	id, ok := bytesOfID(b)
	if !ok || t.hasIBAN(b, id) || id.mayHaveNumber(b) && p.hasNumber(b) {
		return false
	}
	for i, of := t.next(b, 0, anyWord); of != 0; i, of = t.next(b, i+1, anyWord) {
		if t.hasWord(b, i) {
			return false
		}
	}
	return !p.hasEncoded(b, id)
}

// mayHaveNumber reports whether there may be a number in the id that is judged.
// Digits that are glued to a letter are none, nor are those that hyphens glue to
// them; what is left has hyphens, slashes or nothing on both sides, or an extension
// behind an x.
func (id idBytes) mayHaveNumber(b []byte) bool {
	if id.x && hasExtension(b) {
		return true
	}
	starts := id.digits &^ (id.digits << 1) & (id.ends<<1 | 1)
	ends := (id.digits + starts) &^ id.digits // a carry runs through each group
	n, from, to := 0, 0, 0                    // digits of the chain of groups in b[from:to]
	for ; ends != 0; ends &= ends - 1 {
		end := bits.TrailingZeros64(ends)
		if end < id.len && id.ends>>end&1 == 0 {
			continue
		}
		start := bits.Len64(starts&(1<<end-1)) - 1
		if start > to+maxSep {
			if n >= fewestDigits(b, from, to) {
				return true
			}
			n, from = 0, start
		}
		n += end - start
		to = end
	}
	return n >= fewestDigits(b, from, to)
}

// fewestDigits returns how many digits a number in the chain b[from:to] of an id
// has at least: those of a card if a hyphen glues the chain to something. A slash
// glues nothing.
func fewestDigits(b []byte, from, to int) int {
	const ofCard = 12
	if (from > 1 && b[from-2] != '-' || to+1 < len(b) && b[to+1] != '-') && bytes.IndexByte(b, '/') < 0 {
		return ofCard
	}
	return minDigits
}

// hasExtension reports whether there is an x between two digits.
func hasExtension(b []byte) bool {
	for i := 1; i+1 < len(b); i++ {
		if b[i]|0x20 == 'x' && isDigit(b[i-1]) && isDigit(b[i+1]) {
			return true
		}
	}
	return false
}

// hasNumber reports whether there is a number in an id.
func (p *pass) hasNumber(b []byte) bool {
	p.reset()
	t := p.e.triggers
	for i, of := t.next(b, 0, ofNumber); of != 0; i, of = t.next(b, i, ofNumber) {
		i = max(i+1, p.number(b, i)-3)
	}
	return len(p.hits) > 0
}

// hasIBAN reports whether there is an account number in an id: a country and two
// digits at the beginning of a word.
func (t *triggers) hasIBAN(b []byte, id idBytes) bool {
	others := ^(id.digits | id.ends)
	at := others & (others >> 1) & (id.digits >> 2) & (id.digits >> 3) & (id.ends<<1 | 1)
	for ; at != 0; at &= at - 1 {
		i := bits.TrailingZeros64(at)
		if t.first(b[i], b[i+1])&ofIBAN != 0 && ibanEnd(b, i) > 0 {
			return true
		}
	}
	return false
}

// hasEncoded reports whether there is something in a stretch of the id that is
// decoded.
func (p *pass) hasEncoded(b []byte, id idBytes) bool {
	alnum := ^id.ends & (1<<id.len - 1)
	x := alnum // of its bits those stay that are the first of so many
	x &= x >> 1
	x &= x >> 2
	x &= x >> 4
	x &= x >> 8
	x &= x >> (minEncoded - 16)
	if x == 0 {
		return false
	}
	p.reset()
	if bytes.IndexByte(b, '_') >= 0 { // which ends a stretch
		p.decode(b)
		return len(p.hits) > 0
	}
	for x != 0 { // as sample would find them
		start := bits.TrailingZeros64(x)
		end := start + bits.TrailingZeros64(^(alnum >> start))
		if p.digits(b, start, end); len(p.hits) > 0 {
			return true
		}
		x &= ^uint64(0) << end
	}
	return false
}

// hasWord reports whether a keyword stands around b[i].
func (t *triggers) hasWord(b []byte, i int) bool {
	words := t.wordsAt(b, i)
	for j := range words {
		if words[j].at(b, i) {
			return true
		}
	}
	return false
}
