package lake

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
	"github.com/hansardhq/hansard/internal/query"
)

// selectable reports whether rows.match can tell which rows a node selects without
// looking for texts. The other nodes are the engine's business.
func selectable(n query.Node) bool { return everyTerm(n, selectableTerm) }

// findable reports whether rows.match can tell which rows a node selects: it is
// selectable, or looks for texts as well.
func findable(n query.Node) bool {
	return everyTerm(n, func(n query.Node) bool {
		switch n := n.(type) {
		case query.Text:
			return true
		case query.Compare:
			return findsText(n) || selectableTerm(n)
		}
		return selectableTerm(n)
	})
}

// everyTerm reports whether something is true of every term that a node combines.
func everyTerm(n query.Node, is func(query.Node) bool) bool {
	all := func(nodes []query.Node) bool {
		return !slices.ContainsFunc(nodes, func(c query.Node) bool { return !everyTerm(c, is) })
	}
	switch n := n.(type) {
	case query.And:
		return all(n.Nodes)
	case query.Or:
		return all(n.Nodes)
	case query.Not:
		return everyTerm(n.Node, is)
	}
	return is(n)
}

func selectableTerm(n query.Node) bool {
	switch n := n.(type) {
	case nil:
		return true
	case query.Compare:
		return comparable(n)
	case query.Has:
		switch n.Field.Kind {
		case query.KindString, query.KindPerson, query.KindInt, query.KindTime:
			return n.Field.Name != "log" && n.Field.Name != "leaf_hash"
		case query.KindText, query.KindBool:
			return true
		case query.KindList:
			return strings.HasPrefix(n.Field.Name, resourcesPrefix)
		}
	}
	return false
}

// findsText reports whether a comparison looks for texts in a column.
func findsText(n query.Compare) bool {
	return n.Op == query.In && n.Field.Path == "" && (n.Field.Kind == query.KindText || n.Field.Kind == query.KindJSON)
}

// resourcesPrefix begins the names of the fields that are members of resources.
const resourcesPrefix = "resources."

func comparable(n query.Compare) bool {
	switch n.Field.Kind {
	case query.KindString, query.KindPerson:
		return n.Field.Name != "log" && n.Field.Name != "leaf_hash" && n.Op == query.In
	case query.KindInt, query.KindTime:
		return true
	case query.KindBool:
		return n.Op == query.In
	case query.KindList:
		if strings.HasPrefix(n.Field.Name, resourcesPrefix) {
			return n.Op == query.In
		}
		return slices.Contains([]string{"labels", "tags", "on_behalf_of"}, n.Field.Name) && n.Op == query.In &&
			!slices.ContainsFunc(n.Values, func(v query.Value) bool { return v.Glob })
	}
	return false
}

// match reads which rows a findable node selects; nil stands for all.
func (r *rows) match(n query.Node) ([]bool, error) {
	switch n := n.(type) {
	case query.And:
		return r.matchAll(n.Nodes)
	case query.Or:
		return r.matchAny(n.Nodes)
	case query.Not:
		sel, err := r.match(n.Node)
		if sel == nil {
			return make([]bool, r.size()), err
		}
		for i := range sel {
			sel[i] = !sel[i]
		}
		return sel, err
	case query.Compare:
		if findsText(n) {
			var texts []string
			for _, v := range n.Values {
				texts = append(texts, v.Text)
			}
			return r.find([]string{n.Field.Name}, texts)
		}
		return r.compare(n)
	case query.Text:
		return r.find(query.TextFields(), []string{n.Text})
	case query.Has:
		if strings.HasPrefix(n.Field.Name, resourcesPrefix) {
			return r.resources(n)
		}
		v, err := r.column("set", columnOf(n.Field.Name), r.set)
		return slices.Clone(v.Set), err
	case nil:
		return nil, nil
	}
	return nil, hansard.Errorf(hansard.KindInternal, "select rows: unknown node %T", n)
}

