package query

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hansardhq/hansard/internal/rawjson"
)

// value reads one value of the field; times are read by their own functions.
func (p *parser) value(f Field, ref Ref, tok token) (Value, error) {
	switch ref.Kind {
	case KindInt:
		n, expected := parseInt(tok.text, ref.Unit)
		if expected != "" {
			return Value{}, refuse(tok.pos, "bad value", expected)
		}
		return Value{Int: n}, nil
	case KindFloat:
		x, err := strconv.ParseFloat(tok.text, 64)
		if !isNumber(tok.text) || err != nil {
			return Value{}, refuse(tok.pos, "bad value", "a number such as 0.5")
		}
		return Value{Float: x}, nil
	case KindBool:
		if tok.text != "true" && tok.text != "false" {
			return Value{}, refuse(tok.pos, "bad value", "true or false")
		}
		return Value{Bool: tok.text == "true"}, nil
	}
	v := Value{Text: tok.text, Glob: !tok.quoted && strings.Contains(tok.text, "*")}
	if err := f.check(&v, ref, tok.pos); err != nil {
		return Value{}, err
	}
	return v, nil
}

// check completes a textual value and refuses what its field cannot take.
func (f Field) check(v *Value, ref Ref, pos int) error {
	if v.Glob && strings.Trim(v.Text, "*") == "" {
		return refuse(pos, "'*' in a list of values", "a value; key:* alone means present")
	}
	switch {
	case f.Person:
		v.Person = !strings.HasPrefix(v.Text, PseudonymPrefix)
		if v.Person && v.Glob {
			return refuse(pos, "'*' in the name of a person", "the whole value; persons are kept as pseudonyms")
		}
	case ref.Kind == KindJSON && ref.Path != "":
		if x, err := strconv.ParseFloat(v.Text, 64); err == nil && isNumber(v.Text) {
			v.Number, v.Float = true, x
		}
	case ref.Kind == KindText || ref.Kind == KindJSON:
		if v.Glob {
			return refuse(pos, "'*' in a search of text", "part of the text without it, or quotes around it")
		}
	case f.Enum != nil:
		return f.checkEnum(v, pos)
	}
	return nil
}

// checkEnum refuses a value that is not in the enumeration, or a pattern that
// matches none in it. An event type may leave out "agent.".
func (f Field) checkEnum(v *Value, pos int) error {
	if f.Name == "event_type" {
		if strings.HasPrefix(v.Text, "x.") {
			return nil
		}
		if !strings.HasPrefix(v.Text, "agent.") {
			v.Text = "agent." + v.Text
		}
	}
	if slices.ContainsFunc(f.Enum, v.Matches) {
		return nil
	}
	names := strings.Join(f.Enum, ", ")
	if f.Name == "event_type" {
		names = strings.ReplaceAll(names, "agent.", "") + ", or x.*"
	}
	return refuse(pos, "no such value", "one of "+names)
}

// isNumber reports whether s is spelled as a JSON number.
func isNumber(s string) bool {
	return s != "" && (s[0] == '-' || '0' <= s[0] && s[0] <= '9') && s[len(s)-1] != ' ' && rawjson.Valid([]byte(s), 0) == nil
}

// parseInt reads an integer in the spelling of its unit. When it is none,
// expected says what was.
func parseInt(s string, u Unit) (n int64, expected string) {
	switch u {
	case UnitMicros:
		return parseMicros(s)
	case UnitNanoUSD:
		n, ok := parseDecimal(strings.TrimPrefix(s, "$"), 9)
		if !ok {
			return 0, "dollars such as 0.5 or $0.5, with at most 9 decimals"
		}
		return n, ""
	}
	places := 0
	switch last := strings.ToLower(s[len(s)-1:]); last {
	case "k":
		places = 3
	case "m":
		places = 6
	}
	if places > 0 {
		s = s[:len(s)-1]
	}
	n, ok := parseDecimal(s, places)
	if !ok {
		return 0, "a whole number such as 1200, 10k or 1.5m"
	}
	return n, ""
}

// parseMicros reads a duration in microseconds; a bare number is milliseconds.
func parseMicros(s string) (n int64, expected string) {
	expected = "a duration such as 340ms, 2s or 1m30s, not finer than 1us"
	if n, ok := parseDecimal(s, 3); ok {
		if n < 0 || n > math.MaxInt64/1000 {
			return 0, expected
		}
		return n, ""
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d%time.Microsecond != 0 {
		return 0, expected
	}
	return d.Microseconds(), ""
}

// parseDecimal reads a decimal as an integer of 10^-places, exactly: no float,
// no rounding. ok is false when it does not fit or is no decimal.
func parseDecimal(s string, places int) (n int64, ok bool) {
	rest := strings.TrimPrefix(s, "-")
	whole, frac, dot := strings.Cut(rest, ".")
	frac = strings.TrimRight(frac, "0")
	if dot && rest == "." || whole+frac == "" && !dot || len(frac) > places {
		return 0, false
	}
	all := whole + frac + strings.Repeat("0", places-len(frac))
	for _, c := range all {
		if c < '0' || c > '9' {
			return 0, false
		}
	}
	if all == "" {
		all = "0" // ".0"
	}
	n, err := strconv.ParseInt(all, 10, 64)
	if err != nil {
		return 0, false
	}
	if len(rest) != len(s) {
		n = -n
	}
	return n, true
}
