package forensic

import (
	"sort"
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// mended lists what may have made a failure good, so that each failure looks up what
// came after it, and a long run costs no square of its length.
type mended struct {
	same   map[string][]int // calls that worked, by tool and params
	tool   map[string][]int // by tool
	thing  map[string][]int // changes that worked, by a thing that they name
	answer map[string][]int // entries that are a model's answer, by agent
}

// between joins names to a key.
const between = "\x00"

// mend lists the calls and answers of a run that worked.
func (r *run) mend() *mended {
	m := &mended{map[string][]int{}, map[string][]int{}, map[string][]int{}, map[string][]int{}}
	for i, c := range r.calls {
		if !r.worked[i] {
			continue
		}
		m.same[c.Call.ToolName+between+r.params[i]] = append(m.same[c.Call.ToolName+between+r.params[i]], i)
		m.tool[c.Call.ToolName] = append(m.tool[c.Call.ToolName], i)
		if changes(c.Call) {
			for _, t := range things(c.Call) {
				m.thing[t] = append(m.thing[t], i)
				m.thing[t+between+c.Call.ToolName] = append(m.thing[t+between+c.Call.ToolName], i)
			}
		}
	}
	for i, e := range r.entries {
		if e.EventType == hansard.TypeLLMResponse && !failed(e) {
			m.answer[e.AgentName] = append(m.answer[e.AgentName], i)
		}
	}
	return m
}

// after returns the first of indexes in order that is greater than i.
func after(list []int, i int) (int, bool) {
	at := sort.SearchInts(list, i+1)
	if at == len(list) {
		return 0, false
	}
	return list[at], true
}

// recovery returns the event that made a failure good: a later call of the same
// tool for the same thing that worked, a change of the same thing by another
// tool, or, for a model, its next answer to the same agent.
func (r *run) recovery(f *Failure, m *mended) *hansard.Entry {
	if f.call == none {
		if f.entry.Model == "" {
			return nil
		}
		if i, ok := after(m.answer[f.AgentName], f.at); ok {
			return r.entries[i]
		}
		return nil
	}
	was := r.calls[f.call].Call
	best, found := 0, false
	look := func(list []int) {
		if i, ok := after(list, f.call); ok && (!found || i < best) {
			best, found = i, true
		}
	}
	if changes(was) {
		look(m.same[was.ToolName+between+r.params[f.call]])
		for _, t := range things(was) {
			if f.Party != PartyCaller {
				t += between + was.ToolName
			}
			look(m.thing[t])
		}
	} else {
		look(m.tool[was.ToolName])
	}
	if !found {
		return nil
	}
	return r.calls[best].Call
}

// changes reports whether a call changes something.
func changes(e *hansard.Entry) bool { return e.SideEffect == "write" || e.SideEffect == "irreversible" }

// things names what a call is about: each argument whose name ends in id, with its
// value, and each declared resource.
func things(e *hansard.Entry) []string {
	var all []string
	for _, x := range e.Resources {
		if x.ID != "" {
			all = append(all, "resource"+between+x.Kind+between+x.ID)
		}
	}
	_ = rawjson.Object(e.Params, func(k, v []byte) error {
		key := strings.Trim(string(k), `"`)
		if strings.HasSuffix(strings.ToLower(key), "id") && len(v) > 2 {
			all = append(all, "argument"+between+key+between+string(v))
		}
		return nil
	})
	return all
}

// sameThing reports whether two calls name the same thing.
func sameThing(a, b *hansard.Entry) bool {
	of := things(b)
	for _, x := range things(a) {
		for _, y := range of {
			if x == y {
				return true
			}
		}
	}
	return false
}
