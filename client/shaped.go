package client

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"time"

	"github.com/hansardhq/hansard/internal/rawjson"
)

// appendShaped appends v by the shape of its type. ok is false where encoding/json has
// to write it, or to say why it cannot; what was appended counts for nothing then.
func (s *shapes) appendShaped(dst []byte, v any, depth int) (_ []byte, ok bool) {
	if v == nil {
		return append(dst, "null"...), true
	}
	rv := reflect.ValueOf(v)
	return s.appendBy(dst, s.of(rv.Type()), rv, depth)
}

// appendBy appends a value by its shape. Pointers count as depth too, so that what
// points to itself ends.
func (s *shapes) appendBy(dst []byte, sh *shape, v reflect.Value, depth int) (_ []byte, ok bool) {
	if depth > maxDepth {
		return dst, false
	}
	switch sh.form {
	case shapePlain:
		return appendPlain(dst, sh.kind, v)
	case shapeStruct:
		return s.appendMembers(dst, sh, v, depth)
	case shapeList:
		return s.appendElems(dst, sh, v, depth)
	case shapeTime:
		return appendTime(dst, v)
	case shapeNone:
		return dst, false
	case shapePointer, shapeAny, shapeMap, shapeTextMap, shapeBytes, shapeRaw:
		if v.IsNil() {
			return append(dst, "null"...), true
		}
	}
	switch sh.form {
	case shapePointer:
		return s.appendBy(dst, sh.elem, v.Elem(), depth+1)
	case shapeAny:
		return s.appendBy(dst, s.of(v.Elem().Type()), v.Elem(), depth)
	case shapeMap:
		return s.appendObject(dst, v.Interface().(map[string]any), depth)
	case shapeTextMap:
		return appendTextMap(dst, v.Interface().(map[string]string)), true
	case shapeRaw:
		raw := json.RawMessage(v.Bytes())
		return appendRaw(dst, raw), rawjson.Valid(raw, maxDepth-depth) == nil
	}
	return append(base64.StdEncoding.AppendEncode(append(dst, '"'), v.Bytes()), '"'), true
}

func appendPlain(dst []byte, kind reflect.Kind, v reflect.Value) (_ []byte, ok bool) {
	switch kind {
	case reflect.String:
		return rawjson.AppendQuote(dst, v.String()), true
	case reflect.Bool:
		return strconv.AppendBool(dst, v.Bool()), true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.AppendInt(dst, v.Int(), 10), true
	case reflect.Float64:
		x := v.Float()
		return appendFloat(dst, x), !math.IsNaN(x) && !math.IsInf(x, 0)
	case reflect.Float32: // has fewer digits than the float64 of the same value
		x := v.Float()
		return strconv.AppendFloat(dst, x, 'g', -1, 32), !math.IsNaN(x) && !math.IsInf(x, 0)
	}
	return strconv.AppendUint(dst, v.Uint(), 10), true
}

func (s *shapes) appendMembers(dst []byte, sh *shape, v reflect.Value, depth int) (_ []byte, ok bool) {
	sep := byte('{')
	for i := range sh.fields {
		f := &sh.fields[i]
		fv := v.Field(f.index)
		if f.omitEmpty && isEmpty(fv) || f.omitZero && isZero(f.shape, fv) {
			continue
		}
		dst = append(append(dst, sep), f.member...)
		if dst, ok = s.appendBy(dst, f.shape, fv, depth+1); !ok {
			return dst, false
		}
		sep = ','
	}
	if sep == '{' {
		dst = append(dst, sep)
	}
	return append(dst, '}'), true
}

// isEmpty reports whether "omitempty" leaves a value out.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

// isZero reports whether "omitzero" leaves a value out.
func isZero(sh *shape, v reflect.Value) bool {
	if sh.form == shapeTime {
		return timeOf(v).IsZero()
	}
	return v.IsZero()
}

// timeOf returns the time that v is. One that has an address would be copied to the
// heap on its way through an interface.
func timeOf(v reflect.Value) time.Time {
	if v.CanAddr() {
		return *v.Addr().Interface().(*time.Time)
	}
	return v.Interface().(time.Time)
}

func appendTime(dst []byte, v reflect.Value) (_ []byte, ok bool) {
	dst, err := timeOf(v).AppendText(append(dst, '"'))
	return append(dst, '"'), err == nil
}

func (s *shapes) appendElems(dst []byte, sh *shape, v reflect.Value, depth int) (_ []byte, ok bool) {
	if sh.kind == reflect.Slice && v.IsNil() {
		return append(dst, "null"...), true
	}
	dst = append(dst, '[')
	for i := range v.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, ok = s.appendBy(dst, sh.elem, v.Index(i), depth+1); !ok {
			return dst, false
		}
	}
	return append(dst, ']'), true
}

// object appends a map that is part of another value.
func (s *shapes) appendObject(dst []byte, m map[string]any, depth int) (_ []byte, ok bool) {
	var room [sortedKeys]pair
	dst = append(dst, '{')
	for i, p := range pairsOf(room[:0], m) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(rawjson.AppendQuote(dst, p.key), ':')
		if dst, ok = s.appendShaped(dst, p.value, depth+1); !ok {
			return dst, false
		}
	}
	return append(dst, '}'), true
}
