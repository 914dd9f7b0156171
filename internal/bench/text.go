package bench

import (
	"math"
	"math/rand/v2"
	"strings"
)

// common are the words at the head of the vocabulary, by rank.
const common = `the to a of and order is for customer in i refund not with on was payment be this it should from that
status account check before tool policy has by number amount request at item will first then an are confirm details can
user delivery returned after next no address found date call already price agent no-one ticket card approval let found same
only within their days more than since issue item shipping cancelled one look failed again new update billing support team
wait response error system search result total reason store needs open shipped case history message limit credit because
available change email invoice product two plan matches record summary waiting answer offer answered step rule under sent`

// rareWord stands in one event of 500,000, where Workload plants it.
const rareWord = "quokka"

// vocabularySize is how many words there are.
const vocabularySize = 6000

// draws is how many entries the table has that words are drawn from: a word of
// rank r stands in it about draws/(r*ln(vocabularySize)) times (Zipf's law).
const draws = 1 << 16

// vocabulary is the words of the invented team, and the table to draw from.
type vocabulary struct {
	words []string
	table [draws]uint16
}

// newVocabulary makes the words. They do not depend on the seed of a workload:
// queries know them.
func newVocabulary() *vocabulary {
	v := &vocabulary{}
	r := rand.New(rand.NewPCG(7, 7))
	seen := map[string]bool{rareWord: true}
	for _, w := range strings.Fields(common) {
		if !seen[w] {
			seen[w] = true
			v.words = append(v.words, w)
		}
	}
	onsets := strings.Fields("b c d f g h k l m n p r s t v w z ch cr fl gr pl sh st tr")
	vowels := strings.Fields("a e i o u ea ou")
	codas := append(strings.Fields("n r s t l m nd st"), "", "", "", "", "")
	for len(v.words) < vocabularySize {
		var w string
		for range 2 + r.IntN(2) {
			w += onsets[r.IntN(len(onsets))] + vowels[r.IntN(len(vowels))] + codas[r.IntN(len(codas))]
		}
		if !seen[w] {
			seen[w] = true
			v.words = append(v.words, w)
		}
	}
	v.fill()
	return v
}

// fill spreads the words over the table.
func (v *vocabulary) fill() {
	var sum float64
	for rank := range v.words {
		sum += 1 / (float64(rank) + 2.7)
	}
	at, reached := 0, 0.0
	for rank := range v.words {
		reached += 1 / (float64(rank) + 2.7)
		for end := int(math.Round(reached / sum * draws)); at < end; at++ {
			v.table[at] = uint16(rank)
		}
	}
}

// append appends n words, the first with a capital, and a full stop.
func (v *vocabulary) append(dst []byte, r *rand.PCG, n int) []byte {
	var bits uint64
	for i := range n {
		if i%4 == 0 {
			bits = r.Uint64()
		}
		w := v.words[v.table[bits&(draws-1)]]
		bits >>= 16
		if i > 0 {
			dst = append(dst, ' ')
			dst = append(dst, w...)
			continue
		}
		dst = append(dst, w[0]-'a'+'A')
		dst = append(dst, w[1:]...)
	}
	return append(dst, '.')
}
