package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hansardhq/hansard"
)

// flatten lists the figures of a report in its JSON form: the path of each value,
// for example "tool_breakdown.get_order.calls", and the value as text, "" for
// null. An element of a list goes by its first member, or by its number.
func flatten(r Report) ([]figure, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, hansard.Errorf(hansard.KindInternal, "write a report: %w", err)
	}
	return flattenJSON(text)
}

// flattenJSON lists the figures of a report's JSON. The error is of KindInvalid.
func flattenJSON(text []byte) ([]figure, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	v, err := ordered(d, 0)
	if err != nil {
		return nil, hansard.Errorf(hansard.KindInvalid, "read a report: it is no JSON object: %w", err)
	}
	root, ok := v.([]member)
	if !ok {
		return nil, hansard.Errorf(hansard.KindInvalid, "read a report: it is no JSON object")
	}
	f := flattener{searches: map[string]string{}}
	for _, m := range root {
		if list, ok := m.value.([]member); ok && m.name == "searches" {
			for _, s := range list {
				f.searches[s.name], _ = s.value.(string)
			}
		}
	}
	for _, m := range root {
		if m.name != "searches" {
			f.add(m.name, m.value)
		}
	}
	return f.list, nil
}

// member is a member of a JSON object, in its order.
type member struct {
	name  string
	value any // string, json.Number, bool, nil, []any or []member
}

// maxNesting bounds the nesting of a report's JSON.
const maxNesting = 32

// ordered reads a JSON value with the members of objects in their order.
func ordered(d *json.Decoder, depth int) (any, error) {
	if depth > maxNesting {
		return nil, fmt.Errorf("nested deeper than %d", maxNesting)
	}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := ordered(d, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = d.Token()
		return list, err
	case json.Delim('{'):
		members := []member{}
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := ordered(d, depth+1)
			if err != nil {
				return nil, err
			}
			members = append(members, member{name.(string), v})
		}
		_, err = d.Token()
		return members, err
	}
	return t, nil
}

type flattener struct {
	searches map[string]string
	list     []figure
}

func (f *flattener) add(path string, v any) {
	switch v := v.(type) {
	case []member:
		for _, m := range v {
			f.add(path+"."+m.name, m.value)
		}
	case []any:
		seen := map[string]bool{}
		for i, item := range v {
			name, rest := elementName(i, item)
			if seen[name] {
				name += fmt.Sprintf("#%d", i)
			}
			seen[name] = true
			f.add(path+"."+name, rest)
		}
	case nil:
		f.put(path, "")
	default:
		f.put(path, fmt.Sprint(v))
	}
}

// elementName returns what an element of a list goes by, and what is left of it: a
// pair by its first half, an object by its first member, if that is a text.
func elementName(i int, item any) (name string, rest any) {
	switch item := item.(type) {
	case []any:
		if first, ok := itemText(item, 0); ok && len(item) == 2 {
			return first, item[1]
		}
	case []member:
		if len(item) > 1 {
			if first, ok := item[0].value.(string); ok {
				return first, item[1:]
			}
		}
	}
	return fmt.Sprint(i), item
}

func itemText(list []any, i int) (string, bool) {
	if i >= len(list) {
		return "", false
	}
	s, ok := list[i].(string)
	return s, ok
}

// put adds a figure with the search of the longest path that has one.
func (f *flattener) put(path, value string) {
	search, at := "", path
	for {
		if s, ok := f.searches[at]; ok {
			search = s
			break
		}
		cut := strings.LastIndexByte(at, '.')
		if cut < 0 {
			break
		}
		at = at[:cut]
	}
	f.list = append(f.list, figure{path, value, search})
}