// matchAll asks what costs least first, and no more once no row is left.
func (r *rows) matchAll(nodes []query.Node) ([]bool, error) {
	var all []bool
	for cost := range mostCost + 1 {
		for _, c := range nodes {
			if costOf(c) != cost {
				continue
			}
			sel, err := r.match(c)
			if err != nil {
				return nil, err
			}
			if all == nil {
				all = sel
			} else {
				for i := range sel {
					all[i] = all[i] && sel[i]
				}
			}
			if sel != nil && !slices.Contains(all, true) {
				return all, nil
			}
		}
	}
	return all, nil
}

// mostCost is what costOf says of nodes that look for texts.
const mostCost = 2

// costOf orders nodes by what it costs to ask which rows they select.
func costOf(n query.Node) int {
	switch n := n.(type) {
	case query.Has:
		return 0
	case query.Text:
		return mostCost
	case query.Compare:
		if findsText(n) {
			return mostCost
		}
	case query.Not:
		return max(1, costOf(n.Node))
	case query.And:
		return max(1, mostOf(n.Nodes))
	case query.Or:
		return max(1, mostOf(n.Nodes))
	}
	return 1
}

func mostOf(nodes []query.Node) int {
	most := 0
	for _, c := range nodes {
		most = max(most, costOf(c))
	}
	return most
}

// find reads which rows have one of the texts in one of the columns, whatever its case.
func (r *rows) find(columns, texts []string) ([]bool, error) {
	var plain, spelled []string
	for _, text := range texts {
		plain = append(plain, query.Fold(text))
		for _, s := range query.JSONSpellings(text) {
			spelled = append(spelled, query.Fold(s))
		}
	}
	var inText, inJSON []*part.Column
	for _, name := range columns {
		if c := r.enc.Column(name); isJSON(name) {
			inJSON = append(inJSON, c)
		} else {
			inText = append(inText, c)
		}
	}
	sel := make([]bool, r.size())
	if err := r.finds(sel, part.NewFinder(plain), inText); err != nil {
		return nil, err
	}
	return sel, r.finds(sel, part.NewFinder(spelled), inJSON)
}

// finds sets sel for the rows in which a finder finds something in one of the columns.
func (r *rows) finds(sel []bool, f *part.Finder, columns []*part.Column) error {
	if r.file == nil {
		for i, row := range r.fresh {
			if sel[i] {
				continue
			}
			var err error
			if sel[i], err = f.In(r.enc, row, columns); err != nil {
				return err
			}
		}
		return nil
	}
	for _, c := range columns {
		if err := r.file.ReadFinds(c.Name, sel, f); err != nil {
			return err
		}
	}
	return nil
}

func (r *rows) matchAny(nodes []query.Node) ([]bool, error) {
	any := make([]bool, r.size())
	for _, c := range nodes {
		sel, err := r.match(c)
		if err != nil || sel == nil {
			return nil, err
		}
		for i := range sel {
			any[i] = any[i] || sel[i]
		}
	}
	return any, nil
}

// column reads a column, or takes it from before where the searches of a pass share
// what they read. The caller changes nothing in it then.
func (r *rows) column(what, column string, read func(column string, v *part.Vector) error) (*part.Vector, error) {
	if v := r.shared[what+" "+column]; v != nil {
		return v, nil
	}
	v := r.vector()
	err := read(column, v)
	if r.shared != nil && err == nil {
		r.shared[what+" "+column] = v
	}
	return v, err
}

// resources reads which rows fulfil a node about resources, which are kept as
// JSON: each text is looked at once.
func (r *rows) resources(n query.Node) ([]bool, error) {
	v, err := r.column("terms", "resources", r.terms)
	if err != nil {
		return nil, err
	}
	matches := make([]bool, len(v.Terms))
	for i, term := range v.Terms {
		if has, ok := n.(query.Has); ok {
			// The text is canonical: empty members are left out, and in a
			// value the quotes would be escaped.
			matches[i] = strings.Contains(term, `"`+strings.TrimPrefix(has.Field.Name, resourcesPrefix)+`":"`)
			continue
		}
		var e hansard.Entry
		if i > 0 {
			if err := json.Unmarshal([]byte(term), &e.Resources); err != nil {
				return nil, hansard.Errorf(hansard.KindCorrupt, "select rows: resources: %w", err)
			}
		}
		matches[i] = query.Match(n, &e)
	}
	sel := make([]bool, len(v.Codes))
	for i, code := range v.Codes {
		sel[i] = matches[code]
	}
	return sel, nil
}

