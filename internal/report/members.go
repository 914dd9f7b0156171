package report

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/hansardhq/hansard"
)

// RenderMembers writes some members of a report's JSON, by name: those of each one
// where there are several. The error is of KindInvalid for a name that is none.
func RenderMembers(w io.Writer, r Report, names []string) error {
	var some any
	var err error
	if all, ok := r.(Incidents); ok {
		list := []members{}
		for _, one := range all {
			m, err := membersOf(one, names)
			if err != nil {
				return err
			}
			list = append(list, m)
		}
		some = list
	} else if some, err = membersOf(r, names); err != nil {
		return err
	}
	text, err := appendJSON(nil, some)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

// members are members of an object, in order.
type members []struct {
	name  string
	value any
}

// membersOf returns the members of a report with the names, in the report's order.
func membersOf(r Report, names []string) (members, error) {
	v := reflect.Indirect(reflect.ValueOf(r))
	list, known := members{}, []string{}
	for _, f := range reflect.VisibleFields(v.Type()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		known = append(known, name)
		if slices.Contains(names, name) {
			list = append(list, struct {
				name  string
				value any
			}{name, v.FieldByIndex(f.Index).Interface()})
		}
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, hansard.WithHint(hansard.Errorf(hansard.KindInvalid, "report: it has no member of this name"), "its members are "+strings.Join(known, ", "))
		}
	}
	return list, nil
}

// MarshalJSON implements json.Marshaler.
func (m members) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, x := range m {
		value, err := json.Marshal(x.value)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + x.name + `":`) // names of our own, that need no escape
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
