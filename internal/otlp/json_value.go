package otlp

import (
	"strconv"

	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// plainAttrJSON reads the attribute at an offset if it is written as programs write
// one: {"key":"k","value":{"stringValue":"v"}}, with nothing else and no white space,
// and its value is no array, map or bytes. It returns the offset of its end; 0 where
// attrsJSON is to read it, or to say what is wrong with it.
func (d *decoder) plainAttrJSON(b []byte, offset int) (a dialect.Attr, end int) {
	const beforeKey, beforeValue = `{"key":"`, `,"value":{"`
	if !isAt(b, offset, beforeKey) {
		return a, 0
	}
	offset += len(beforeKey) - 1
	if end = rawjson.PlainEnd(b, offset); end == 0 || !isAt(b, end, beforeValue) {
		return a, 0
	}
	a.Key = b[offset+1 : end-1]
	offset = end + len(beforeValue)
	switch {
	case isAt(b, offset, `stringValue":"`):
		a.Value.Kind = dialect.ValueString
		a.Value.Text, d.arena, end = rawjson.ScanText(d.arena, b, offset+len(`stringValue":`))
	case isAt(b, offset, `intValue":`):
		a.Value, end = plainScalarJSON(b, offset, len(`intValue"`))
	case isAt(b, offset, `doubleValue":`):
		a.Value, end = plainScalarJSON(b, offset, len(`doubleValue"`))
	case isAt(b, offset, `boolValue":`):
		a.Value, end = plainScalarJSON(b, offset, len(`boolValue"`))
	default:
		return a, 0
	}
	if end == 0 || !isAt(b, end, `}}`) {
		return a, 0
	}
	return a, end + len(`}}`)
}

// plainScalarJSON reads the number or truth of a member whose name, without its first
// quote, is at an offset, and returns that of its end; 0 where it is none.
func plainScalarJSON(b []byte, offset, name int) (dialect.Value, int) {
	from := offset + name + 1
	end, err := rawjson.Scan(b, from, 0)
	if err != nil {
		return dialect.Value{}, 0
	}
	v, err := scalarJSON(b[offset-1:offset+name], b[from:end], dialect.Value{})
	if err != nil {
		return v, 0
	}
	return v, end
}

// isAt reports whether the text is at an offset.
func isAt(b []byte, offset int, text string) bool {
	return len(b)-offset >= len(text) && string(b[offset:offset+len(text)]) == text
}

// valueJSON reads the AnyValue of OTLP/JSON at an offset, {"stringValue": "x"}, and
// returns the offset of its end.
func (d *decoder) valueJSON(b []byte, offset int) (v dialect.Value, end int, err error) {
	end, err = d.eachMember(b, offset, func(k []byte, offset int) (int, error) {
		end, err := d.scanJSON(b, offset)
		if err != nil {
			return end, err
		}
		inner := b[offset:end]
		switch string(k) {
		case `"arrayValue"`, `"array_value"`, `"kvlistValue"`, `"kvlist_value"`:
			start := len(d.arena)
			if err := d.appendCompositeJSON(inner, k[1] == 'k', d.limits.Depth); err != nil {
				return end, err
			}
			v = dialect.Value{Kind: dialect.ValueJSON, Text: d.arena[start:len(d.arena):len(d.arena)]}
			return end, nil
		}
		v, err = scalarJSON(k, inner, v)
		return end, err
	})
	return v, end, err
}

// scalarJSON reads a member of an AnyValue that is no array or map; one that is
// not known leaves the value as it is.
func scalarJSON(key, b []byte, v dialect.Value) (dialect.Value, error) {
	switch string(key) {
	case `"stringValue"`, `"string_value"`:
		if b[0] != '"' {
			return v, invalid("stringValue is no string")
		}
		return dialect.Value{Kind: dialect.ValueString, Text: textOf(b)}, nil
	case `"boolValue"`, `"bool_value"`:
		return dialect.BoolValue(string(b) == "true"), nil
	case `"intValue"`, `"int_value"`:
		n, err := strconv.ParseInt(string(textOf(b)), 10, 64)
		if err != nil {
			// A fraction or an exponent, as JavaScript may write it.
			x, err := strconv.ParseFloat(string(textOf(b)), 64)
			if err != nil || x != float64(int64(x)) {
				return v, invalid("intValue is no 64-bit integer")
			}
			n = int64(x)
		}
		return dialect.IntValue(n), nil
	case `"doubleValue"`, `"double_value"`:
		x, err := strconv.ParseFloat(string(textOf(b)), 64)
		if err != nil {
			return v, invalid("doubleValue is no number")
		}
		return dialect.DoubleValue(x), nil
	case `"bytesValue"`, `"bytes_value"`:
		return dialect.Value{Kind: dialect.ValueBytes, Text: textOf(b)}, nil
	}
	return v, nil
}

// appendCompositeJSON appends {"values": [...]} to the arena as an array or a map.
func (d *decoder) appendCompositeJSON(b []byte, isMap bool, depth int) error {
	if depth == 0 {
		return tooDeep(d.limits.Depth)
	}
	open, end := byte('['), byte(']')
	if isMap {
		open, end = '{', '}'
	}
	d.arena = append(d.arena, open)
	first := true
	err := eachIn(b, []string{"values"}, func(item []byte) error {
		if !first {
			d.arena = append(d.arena, ',')
		}
		first = false
		if !isMap {
			return d.appendValueJSON(item, depth)
		}
		var key, value []byte
		_ = rawjson.Object(item, func(k, v []byte) error {
			switch string(k) {
			case `"key"`:
				key = textOf(v)
			case `"value"`:
				value = v
			}
			return nil
		})
		d.arena = append(rawjson.AppendQuote(d.arena, key), ':')
		return d.appendValueJSON(value, depth)
	})
	d.arena = append(d.arena, end)
	return err
}

// appendValueJSON appends an AnyValue to the arena.
func (d *decoder) appendValueJSON(b []byte, depth int) error {
	start := len(d.arena)
	err := rawjson.Object(b, func(k, inner []byte) error {
		d.arena = d.arena[:start]
		switch string(k) {
		case `"arrayValue"`, `"array_value"`, `"kvlistValue"`, `"kvlist_value"`:
			return d.appendCompositeJSON(inner, k[1] == 'k', depth-1)
		}
		v, err := scalarJSON(k, inner, dialect.Value{})
		d.arena = v.AppendJSON(d.arena)
		return err
	})
	if err == nil && len(d.arena) == start {
		d.arena = append(d.arena, "null"...)
	}
	return err
}
