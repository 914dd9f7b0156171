package query

import (
	"math"

	"github.com/hansardhq/hansard"
)

// ValueOf returns the value of a field, for languages beside this one that have the
// same fields: a string (KindString, KindPerson, KindText), a float64 in the unit
// of the field's name (KindInt, KindFloat; NaN where absent, which no comparison
// holds for), Unix nanoseconds as an int64 (KindTime; 0 where absent), a bool, a
// []string, or the JSON as []byte.
func ValueOf(e *hansard.Entry, f Field) any {
	switch f.Kind {
	case KindInt:
		if n, ok := intOf(e, f.Name); ok {
			return float64(n) / f.Unit.Scale()
		}
		return math.NaN()
	case KindFloat:
		if o := floatOf(e, f.Name); o.Set {
			return o.V
		}
		return math.NaN()
	case KindTime:
		t, _ := timeOf(e, f.Name)
		return t
	case KindBool:
		return e.Truncated
	case KindList:
		return listOf(e, f.Name)
	case KindJSON:
		raw, _ := jsonOf(e, f.Name)
		return raw
	}
	return stringOf(e, f.Name)
}

// Scale returns how many of the unit are one of what a field's name says: 1,000
// microseconds in duration_ms, 1e9 nano-dollars in cost_usd.
func (u Unit) Scale() float64 {
	switch u {
	case UnitMicros:
		return 1e3
	case UnitNanoUSD:
		return 1e9
	}
	return 1
}
