package dialect

import "github.com/hansardhq/hansard"

// noField stands for the start of an event, before its first field.
const noField = uint8(len(fields))

// contexts is how many orders of keys are remembered: one for each type of event.
const contexts = 32

// order remembers which field followed which in events of a type. Its answers are
// guesses: whoever asks compares the key.
type order struct {
	next    [contexts][len(fields) + 1]uint8
	last    uint8 // the field before
	context uint8 // below contexts
}

// learn notes that field i follows the last one.
func (o *order) learn(i uint8) { o.next[o.context%contexts][o.last] = i }

// contextOf returns a hash of the end of an event type, a quoted string. It keeps
// our types apart, with "agent." before them; the factor was searched for.
func contextOf(quoted []byte) uint8 {
	end := len(quoted) - 1
	if end < 8 {
		return 0
	}
	return uint8(word(quoted, end-8) * 0x3b4347c70a6faef7 >> 59)
}

// typeOf has the event type of each context; "" where there is none.
var typeOf = typesByContext()

func typesByContext() (all [contexts]string) {
	for _, t := range hansard.EventTypes {
		all[contextOf([]byte(`"`+t+`"`))] = t
	}
	return all
}

// fieldSet is a set of fields.
type fieldSet [(len(fields) + 63) / 64]uint64

// add adds field i; false if it was there already.
func (s *fieldSet) add(i uint8) bool {
	was := s[i/64]
	s[i/64] = was | 1<<(i%64)
	return was>>(i%64)&1 == 0
}
