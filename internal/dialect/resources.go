package dialect

import (
	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// setResources reads a list of resources; a single one is a list of one, and a
// plain string is a resource's id. When something in it does not fit, the
// whole is kept in the attributes beside what did.
func (d *Decoder) setResources(v []byte) {
	fits := true
	add := func(item []byte) error {
		if absent(item) {
			return nil
		}
		r, ok := d.resource(item)
		fits = fits && ok
		if r != (hansard.Resource{}) {
			d.event.Resources = append(d.event.Resources, r)
		}
		return nil
	}
	if v[0] == '[' {
		_ = rawjson.Array(v, add)
	} else {
		_ = add(v)
	}
	if !fits {
		d.keep("resources", v)
	}
	d.over = d.over || !resourcesFit(d.event.Resources)
}

// resource reads one resource; it is not ok when something was left out.
func (d *Decoder) resource(item []byte) (r hansard.Resource, ok bool) {
	switch item[0] {
	case '"':
		return hansard.Resource{ID: d.textOf(item)}, true
	case '{':
		ok = true
	}
	_ = rawjson.Object(item, func(k, v []byte) error {
		var to *string
		switch string(k) {
		case `"kind"`:
			to = &r.Kind
		case `"id"`:
			to = &r.ID
		case `"operation"`:
			to = &r.Operation
		case `"data_class"`:
			to = &r.DataClass
		}
		switch {
		case to == nil || *to != "": // unknown, or there twice
			ok = false
		case !absent(v):
			*to = d.textOf(v)
		}
		return nil
	})
	return r, ok
}

// resourcesFit reports whether the list is within its bounds.
func resourcesFit(list []hansard.Resource) bool {
	for i := range list {
		r := &list[i]
		if max(len(r.Kind), len(r.ID), len(r.Operation), len(r.DataClass)) > maxID {
			return false
		}
	}
	return len(list) <= maxItems
}

func appendResources(dst []byte, list []hansard.Resource) []byte {
	dst = append(dst, '[')
	for i := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendResource(dst, &list[i])
	}
	return append(dst, ']')
}

func appendResource(dst []byte, r *hansard.Resource) []byte {
	dst = append(dst, '{')
	start := len(dst)
	for _, m := range [...]struct{ name, value string }{
		{"kind", r.Kind}, {"id", r.ID}, {"operation", r.Operation}, {"data_class", r.DataClass},
	} {
		if m.value != "" {
			dst = appendName(dst, start, m.name)
			dst = rawjson.AppendQuote(dst, m.value)
		}
	}
	return append(dst, '}')
}
