package dialect

// The spans of an instrumentation have the same keys in the same order, over and over.
// What is known of an attribute by its key alone is found out once for all of them.

// shape is what a list of keys says.
type shape struct {
	// The attributes by their keys: chains of indexes plus one. Most of the keys that
	// rules ask for are not there, and that is known from a bit for each form and
	// each first letter of those that are.
	heads          [keyHeads]uint16
	next           []uint16
	forms, letters uint64
	repeats        bool // there may be two with one key
	numbered       bool // there is a number behind a dot, as moveFlat looks for

	// first is, by list, which attribute has the first key of the list that is there,
	// plus firstAt: noKey if none is, 0 while nobody has asked.
	first [keyLists]uint8

	operation operation // of the last span

	text []byte   // the keys, one behind the other
	ends []uint16 // where each ends
}

const (
	noKey   = 1
	firstAt = 2
)

// shapes are those that a mapper remembers.
type shapes struct {
	known [keptShapes]shape
	other shape // of a list that is not worth being remembered
}

// What is remembered: so many shapes of at most so many keys, which have at most so
// many bytes.
const (
	keptShapes = 32
	shapeKeys  = 100
	shapeText  = 4096
)

// keyHeads is how many chains the attributes of a shape are in.
const keyHeads = 128

// of returns the shape of attributes. It is valid until the next one is asked for.
func (s *shapes) of(attrs []Attr) *shape {
	size, h := 0, uint(len(attrs))
	for i := range attrs {
		n := len(attrs[i].Key)
		size += n
		h = h*31 + uint(n)
	}
	if len(attrs) > shapeKeys || size > shapeText {
		s.other.learn(attrs)
		return &s.other
	}
	known := &s.known[(h^h>>5)%keptShapes]
	if !known.is(attrs) {
		known.learn(attrs)
		for i := range attrs {
			known.text = append(known.text, attrs[i].Key...)
			known.ends = append(known.ends, uint16(len(known.text)))
		}
	}
	return known
}

// is reports whether a shape that is remembered is that of the attributes.
func (s *shape) is(attrs []Attr) bool {
	if len(s.ends) != len(attrs) {
		return false
	}
	from := 0
	for i := range attrs {
		end := int(s.ends[i])
		if string(s.text[from:end]) != string(attrs[i].Key) {
			return false
		}
		from = end
	}
	return true
}

// learn makes the shape that of the attributes, but does not remember their keys.
func (s *shape) learn(attrs []Attr) {
	*s = shape{next: s.next[:0], text: s.text[:0], ends: s.ends[:0]}
	for i := range attrs {
		s.next = append(s.next, 0)
		if key := attrs[i].Key; len(key) > 0 {
			s.forms |= 1 << keyForm(key)
			s.letters |= 1 << (key[0] & 63)
			s.numbered = s.numbered || isNumbered(key)
		}
	}
	s.repeats = len(attrs) >= 1<<16-1 // not all of them are found then
	// Backwards, so that of two with one key the first is found.
	for i := min(len(attrs), 1<<16-2) - 1; i >= 0; i-- {
		h := hashName(attrs[i].Key) % keyHeads
		s.next[i], s.heads[h] = s.heads[h], uint16(i+1)
		s.repeats = s.repeats || s.mayRepeat(attrs, i)
	}
}

// mayRepeat reports whether one of the attributes in the chain behind the i-th has its
// key, or the chain is too long to say.
func (s *shape) mayRepeat(attrs []Attr, i int) bool {
	n := 0
	for k := s.next[i]; k != 0; k = s.next[k-1] {
		if n++; n > 8 || string(attrs[k-1].Key) == string(attrs[i].Key) {
			return true
		}
	}
	return false
}

// isNumbered reports whether there is a digit behind a dot.
func isNumbered(key []byte) bool {
	for i := 1; i < len(key); i++ {
		if key[i-1] == '.' && key[i]-'0' <= 9 {
			return true
		}
	}
	return false
}

// keyForm returns a number below 64 for the length and the last letter of a key, which
// is not empty.
func keyForm[T string | []byte](key T) uint { return uint(len(key)*5+int(key[len(key)-1])) & 63 }

// at returns the index of the attribute with a key, -1 if there is none.
func (r *otelReading) at(key string) int {
	if r.shape.forms>>keyForm(key)&1 == 0 {
		return -1
	}
	return r.find(key)
}

// find is at without the look at the form.
func (r *otelReading) find(key string) int {
	s := r.shape
	for i := s.heads[hashName(key)%keyHeads]; i != 0; i = s.next[i-1] {
		if string(r.attrs[i-1].Key) == key {
			return int(i - 1)
		}
	}
	return -1
}

// mayHave reports whether a key begins with the prefix's first letter.
func (r *otelReading) mayHave(prefix string) bool {
	return r.shape.letters>>(prefix[0]&63)&1 == 1
}

// lead returns the index of the attribute that has the first key of a list that is
// there, -1 if none is.
func (r *otelReading) lead(list keyList) int {
	switch n := r.shape.first[list]; n {
	case 0:
		return r.seek(list)
	case noKey:
		return -1
	default:
		return int(n) - firstAt
	}
}

// seek is lead for a list that was not asked for yet.
func (r *otelReading) seek(list keyList) int {
	for _, key := range listedKeys[list] {
		if i := r.at(key); i >= 0 {
			if i+firstAt < 1<<8 {
				r.shape.first[list] = uint8(i + firstAt)
			}
			return i
		}
	}
	r.shape.first[list] = noKey
	return -1
}

// firstIn returns the index of the attribute with the first key of a list that has a
// value, -1 if there is none.
func (r *otelReading) firstIn(list keyList) int {
	i := r.lead(list)
	if i < 0 {
		return -1
	}
	if r.attrs[i].Value.empty() {
		return r.firstOf(listedKeys[list])
	}
	r.used[i] = true
	return i
}

// getIn is get for a list.
func (r *otelReading) getIn(list keyList) Value {
	if i := r.firstIn(list); i >= 0 {
		return r.attrs[i].Value
	}
	return Value{}
}

// textIn is text for a list.
func (r *otelReading) textIn(list keyList) string { return r.textAt(r.firstIn(list)) }
