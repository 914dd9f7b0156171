package dialect

import (
	"encoding/binary"
	"encoding/json"
	"unsafe"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// run reads members from raw[i] on as long as they are what nearly all are: known
// fields, not sent before, with valid values and no more than a space between
// tokens. n is how many members were read before. It returns how many were read
// then, and where the next one begins, which is for collectMembers to judge; or,
// closed, where the brace is.
func (d *Decoder) run(n, i, maxFields, maxDepth int) (members, at int, closed bool) {
	b := d.raw
	if d.Arena != nil {
		b = b[:len(b)+padding]
	}
	o := &d.order
	for ; n < maxFields && i+keyRoom <= len(b); n++ {
		f := o.next[o.context%contexts][o.last]
		p := &places[f]
		at := i + int(p.length)
		if !p.stands((*[keyRoom]byte)(b[i:])) {
			if f, at = findKey(b, i); f == noField {
				return n, i, false
			}
			p = &places[f]
			o.learn(f) // before the value, which may be the type of the event
		}
		if at < len(b) && b[at] == ' ' {
			at++
		}
		end, set := d.value(p, b, at, maxDepth)
		if uint(end) >= uint(len(b)) || b[end] != ',' && b[end] != '}' || !d.seen.add(f) {
			return n, i, false
		}
		if !set {
			d.members[d.n] = valueSpan{at, end, f}
			d.n++
		}
		o.last = f
		if b[end] == '}' {
			return n + 1, end, true
		}
		if i = end + 1; i < len(b) && b[i] == ' ' {
			i++
		}
	}
	return n, i, false
}

// findKey returns the field whose key stands at b[i], and where its value begins;
// noField if it is none, or not spelt as keys are.
func findKey(b []byte, i int) (field uint8, at int) {
	if b[i] != '"' {
		return noField, 0
	}
	end := rawjson.PlainEnd(b, i)
	if end == 0 || end >= len(b) || b[end] != ':' {
		return noField, 0
	}
	if f := findField(b[i+1 : end-1]); f >= 0 {
		return uint8(f), end + 1
	}
	return noField, 0
}

// value returns the end of the value at b[i]; 0 if that is not valid, or nothing
// that a short look settles. set says that the event has it already; all else is
// for apply, which also keeps the order of what goes to the attributes.
func (d *Decoder) value(p *place, b []byte, i, maxDepth int) (end int, set bool) {
	if i+8 > len(b) {
		return 0, false
	}
	switch c := b[i]; {
	case c == '"':
		if end = rawjson.PlainEnd(b, i); end != 0 {
			return end, !d.later && d.setPlain(p, b[i:end:end])
		}
	case c-'0' <= 9:
		var n number
		if end = n.scan(b, i); end != 0 {
			return end, !d.later && d.setFigure(p, n)
		}
	case c == 'n' && binary.LittleEndian.Uint32(b[i:]) == 'n'|'u'<<8|'l'<<16|'l'<<24:
		return i + 4, !d.later
	case c == '{' || c == '[':
		if end, compact := rawjson.ScanCompact(b, i, maxDepth); end != 0 {
			return end, compact && !d.later && d.setCompact(p, b[i:end:end])
		}
	}
	end, err := rawjson.Scan(b, i, maxDepth)
	if err != nil {
		return 0, false
	}
	return end, false
}

// setPlain sets a field to a string without escapes; false leaves it to apply.
func (d *Decoder) setPlain(p *place, v []byte) bool {
	if len(v) == len(`""`) {
		return true // absent
	}
	to := unsafe.Add(unsafe.Pointer(d.event), p.offset)
	text := unsafe.String(&v[1], len(v)-2) // nothing writes to it any more
	switch p.kind {
	case kindText:
		*(*string)(to) = text
		if len(text) > int(p.limit) {
			d.over = true
		}
		return true
	case kindEnum:
		for _, known := range p.values {
			if known == text {
				*(*string)(to) = known
				return true
			}
		}
	case kindAny:
		*(*json.RawMessage)(to) = v
		return true
	case kindSpecial:
		return d.setPlainSpecial(p, v, text)
	}
	return false
}

func (d *Decoder) setPlainSpecial(p *place, v []byte, text string) bool {
	switch p.special {
	case specialEventID:
		d.event.EventID = text
		d.over = d.over || len(text) > maxID
		return true
	case specialEventType:
		d.order.context = contextOf(v)
		const prefix = "agent."
		if t := typeOf[d.order.context%contexts]; t == text || len(t) > len(prefix) && t[len(prefix):] == text {
			d.event.EventType = t
			return true
		}
	case specialTimestamp:
		ns := quickRFC3339(text)
		d.setTimestamp(ns)
		return ns > 0
	case specialVersion:
		d.version = text
		return true
	}
	return false
}

// setCompact sets a field to a list or an object that Compact would not change; false
// leaves it to apply.
func (d *Decoder) setCompact(p *place, v []byte) bool {
	switch {
	case p.kind == kindAny:
		*(*json.RawMessage)(unsafe.Add(unsafe.Pointer(d.event), p.offset)) = v
		return true
	case p.special == specialAttributes && v[0] == '{' && len(v) > len("{}"):
		d.event.Attributes = v // for good, if nothing comes to them
		d.attributes = v
		return true
	}
	return false
}

// setFigure sets a field to a number; false leaves it to apply.
func (d *Decoder) setFigure(p *place, n number) bool {
	to := unsafe.Add(unsafe.Pointer(d.event), p.offset)
	switch {
	case p.kind == kindNumber:
		v, ok := n.scaled(int(p.digits))
		if ok && (v != 0 || !p.noZero) {
			*(*hansard.Opt[int64])(to) = hansard.Some(v)
		}
		return ok
	case p.kind == kindFloat:
		x, ok := n.float()
		if ok = ok && (p.max == 0 || x <= p.max); ok && (x != 0 || !p.noZero) {
			*(*hansard.Opt[float64])(to) = hansard.Some(x)
		}
		return ok
	case p.special == specialTimestamp:
		ns, ok := n.instant()
		if ok {
			d.setTimestamp(ns)
		}
		return ok
	}
	return false
}