func (r *rows) compare(n query.Compare) ([]bool, error) {
	column := columnOf(n.Field.Name)
	switch n.Field.Kind {
	case query.KindList:
		if strings.HasPrefix(n.Field.Name, resourcesPrefix) {
			return r.resources(n)
		}
		v, sel := r.vector(), make([]bool, r.size())
		for _, value := range n.Values {
			if value.Person || value.Text == "" {
				continue
			}
			if err := r.holds(column, value.Text, v); err != nil {
				return nil, err
			}
			for i := range sel {
				sel[i] = sel[i] || v.Set[i]
			}
		}
		return sel, nil
	case query.KindInt, query.KindTime:
		return r.relate(n, column)
	case query.KindBool:
		return r.truths(n, column)
	}
	is := oneOf(n.Values)
	if r.shared == nil && r.file != nil {
		sel := make([]bool, r.size())
		return sel, r.file.ReadMatches(column, sel, is)
	}
	v, err := r.column("terms", column, r.terms)
	if err != nil {
		return nil, err
	}
	matches := make([]bool, len(v.Terms))
	for i, term := range v.Terms {
		matches[i] = i > 0 && is(term)
	}
	sel := make([]bool, len(v.Codes))
	for i, code := range v.Codes {
		sel[i] = matches[code]
	}
	return sel, nil
}

// oneOf returns the function that reports whether a text is one of the values. Those
// without "*" are looked up: a page of sessions names as many as it has.
func oneOf(values []query.Value) func(text string) bool {
	plain := map[string]bool{}
	var globs []query.Value
	for _, v := range values {
		switch {
		case v.Person:
		case v.Glob:
			globs = append(globs, v)
		default:
			plain[v.Text] = true
		}
	}
	return func(text string) bool {
		return plain[text] || slices.ContainsFunc(globs, func(v query.Value) bool { return v.Matches(text) })
	}
}

// truths reads which rows have one of the values of a truth, which is false where
// there is none.
func (r *rows) truths(n query.Compare, column string) ([]bool, error) {
	v, err := r.column("set", column, r.set)
	if err != nil {
		return nil, err
	}
	sel := make([]bool, len(v.Set))
	for i, set := range v.Set {
		sel[i] = slices.ContainsFunc(n.Values, func(value query.Value) bool { return value.Bool == set })
	}
	return sel, nil
}

// relate reads which rows have an integer in the relation. Bounds of the row
// group that say so stand for all rows.
func (r *rows) relate(n query.Compare, column string) ([]bool, error) {
	holds := func(x int64) bool { return related(n, x) }
	if r.file != nil && n.Op != query.In && r.enc.Column(column).Required {
		if least, greatest, ok := r.file.Bounds(column); ok && holds(least) && holds(greatest) {
			return nil, nil
		}
	}
	v, err := r.column("ints", column, r.ints)
	if err != nil {
		return nil, err
	}
	sel := make([]bool, len(v.Set))
	for i := range v.Set {
		sel[i] = v.Set[i] && holds(v.Ints[i])
	}
	return sel, nil
}

func related(n query.Compare, x int64) bool {
	if len(n.Values) == 0 {
		return false
	}
	first := n.Values[0].Int
	switch n.Op {
	case query.In:
		return slices.ContainsFunc(n.Values, func(v query.Value) bool { return v.Int == x })
	case query.GT:
		return x > first
	case query.GE:
		return x >= first
	case query.LT:
		return x < first
	case query.LE:
		return x <= first
	case query.Range:
		return len(n.Values) == 2 && x >= first && x <= n.Values[1].Int
	}
	return false
}
