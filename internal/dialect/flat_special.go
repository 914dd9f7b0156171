package dialect

import (
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

func (d *Decoder) setSpecial(f *field, v []byte) error {
	switch f.special {
	case specialEventID:
		return d.setEventID(v)
	case specialEventType:
		return d.setEventType(v)
	case specialTimestamp:
		ns, err := parseInstant(v)
		if err != nil {
			return err
		}
		d.setTimestamp(ns)
	case specialVersion:
		d.version = d.textOf(v)
	case specialActor:
		d.setActor(v)
	case specialError:
		d.setError(v)
	case specialResources:
		d.setResources(v)
	case specialAttributes:
		if v[0] == '{' {
			d.attributes = v
		} else {
			d.keep(f.name, v)
		}
	}
	return nil
}

func (d *Decoder) setTimestamp(ns int64) {
	if ns != 0 { // 0 is absent, in an Event as in what is sent
		d.event.Timestamp = ns
		d.event.TimeSource = hansard.TimeFromSender
	}
}

func (d *Decoder) setEventID(v []byte) error {
	if v[0] != '"' && !isNumber(v) {
		return hansard.Errorf(hansard.KindInvalid, "event_id is not a string")
	}
	d.event.EventID = d.textOf(v)
	d.over = d.over || len(d.event.EventID) > maxID
	return nil
}

// setEventType accepts our types with and without "agent.", and custom ones.
// derive makes the event generic when none is set.
func (d *Decoder) setEventType(v []byte) error {
	if v[0] != '"' {
		return hansard.Errorf(hansard.KindInvalid, "event_type is not a string")
	}
	sent := v[1 : len(v)-1]
	for _, t := range hansard.EventTypes {
		if string(sent) == t || string(sent) == t[len("agent."):] {
			d.event.EventType = t
			return nil
		}
	}
	if s := d.textOf(v); len(s) > len("x.") && len(s) <= maxID && s[:2] == "x." {
		d.event.EventType = s
		return nil
	}
	d.keep("event_type", v)
	return nil
}

// manyMembers is from where the unknown members of an actor are kept in one
// piece: a sender must not make us sort thousands of them one by one.
const manyMembers = 16

// setActor reads {"type", "id", "role"}; anything but an object or a list is
// the id.
func (d *Decoder) setActor(v []byte) {
	e := d.event
	switch v[0] {
	case '[':
		d.keep("actor", v)
	case '{':
		many := rawjson.Len(v) > manyMembers
		if many {
			d.keep("actor", v)
		}
		_ = rawjson.Object(v, func(k, v []byte) error {
			key := string(rawjson.Unquote(nil, k))
			if !d.setActorMember(key, v) && !many {
				d.keep("actor."+key, v)
			}
			return nil
		})
	default:
		e.ActorID = d.textOf(v)
	}
	d.over = d.over || len(e.ActorID) > maxID || len(e.ActorRole) > maxName
}

// actorType reads the actor's type as any other enumeration.
var actorType = field{
	name: "actor.type", values: hansard.ActorTypes,
	text: func(e *hansard.Event) *string { return &e.ActorType },
}

// setActorMember reads one member of an actor; false if it is unknown.
func (d *Decoder) setActorMember(key string, v []byte) bool {
	switch {
	case key != "type" && key != "id" && key != "role":
		return false
	case absent(v):
	case key == "type":
		d.setEnum(&actorType, &d.event.ActorType, v)
	case key == "id":
		d.event.ActorID = d.textOf(v)
	default:
		d.event.ActorRole = d.textOf(v)
	}
	return true
}

// setError reads the text of an error. Of an object it takes the message and
// keeps the whole; false, 0 and empty lists and objects say that there was
// none, and are kept as sent.
func (d *Decoder) setError(v []byte) {
	switch v[0] {
	case 'f':
		d.keep("error", v)
		return
	case '[', '{':
		d.keep("error", v)
		if rawjson.Len(v) == 0 {
			return
		}
	default:
		if isNumber(v) && parseDecimal(v).zero {
			d.keep("error", v)
			return
		}
	}
	if v[0] == '{' {
		for _, key := range []string{"name", "type"} {
			if t := rawjson.Get(v, key); t != nil && t[0] == '"' && !absent(t) {
				d.errorType = d.textOf(t)
			}
		}
		if m := rawjson.Get(v, "message"); m != nil && !absent(m) {
			d.event.Error = d.textOf(m)
			return
		}
	}
	d.event.Error = d.textOf(v)
}

// derive fills in the fields that follow from others.
func (d *Decoder) derive() {
	e := d.event
	if e.EventType == "" {
		e.EventType = hansard.TypeGeneric
	}
	switch {
	case e.AgentVersion == "":
		e.AgentVersion = d.version
	case d.version != "" && d.version != e.AgentVersion:
		d.keep("version", rawjson.AppendQuote(nil, d.version))
	}
	if e.ErrorType == "" {
		e.ErrorType = d.errorType
	}
	switch {
	case strings.HasPrefix(e.Action, "tool_call:"), strings.HasPrefix(e.Action, "tool_result:"):
		if e.ToolName == "" {
			e.ToolName = objectOf(e.Action)
		}
	case strings.HasPrefix(e.Action, "decision:"):
		if e.Decision == "" {
			e.Decision = objectOf(e.Action)
		}
	}
	if e.HandoffTo == "" && e.EventType == hansard.TypeHandoff {
		if to := rawjson.Get(e.Params, "target"); to != nil && (to[0] == '"' || isNumber(to)) {
			e.HandoffTo = d.textOf(to)
		}
	}
	if e.Error != "" && (e.Status == "" || e.Status == "ok") {
		e.Status = "error"
	}
	d.over = d.over || len(e.AgentVersion) > maxName || len(e.ErrorType) > maxName || len(e.HandoffTo) > maxName
}

// objectOf returns what stands behind the verb and the colon in an action.
func objectOf(action string) string {
	_, object, _ := strings.Cut(action, ":")
	return strings.TrimSpace(object)
}
