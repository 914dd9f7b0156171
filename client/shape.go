package client

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/hansardhq/hansard/internal/rawjson"
)

// shape says how the values of a type are written. It is found out once for each
// type, where encoding/json allocates at each call. A value gets the JSON that
// encoding/json gives it, texts and numbers spelled as in the rest of the record.
type shape struct {
	form   shapeForm
	kind   reflect.Kind // of a plain value
	elem   *shape       // of a pointer or a list
	fields []shapeField // of a struct
}

// shapeForm is how a shape is written.
type shapeForm uint8

const (
	shapeNone    shapeForm = iota // by encoding/json: its type says itself how, or is seldom met
	shapePlain                    // a truth value, a number or a text
	shapeStruct                   // its fields
	shapePointer                  // what it points to
	shapeList                     // a slice or an array
	shapeBytes                    // a slice of bytes, in base64
	shapeAny                      // an interface: what it holds, by the shape of that
	shapeMap                      // map[string]any
	shapeTextMap                  // map[string]string
	shapeTime                     // time.Time
	shapeRaw                      // json.RawMessage
)

// shapeField is a member of a struct.
type shapeField struct {
	index     int
	member    string // its name in quotes, and a colon
	omitEmpty bool
	omitZero  bool
	shape     *shape
}

// shapes writes values. It keeps the shapes of the types that it has met: as many as
// the program has types that it logs.
type shapes struct {
	known   sync.Map  // *shape by reflect.Type
	writers sync.Pool // of *jsonWriter
}

// of returns the shape of a type.
func (s *shapes) of(t reflect.Type) *shape {
	if sh, ok := s.known.Load(t); ok {
		return sh.(*shape)
	}
	found := map[reflect.Type]*shape{}
	sh := shapeOf(t, found)
	for t, f := range found {
		s.known.LoadOrStore(t, f)
	}
	return sh
}

var (
	anyMap   = reflect.TypeFor[map[string]any]()
	textMap  = reflect.TypeFor[map[string]string]()
	timeType = reflect.TypeFor[time.Time]()
	rawType  = reflect.TypeFor[json.RawMessage]()
	numType  = reflect.TypeFor[json.Number]()
)

// shapeOf finds out the shape of a type. found holds those that were begun: a type
// may be part of itself.
func shapeOf(t reflect.Type, found map[reflect.Type]*shape) *shape {
	if sh := found[t]; sh != nil {
		return sh
	}
	sh := &shape{kind: t.Kind()}
	found[t] = sh
	switch {
	case t == timeType:
		sh.form = shapeTime
	case t == rawType:
		sh.form = shapeRaw
	case t == anyMap:
		sh.form = shapeMap
	case t == textMap:
		sh.form = shapeTextMap
	case t.Kind() == reflect.Pointer: // has the methods of what it points to, of which that one's shape knows
		sh.ofElem(shapePointer, t, found)
	case t == numType || says[json.Marshaler](t) || says[encoding.TextMarshaler](t):
	default:
		sh.ofKind(t, found)
	}
	return sh
}

// says reports whether a type, or a pointer to it, has the methods of an interface.
func says[I any](t reflect.Type) bool {
	i := reflect.TypeFor[I]()
	return t.Implements(i) || reflect.PointerTo(t).Implements(i)
}

func (sh *shape) ofKind(t reflect.Type, found map[reflect.Type]*shape) {
	switch k := t.Kind(); k {
	case reflect.Struct:
		sh.ofStruct(t, found)
	case reflect.Interface:
		sh.form = shapeAny
	case reflect.Slice, reflect.Array:
		if sh.ofElem(shapeList, t, found); k == reflect.Slice && sh.form == shapeList && t.Elem().Kind() == reflect.Uint8 {
			sh.form = shapeBytes
		}
	default:
		if k >= reflect.Bool && k <= reflect.Float64 || k == reflect.String {
			sh.form = shapePlain
		}
	}
}

func (sh *shape) ofElem(form shapeForm, t reflect.Type, found map[reflect.Type]*shape) {
	sh.form = form
	if sh.elem = shapeOf(t.Elem(), found); sh.elem.form == shapeNone {
		sh.form = shapeNone
	}
}

// ofStruct finds out the fields by the rules of encoding/json. A struct with embedded
// ones, with one name twice or with numbers in quotes it leaves to that.
func (sh *shape) ofStruct(t reflect.Type, found map[reflect.Type]*shape) {
	sh.form = shapeStruct
	for i := range t.NumField() {
		sf := t.Field(i)
		tag := sf.Tag.Get("json")
		if !sf.Anonymous && !sf.IsExported() || tag == "-" {
			continue
		}
		name, rest, _ := strings.Cut(tag, ",")
		options := strings.Split(rest, ",")
		if !validMember(name) {
			name = sf.Name
		}
		f := shapeField{
			index: i, member: string(append(rawjson.AppendQuote(nil, name), ':')), shape: shapeOf(sf.Type, found),
			omitEmpty: slices.Contains(options, "omitempty"), omitZero: slices.Contains(options, "omitzero"),
		}
		own := f.omitZero && sf.Type != timeType && says[interface{ IsZero() bool }](sf.Type)
		twice := slices.ContainsFunc(sh.fields, func(o shapeField) bool { return o.member == f.member })
		if sf.Anonymous || own || twice || slices.Contains(options, "string") || f.shape.form == shapeNone {
			sh.form, sh.fields = shapeNone, nil
			return
		}
		sh.fields = append(sh.fields, f)
	}
}

// validMember reports whether a tag's name counts for encoding/json.
func validMember(s string) bool {
	for _, c := range s {
		if !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", c) && !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			return false
		}
	}
	return s != ""
}
