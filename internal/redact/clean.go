package redact

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
)

// cleanTexts are short texts in which nothing was found of late. What is found in
// a text depends on the text and the engine alone, so that of the same one nothing
// will be found again. The hash of a text says in which set it is, and its tag
// which of the texts there it may be; it is keyed by chance, so that nobody can
// choose texts that drive out others.
type cleanTexts struct {
	seed  [4]uint64
	tags  [cleanSets]uint64 // of each text of a set 16 bits of its hash
	texts [cleanSets][cleanWays]cleanText
	turn  uint8 // whose place in its set the next text takes
}

const (
	cleanSets = 512
	cleanWays = 4
	maxClean  = 63 // bytes of a text that is remembered
)

// cleanText is one of them. The zero one is no text.
type cleanText struct {
	text [maxClean]byte
	len  uint8
}

func newCleanTexts() *cleanTexts {
	return &cleanTexts{seed: [4]uint64{rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64()}}
}

// hash returns the hash of the first 16 bytes and the last of a text of at least
// four.
func (c *cleanTexts) hash(b []byte) uint64 {
	n := len(b)
	var first, last uint64
	if n >= 8 {
		first, last = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[n-8:])
	} else {
		first, last = uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[n-4:]))
	}
	high, low := bits.Mul64(first^c.seed[0], (last^c.seed[1])+uint64(n))
	hash := high ^ low
	if n > 16 {
		high, low = bits.Mul64(binary.LittleEndian.Uint64(b[8:])^c.seed[2], binary.LittleEndian.Uint64(b[n-16:])^c.seed[3])
		hash += high ^ low
	}
	return hash
}

// has reports whether the text of that hash is one of them.
func (c *cleanTexts) has(hash uint64, b []byte) bool {
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
	if len(b) > maxClean {
		return
	}
	set, way := hash%cleanSets, c.turn%cleanWays
	c.turn++
	t := &c.texts[set][way]
	t.len = uint8(copy(t.text[:], b))
	c.tags[set] = c.tags[set]&^(0xffff<<(16*way)) | hash>>48<<(16*way)
}
