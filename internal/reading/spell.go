package reading

import (
	"slices"
	"strings"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
)

// Spell returns what a caller asked for under a name as it may go on record: a
// search in its canonical spelling with persons by their pseudonyms, the value of
// a person by its pseudonyms, all else as redaction leaves it.
func (r *Reading) Spell(tenant, name, value string) (string, error) {
	switch {
	case name == "q" || name == "search":
		return r.spellSearch(tenant, value)
	case namesPerson(name):
		names, err := r.cfg.Pseudonyms(tenant, value)
		if err != nil || len(names) == 0 {
			return "(a personal value)", nil // without keys, or without a record, it has no pseudonym
		}
		return strings.Join(names, ","), nil
	}
	return r.redacted(tenant, value)
}

// redacted redacts a text; where there is nothing to do it with, nothing of the
// text is kept.
func (r *Reading) redacted(tenant, text string) (string, error) {
	if r.cfg.Redact == nil {
		return "", hansard.Errorf(hansard.KindInternal, "no redaction for what goes on record")
	}
	return r.cfg.Redact(tenant, text)
}

func (r *Reading) spellSearch(tenant, search string) (string, error) {
	node, err := query.Parse(search, time.Now())
	if err != nil {
		return "(not a search)", nil // it was refused
	}
	if query.HasPerson(node) {
		node = query.ResolvePersons(node, func(v string) []string {
			names, err := r.cfg.Pseudonyms(tenant, v)
			if err != nil {
				return nil
			}
			return names
		})
	}
	return r.redacted(tenant, node.String())
}

// namesPerson reports whether a parameter holds a person's value.
func namesPerson(name string) bool {
	if slices.Contains([]string{"value", "user", "person"}, name) {
		return true
	}
	return slices.ContainsFunc(query.Fields(), func(f query.Field) bool { return f.Person && f.Name == name })
}
