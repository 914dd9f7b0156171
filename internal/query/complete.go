package query

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Wanted says what a search that is being typed lacks at its cursor.
type Wanted string

// What may be wanted.
const (
	WantNothing Wanted = "nothing" // inside a phrase
	WantKey     Wanted = "key"     // a key with its colon, or a word
	WantPresent Wanted = "present" // a key after "has:"
	WantValue   Wanted = "value"   // a value of a field
)

// Place is where the cursor stands in a search that is being typed.
type Place struct {
	Wanted Wanted
	// From and To are the bytes that a completion replaces.
	From, To int
	// Typed is what stands there before the cursor, without quotes.
	Typed string
	// Field and Path are what a value is wanted for.
	Field Field
	Path  string
	// Op is the comparison before the value; In where there is none.
	Op Op
	// Persons reports whether the search holds the clear value of a person,
	// anywhere: it must not stand in a URL.
	Persons bool
}

// PlaceOf finds what is being typed at a cursor, in bytes from the begin. Unlike
// Parse it takes any text: a search is wrong most of the time while it is typed.
func PlaceOf(search string, cursor int) Place {
	cursor = max(0, min(cursor, len(search)))
	for cursor > 0 && cursor < len(search) && !utf8.RuneStart(search[cursor]) {
		cursor--
	}
	s := &scanner{src: search, cursor: cursor, place: Place{Wanted: WantKey, From: cursor, To: cursor, Op: In}}
	s.scan()
	return s.place
}

// scanner goes over a search without judging it.
type scanner struct {
	src    string
	cursor int
	pos    int
	place  Place
	found  bool
}

// scan goes from term to term.
func (s *scanner) scan() {
	for s.pos < len(s.src) {
		c, n := utf8.DecodeRuneInString(s.src[s.pos:])
		switch {
		case unicode.IsSpace(c) || c == '(' || c == ')' || c == '-':
			s.pos += n
		case c == '"':
			start := s.pos
			if s.quoted(); start < s.cursor && (s.cursor < s.pos || s.open(start)) {
				s.put(Place{Wanted: WantNothing, From: s.cursor, To: s.cursor})
			}
		default:
			s.term()
		}
	}
}

// put notes the place, the first that holds the cursor.
func (s *scanner) put(p Place) {
	if !s.found {
		p.Persons = s.place.Persons
		s.place, s.found = p, true
	}
}

// quoted passes over a string in quotes, or to the end.
func (s *scanner) quoted() {
	for s.pos++; s.pos < len(s.src); s.pos++ {
		switch s.src[s.pos] {
		case '\\':
			s.pos = min(s.pos+1, len(s.src)-1)
		case '"':
			s.pos++
			return
		}
	}
}

// open reports whether the quote that begins at start has no end.
func (s *scanner) open(start int) bool {
	p := &parser{src: s.src, pos: start}
	_, err := p.quoted()
	return err != nil
}

// run passes over what is neither white space, a quote, a parenthesis nor one of
// stop.
func (s *scanner) run(stop string) string {
	p := &parser{src: s.src, pos: s.pos}
	text := p.run(stop)
	s.pos = p.pos
	return text
}

// term goes over a word, or a key and its values.
func (s *scanner) term() {
	start := s.pos
	key := s.run(":")
	if strings.HasSuffix(key, ".") && s.pos < len(s.src) && s.src[s.pos] == '"' {
		at := s.pos
		s.quoted()
		key += strings.Trim(s.src[at:s.pos], `"`)
	}
	colon := s.pos < len(s.src) && s.src[s.pos] == ':'
	if start <= s.cursor && s.cursor <= s.pos {
		to := s.pos
		if colon {
			to++
		}
		s.put(Place{Wanted: WantKey, From: start, To: to, Typed: s.src[start:s.cursor], Op: In})
	}
	switch {
	case colon:
		s.pos++
		s.values(key)
	case s.pos == start:
		s.pos++ // a quote behind a word: passed over
	}
}

