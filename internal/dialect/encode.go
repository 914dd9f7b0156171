package dialect

import (
	"math"
	"strconv"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// AppendEvent appends e in the flat form, as one compact JSON object with its
// fields in the order of EVENT.md, absent ones left out. Flat.Decode reads the
// same event from it, except for what the flat form cannot say: a 0 in
// confidence, duration_ms or token_count, an "any JSON" field that is null or
// "", and the fields that a sender may not set (Dialect, TimeSource, Labels,
// Truncated). RaiseTier is written as "tier" and comes back among the
// attributes too. The fields that hold any JSON must be valid JSON or empty,
// Attributes an object or empty.
func AppendEvent(dst []byte, e *hansard.Event) []byte {
	dst = append(dst, '{')
	start := len(dst)
	for i := range fields {
		dst = appendField(dst, start, &fields[i], e)
	}
	if e.RaiseTier != "" {
		dst = appendName(dst, start, "tier")
		dst = rawjson.AppendQuote(dst, string(e.RaiseTier))
	}
	return append(dst, '}')
}

// appendName appends a member's name, and the comma before it unless it is the
// first after start.
func appendName(dst []byte, start int, name string) []byte {
	if len(dst) > start {
		dst = append(dst, ',')
	}
	dst = append(dst, '"')
	dst = append(dst, name...)
	return append(dst, '"', ':')
}

func appendField(dst []byte, start int, f *field, e *hansard.Event) []byte {
	switch {
	case f.text != nil:
		if s := *f.text(e); s != "" {
			return rawjson.AppendQuote(appendName(dst, start, f.name), s)
		}
	case f.any != nil:
		if v := *f.any(e); len(v) > 0 {
			return rawjson.Compact(appendName(dst, start, f.name), v)
		}
	case f.number != nil:
		if n := *f.number(e); n.Set {
			return appendScaled(appendName(dst, start, f.name), n.V, f.digits)
		}
	case f.float != nil:
		if x := *f.float(e); x.Set {
			return appendFloat(appendName(dst, start, f.name), x.V)
		}
	case f.list != nil:
		if list := *f.list(e); len(list) > 0 {
			return appendTexts(appendName(dst, start, f.name), list)
		}
	default:
		return appendSpecial(dst, start, f, e)
	}
	return dst
}

func appendSpecial(dst []byte, start int, f *field, e *hansard.Event) []byte {
	switch f.special {
	case specialEventType:
		if e.EventType != "" {
			return rawjson.AppendQuote(appendName(dst, start, f.name), e.EventType)
		}
	case specialTimestamp:
		if e.Timestamp != 0 {
			dst = append(appendName(dst, start, f.name), '"')
			return append(time.Unix(0, e.Timestamp).UTC().AppendFormat(dst, time.RFC3339Nano), '"')
		}
	case specialActor:
		if e.ActorType != "" || e.ActorID != "" || e.ActorRole != "" {
			return appendActor(appendName(dst, start, f.name), e)
		}
	case specialResources:
		if len(e.Resources) > 0 {
			return appendResources(appendName(dst, start, f.name), e.Resources)
		}
	case specialAttributes:
		if len(e.Attributes) > 0 {
			return rawjson.Compact(appendName(dst, start, f.name), e.Attributes)
		}
	}
	return dst
}

func appendActor(dst []byte, e *hansard.Event) []byte {
	dst = append(dst, '{')
	start := len(dst)
	for _, m := range [...]struct{ name, value string }{
		{"type", e.ActorType}, {"id", e.ActorID}, {"role", e.ActorRole},
	} {
		if m.value != "" {
			dst = appendName(dst, start, m.name)
			dst = rawjson.AppendQuote(dst, m.value)
		}
	}
	return append(dst, '}')
}

func appendTexts(dst []byte, list []string) []byte {
	dst = append(dst, '[')
	for i, s := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = rawjson.AppendQuote(dst, s)
	}
	return append(dst, ']')
}

// appendFloat appends the shortest number that reads back as x, without an
// exponent where people would write none.
func appendFloat(dst []byte, x float64) []byte {
	format := byte('f')
	if a := math.Abs(x); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, x, format, -1, 64)
}

// appendScaled appends n times 10^-digits as a decimal number without
// trailing zeros.
func appendScaled(dst []byte, n int64, digits int) []byte {
	unit := int64(1)
	for range digits {
		unit *= 10
	}
	if n < 0 {
		dst = append(dst, '-')
		n = -n
	}
	dst = strconv.AppendInt(dst, n/unit, 10)
	if n %= unit; n != 0 {
		dst = append(dst, '.')
		for n != 0 {
			unit /= 10
			dst = append(dst, '0'+byte(n/unit))
			n %= unit
		}
	}
	return dst
}
