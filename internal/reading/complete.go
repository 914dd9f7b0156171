package reading

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// Completion is how a search that is being typed may go on.
type Completion struct {
	Wanted string `json:"wanted"`          // key, present (a key after has:), value or nothing
	Field  string `json:"field,omitempty"` // whose value is wanted
	// From and To are the bytes of the search that an item's insert replaces.
	From  int              `json:"from"`
	To    int              `json:"to"`
	Items []CompletionItem `json:"items"`
	// Problem says what is wrong with the search as it stands; null: nothing.
	Problem *SearchProblem `json:"problem"`
}

// CompletionItem is one way to go on.
type CompletionItem struct {
	Text        string `json:"text"`   // as shown
	Insert      string `json:"insert"` // in the spelling of the language
	Description string `json:"description,omitempty"`
	Count       *int64 `json:"count,omitempty"` // events with the value, among the newest half a million
}

// SearchProblem is a mistake in a search.
type SearchProblem struct {
	Position int    `json:"position"` // byte, from 0
	Problem  string `json:"problem"`
	Expected string `json:"expected,omitempty"`
}

const (
	maxCompletions     = 30
	completionPatience = 2 * time.Second
	sampledEvents      = 50 // whose JSON is read for its members
	maxMembers         = 500
)

// NamesPerson reports whether a search that is being typed, well-formed or not,
// holds the clear value of a person.
func NamesPerson(search string) bool { return query.PlaceOf(search, len(search)).Persons }

// Complete says how a search may go on at a cursor, in bytes from its begin: with
// keys, values that the language knows, values in the record, and members of JSON.
// What the record cannot say within two seconds is left out.
func (r *Reading) Complete(ctx context.Context, tenant, search string, cursor int) (*Completion, error) {
	if len(search) > query.MaxLength {
		return nil, hansard.Errorf(hansard.KindInvalid, "search too long: at most %d bytes", query.MaxLength)
	}
	p := query.PlaceOf(search, cursor)
	out := &Completion{Wanted: string(p.Wanted), Field: p.Field.Name, From: p.From, To: p.To, Items: []CompletionItem{}}
	var wrong *query.SyntaxError
	if _, err := query.Parse(search, time.Now()); errors.As(err, &wrong) {
		out.Problem = &SearchProblem{wrong.Pos, wrong.Problem, wrong.Expected}
	}
	err := bounded(ctx, completionPatience, func(ctx context.Context) error { return r.fromRecord(ctx, tenant, p, out) })
	if err != nil && hansard.KindOf(err) != hansard.KindTooLarge {
		return nil, err
	}
	for _, c := range p.Candidates() {
		out.add(CompletionItem{Text: c.Text, Insert: c.Insert, Description: c.Description})
	}
	return out, nil
}

// add adds an item unless it is there or there are enough.
func (c *Completion) add(item CompletionItem) {
	same := func(other CompletionItem) bool { return other.Insert == item.Insert }
	if len(c.Items) < maxCompletions && !slices.ContainsFunc(c.Items, same) {
		c.Items = append(c.Items, item)
	}
}

// fromRecord adds what only the record knows.
func (r *Reading) fromRecord(ctx context.Context, tenant string, p query.Place, out *Completion) error {
	switch {
	case p.Wanted == query.WantKey || p.Wanted == query.WantPresent:
		return r.members(ctx, tenant, p, out)
	case p.Wanted != query.WantValue || p.Field.Name == "leaf_hash" || p.Field.Name == "log":
		return nil
	}
	switch p.Field.Kind {
	case query.KindString, query.KindPerson, query.KindList:
	default:
		return nil
	}
	found, err := r.cfg.Lake.Values(ctx, tenant, query.Query{}, p.Field.Name, p.Typed, maxCompletions)
	for _, v := range found {
		c := p.Candidate(v.Value, "")
		out.add(CompletionItem{Text: c.Text, Insert: c.Insert, Count: &v.Count})
	}
	return err
}

// members adds the paths into a JSON field that its newest values have.
func (r *Reading) members(ctx context.Context, tenant string, p query.Place, out *Completion) error {
	field, typed, dot := strings.Cut(p.Typed, ".")
	i := slices.IndexFunc(query.Fields(), func(f query.Field) bool {
		return f.Kind == query.KindJSON && f.Name != "statement" && strings.EqualFold(f.Name, field)
	})
	if !dot || i < 0 {
		return nil
	}
	f := query.Fields()[i]
	plan := query.Query{Node: query.Has{Field: query.Ref{Name: f.Name, Kind: f.Kind}}, Limit: sampledEvents}
	page, err := r.cfg.Lake.Events(ctx, tenant, plan)
	if err != nil {
		return err
	}
	counts := map[string]int{}
	for _, e := range page.Entries {
		paths("", query.JSONOf(e, f.Name), 3, func(path string) {
			if len(counts) < maxMembers || counts[path] > 0 {
				counts[path]++
			}
		})
	}
	var names []string
	for path := range counts {
		if strings.Contains(strings.ToLower(path), strings.ToLower(strings.Trim(typed, `"`))) {
			names = append(names, path)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return strings.Compare(a, b)
	})
	for _, path := range names {
		if c, ok := query.Member(f.Name, path); ok {
			if p.Wanted == query.WantPresent {
				c.Text, c.Insert = strings.TrimSuffix(c.Text, ":"), strings.TrimSuffix(c.Insert, ":")
			}
			out.add(CompletionItem{Text: c.Text, Insert: c.Insert})
		}
	}
	return nil
}

// paths calls f with the path of each member of a JSON object, down to so many
// levels. What is no object has none.
func paths(before string, raw []byte, levels int, f func(string)) {
	_ = rawjson.Object(raw, func(key, value []byte) error { // it was checked when it came
		path := before + string(rawjson.Unquote(nil, key))
		f(path)
		if levels > 1 {
			paths(path+".", value, levels-1, f)
		}
		return nil
	})
}
