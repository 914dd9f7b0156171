package redact

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
)

// cleanTexts are short texts in which nothing was found of late. What is found in
// a text depends on the text and the engine alone, so that of the same one nothing
// will be found again. The hash of a text says in which set of four it is. It is
// keyed by chance, so that nobody can choose texts that drive out others.
type cleanTexts struct {
	seed  [4]uint64
	words [cleanSets][cleanWays]cleanWord // of up to 15 bytes: a set is a line of the processor's cache
	tags  [cleanSets]uint64               // of each longer text of a set 16 bits of its hash
	texts [cleanSets][cleanWays]cleanText
	turn  uint8 // whose place in its set the next text takes
}

const (
	cleanSets = 256
	cleanWays = 4
	maxClean  = 63 // bytes of a text that is remembered
)

// cleanWord is a text of 4 to 15 bytes, with zeros behind it and its length in the
// last byte. The zero one is no text.
type cleanWord struct{ low, high uint64 }

// cleanText is a longer one.
type cleanText struct {
	text [maxClean]byte
	len  uint8
}

func newCleanTexts() *cleanTexts {
	return &cleanTexts{seed: [4]uint64{rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64()}}
}

// wordOf returns a text of 4 to 15 bytes as a word.
func wordOf(b []byte) cleanWord {
	n := uint(len(b))
	if n >= 8 {
		return cleanWord{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[n-8:])>>(8*(16-n)) | uint64(n)<<56}
	}
	return cleanWord{uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint32(b[n-4:]))<<(8*(n-4)), uint64(n) << 56}
}

func isShort(b []byte) bool { return len(b) < 16 }

// has reports whether a text of at least four bytes is one of them, and returns
// its hash.
func (c *cleanTexts) has(b []byte) (hash uint64, known bool) {
	if isShort(b) {
		w := wordOf(b)
		hash = c.hash(w)
		return hash, c.hasShort(hash, w)
	}
	hash = c.longHash(b)
	return hash, c.hasLong(hash, b)
}

func (c *cleanTexts) hash(w cleanWord) uint64 {
	high, low := bits.Mul64(w.low^c.seed[0], w.high^c.seed[1])
	return high ^ low
}

func (c *cleanTexts) hasShort(hash uint64, w cleanWord) bool {
	same := uint64(0) // its highest bit says whether one is the same; there is nothing to guess for the processor
	for _, other := range &c.words[hash%cleanSets] {
		differs := (other.low ^ w.low) | (other.high ^ w.high)
		same |= (differs - 1) &^ differs
	}
	return same>>63 != 0
}

// longHash returns the hash of the first 16 bytes and the last of a text.
func (c *cleanTexts) longHash(b []byte) uint64 {
	n := len(b)
	hash := c.hash(cleanWord{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[n-8:]) + uint64(n)})
	high, low := bits.Mul64(binary.LittleEndian.Uint64(b[8:])^c.seed[2], binary.LittleEndian.Uint64(b[n-16:])^c.seed[3])
	return hash + (high ^ low)
}

func (c *cleanTexts) hasLong(hash uint64, b []byte) bool {
	const ones, highs = 0x0001000100010001, 0x8000800080008000
	set := hash % cleanSets
	tags := c.tags[set] ^ (hash>>48)*ones
	same := (tags - ones) &^ tags & highs // the highest bit of each tag that is the same, and perhaps of those above it
	for ; same != 0; same &= same - 1 {
		t := &c.texts[set][bits.TrailingZeros64(same)/16]
		if int(t.len) == len(b) && string(t.text[:t.len]) == string(b) {
			return true
		}
	}
	return false
}

// add adds the text of that hash in the place of another, unless it is too long.
func (c *cleanTexts) add(hash uint64, b []byte) {
	set, way := hash%cleanSets, c.turn%cleanWays
	switch {
	case isShort(b):
		c.words[set][way] = wordOf(b)
	case len(b) <= maxClean:
		t := &c.texts[set][way]
		t.len = uint8(copy(t.text[:], b))
		c.tags[set] = c.tags[set]&^(0xffff<<(16*way)) | hash>>48<<(16*way)
	default:
		return
	}
	c.turn++
}
