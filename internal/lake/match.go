package lake

import (
	"slices"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
)

// selectable reports whether rows.match can tell which rows a node selects. The
// other nodes are the engine's business.
func selectable(n query.Node) bool {
	switch n := n.(type) {
	case nil:
		return true
	case query.And:
		return !slices.ContainsFunc(n.Nodes, func(c query.Node) bool { return !selectable(c) })
	case query.Or:
		return !slices.ContainsFunc(n.Nodes, func(c query.Node) bool { return !selectable(c) })
	case query.Not:
		return selectable(n.Node)
	case query.Compare:
		return comparable(n)
	case query.Has:
		switch n.Field.Kind {
		case query.KindString, query.KindPerson, query.KindInt, query.KindTime:
			return n.Field.Name != "log" && n.Field.Name != "leaf_hash"
		case query.KindText:
			return true
		}
	}
	return false
}

func comparable(n query.Compare) bool {
	switch n.Field.Kind {
	case query.KindString, query.KindPerson:
		return n.Field.Name != "log" && n.Field.Name != "leaf_hash" && n.Op == query.In
	case query.KindInt, query.KindTime:
		return true
	case query.KindList:
		return slices.Contains([]string{"labels", "tags", "on_behalf_of"}, n.Field.Name) && n.Op == query.In &&
			!slices.ContainsFunc(n.Values, func(v query.Value) bool { return v.Glob })
	}
	return false
}

// match reads which rows of a part a selectable node selects; nil stands for all.
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
		return r.compare(n)
	case query.Has:
		v := r.vector()
		err := r.file.ReadSet(r.g, columnOf(n.Field.Name), v)
		return v.Set, err
	case nil:
		return nil, nil
	}
	return nil, hansard.Errorf(hansard.KindInternal, "select rows: unknown node %T", n)
}

func (r *rows) matchAll(nodes []query.Node) ([]bool, error) {
	var all []bool
	for _, c := range nodes {
		sel, err := r.match(c)
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = sel
			continue
		}
		for i := range sel {
			all[i] = all[i] && sel[i]
		}
	}
	return all, nil
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

func (r *rows) compare(n query.Compare) ([]bool, error) {
	v := r.vector()
	column := columnOf(n.Field.Name)
	switch n.Field.Kind {
	case query.KindList:
		sel := make([]bool, r.size())
		for _, value := range n.Values {
			if value.Person || value.Text == "" {
				continue
			}
			if err := r.file.ReadHolds(r.g, column, value.Text, v); err != nil {
				return nil, err
			}
			for i := range sel {
				sel[i] = sel[i] || v.Set[i]
			}
		}
		return sel, nil
	case query.KindInt, query.KindTime:
		return r.relate(n, column)
	}
	if err := r.file.ReadTerms(r.g, column, v); err != nil {
		return nil, err
	}
	matches := make([]bool, len(v.Terms))
	for i, term := range v.Terms {
		matches[i] = i > 0 && slices.ContainsFunc(n.Values, func(value query.Value) bool { return !value.Person && value.Matches(term) })
	}
	sel := make([]bool, len(v.Codes))
	for i, code := range v.Codes {
		sel[i] = matches[code]
	}
	return sel, nil
}

// relate reads which rows have an integer in the relation. Bounds of the row
// group that say so stand for all rows.
func (r *rows) relate(n query.Compare, column string) ([]bool, error) {
	holds := func(x int64) bool { return related(n, x) }
	if least, greatest, ok := r.file.Bounds(r.g, column); ok && n.Op != query.In && r.enc.Column(column).Required && holds(least) && holds(greatest) {
		return nil, nil
	}
	v := r.vector()
	if err := r.file.ReadInts(r.g, column, v); err != nil {
		return nil, err
	}
	for i := range v.Set {
		v.Set[i] = v.Set[i] && holds(v.Ints[i])
	}
	return v.Set, nil
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