// values goes over what follows the colon of a key.
func (s *scanner) values(key string) {
	if strings.EqualFold(key, "has") {
		start := s.pos
		s.run(",")
		s.value(Place{Wanted: WantPresent, Op: In}, start, s.pos)
		return
	}
	f, path, known := lookup(key)
	p := Place{Wanted: WantValue, Field: f, Path: path, Op: In}
	if !known {
		p.Wanted = WantNothing
	}
	q := &parser{src: s.src, pos: s.pos}
	if p.Op = q.op(); q.pos > s.pos && s.cursor > s.pos && s.cursor < q.pos {
		s.put(Place{Wanted: WantNothing, From: s.cursor, To: s.cursor})
	}
	s.pos = q.pos
	list := s.pos < len(s.src) && s.src[s.pos] == '('
	if list {
		s.pos++
	}
	for {
		if list {
			s.skipOR(p)
		}
		start := s.pos
		if s.pos < len(s.src) && s.src[s.pos] == '"' {
			s.quoted()
		} else {
			s.run(",")
		}
		s.value(p, start, s.pos)
		switch {
		case s.pos < len(s.src) && s.src[s.pos] == ',', list && s.pos > start && s.pos < len(s.src) && s.src[s.pos] != ')' && s.src[s.pos] != '(':
			if s.src[s.pos] == ',' {
				s.pos++
			}
		default:
			return
		}
	}
}

// skipOR passes over white space and the word OR between the values of a list; in
// the white space a value is wanted.
func (s *scanner) skipOR(p Place) {
	for {
		start := s.pos
		s.pos = len(s.src) - len(strings.TrimLeftFunc(s.src[s.pos:], unicode.IsSpace))
		if start <= s.cursor && s.cursor < s.pos {
			p.From, p.To = s.cursor, s.cursor
			s.put(p)
		}
		q := &parser{src: s.src, pos: s.pos}
		if !q.keyword("OR") {
			return
		}
		if s.pos <= s.cursor && s.cursor <= q.pos {
			s.put(Place{Wanted: WantNothing, From: s.cursor, To: s.cursor})
		}
		s.pos = q.pos
	}
}

// value notes a value that stands from start to end.
func (s *scanner) value(p Place, start, end int) {
	text := strings.Trim(s.src[start:end], `"`)
	if p.Wanted == WantValue && p.Field.Person && text != "" && text != "*" && !strings.HasPrefix(text, PseudonymPrefix) {
		s.place.Persons = true
	}
	if start <= s.cursor && s.cursor <= end {
		p.From, p.To, p.Typed = start, end, strings.TrimPrefix(s.src[start:s.cursor], `"`)
		s.put(p)
	}
}

// Candidate is something that a search may go on with.
type Candidate struct {
	Text        string // as shown
	Insert      string // what replaces the bytes of the place
	Description string
}

// maxCandidates bounds what Candidates returns.
const maxCandidates = 100

// Candidates returns what the language itself offers at the place, the best
// first: keys, the values of enumerations, examples of times and numbers. The
// values of other fields are in the record, not in the language.
func (p Place) Candidates() []Candidate {
	switch p.Wanted {
	case WantKey:
		return keys(p.Typed, ":")
	case WantPresent:
		return keys(p.Typed, "")
	case WantValue:
		return p.values()
	}
	return nil
}

