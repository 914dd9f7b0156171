package query

// PseudonymPrefix begins every pseudonym that stands for a redacted value.
const PseudonymPrefix = "pii:"

// HasPerson reports whether the search holds the clear value of a person in a
// field that names persons. Such a search may not stand in a URL. Full text
// cannot be judged.
func HasPerson(n Node) bool {
	switch n := n.(type) {
	case And:
		return anyPerson(n.Nodes)
	case Or:
		return anyPerson(n.Nodes)
	case Not:
		return HasPerson(n.Node)
	case Compare:
		for _, v := range n.Values {
			if v.Person {
				return true
			}
		}
	}
	return false
}

func anyPerson(nodes []Node) bool {
	for _, n := range nodes {
		if HasPerson(n) {
			return true
		}
	}
	return false
}

// ResolvePersons returns the search with each clear value of a person replaced
// by its pseudonyms, of which there is one per key that was ever in use. Values
// that are pseudonyms stay. A value without a pseudonym matches nothing. n is
// not changed.
func ResolvePersons(n Node, pseudonyms func(value string) []string) Node {
	switch n := n.(type) {
	case And:
		return And{resolveAll(n.Nodes, pseudonyms)}
	case Or:
		return Or{resolveAll(n.Nodes, pseudonyms)}
	case Not:
		return Not{ResolvePersons(n.Node, pseudonyms)}
	case Compare:
		if HasPerson(n) {
			return resolve(n, pseudonyms)
		}
	}
	return n
}

func resolveAll(nodes []Node, pseudonyms func(string) []string) []Node {
	var out []Node
	for _, n := range nodes {
		out = append(out, ResolvePersons(n, pseudonyms))
	}
	return out
}

func resolve(n Compare, pseudonyms func(string) []string) Node {
	var values []Value
	for _, v := range n.Values {
		if !v.Person {
			values = append(values, v)
			continue
		}
		for _, text := range pseudonyms(v.Text) {
			values = append(values, Value{Text: text})
		}
	}
	return Compare{n.Field, n.Op, values}
}

// Redacted returns the search with the clear values of persons replaced by
// "pii:?", for a line that is kept, such as a reader's access on the meta log.
func Redacted(n Node) Node {
	return ResolvePersons(n, func(string) []string { return []string{PseudonymPrefix + "?"} })
}