// keys returns the keys that a text may become.
func keys(typed, end string) []Candidate {
	type ranked struct {
		Candidate
		rank int
	}
	var all []ranked
	add := func(name, description string, rank int) {
		if rank >= 0 {
			all = append(all, ranked{Candidate{name + end, name + end, description}, rank})
		}
	}
	folded := strings.ToLower(typed)
	for _, f := range table {
		name, rank := f.Name, rankOf(f.Name, folded)
		for _, alias := range f.Aliases { // shorter to read; where nothing is typed, the names
			if r := rankOf(alias, folded); folded != "" && r >= 0 && (rank < 0 || r <= rank) {
				name, rank = alias, r
			}
		}
		if f.Kind == KindJSON && f.Name != "statement" && typed != "" && rank >= 0 && end == ":" {
			all = append(all, ranked{Candidate{f.Name + ".", f.Name + ".", "a member of " + f.Name + ", by its path"}, rank + 1})
		}
		add(name, f.Description, rank)
	}
	if end == ":" {
		add("has", "the field that follows is there", rankOf("has", folded))
	}
	slices.SortStableFunc(all, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
	out := make([]Candidate, 0, len(all))
	for _, c := range all[:min(len(all), maxCandidates)] {
		out = append(out, c.Candidate)
	}
	return out
}

// rankOf returns how well a name fits what was typed, 0 the best; negative: not.
func rankOf(name, folded string) int {
	switch {
	case folded == "", name == folded:
		return 0
	case strings.HasPrefix(name, folded):
		return 2
	case strings.Contains(name, folded):
		return 4
	}
	return -1
}

// values returns the values that the language knows for the place's field.
func (p Place) values() []Candidate {
	var out []Candidate
	add := func(text, description string) {
		if strings.Contains(text, strings.ToLower(p.Typed)) {
			out = append(out, Candidate{text, text, description})
		}
	}
	for _, v := range p.Field.Enum {
		add(strings.TrimPrefix(v, "agent."), "")
	}
	switch {
	case p.Field.Kind == KindBool:
		add("true", "")
		add("false", "")
	case p.Field.Kind == KindTime && p.Op == In:
		for _, v := range []string{"today", "yesterday", ">24h", ">7d"} {
			add(v, "")
		}
	case p.Field.Kind == KindTime:
		for _, v := range []string{"1h", "24h", "7d", "today", "yesterday"} {
			add(v, "")
		}
	case p.Field.Unit == UnitMicros:
		examples(p, add, "500ms", "2s", "1m")
	case p.Field.Unit == UnitNanoUSD:
		examples(p, add, "0.01", "0.1", "1")
	case p.Field.Kind == KindInt && strings.HasSuffix(p.Field.Name, "tokens"), p.Field.Name == "token_count":
		examples(p, add, "1k", "10k", "100k")
	case p.Field.Name == "attempt":
		examples(p, add, "1", "2")
	case p.Field.Kind == KindFloat:
		examples(p, add, "0.5", "0.9")
	}
	if p.Op == In && p.Typed == "" {
		add("*", "any: the field is there")
	}
	return out
}

// examples adds comparisons with some values.
func examples(p Place, add func(text, description string), values ...string) {
	for _, v := range values {
		if p.Op == In {
			add(">"+v, "more than "+v)
		} else {
			add(v, "")
		}
	}
}

// Candidate returns the candidate of a value of the place's field, in the
// spelling of the language.
func (p Place) Candidate(value, description string) Candidate {
	shown := value
	if p.Field.Name == "event_type" {
		shown = strings.TrimPrefix(value, "agent.")
	}
	ref := Ref{Name: p.Field.Name, Path: p.Path, Kind: p.Field.Kind}
	return Candidate{shown, ref.format(Value{Text: shown}), description}
}

// Member returns the candidate of a path into a JSON field, with a colon.
func Member(field, path string) (c Candidate, ok bool) {
	if path == "" || !validPath(path) {
		return c, false
	}
	key := Ref{Name: field, Path: path, Kind: KindJSON}.String() + ":"
	return Candidate{Text: key, Insert: key}, true
}

// Term returns the search for the events that have a value in a field: a text, a
// person's pseudonym, an element of a list, or the spelling of another value.
func Term(field, value string) string {
	f, path, ok := lookup(field)
	if !ok || value == "" {
		return "-*"
	}
	switch f.Kind {
	case KindInt, KindFloat, KindTime, KindBool:
		return f.Name + ":" + value
	}
	return Compare{Ref{Name: f.Name, Path: path, Kind: f.Kind}, In, []Value{{Text: value}}}.String()
}
