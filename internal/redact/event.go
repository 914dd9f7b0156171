package redact

import (
	"encoding/json"
	"runtime"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// Redacted is an entry whose event went through an Engine. Only this package can
// make one that is not empty, so that whoever takes a Redacted cannot be given a raw
// event by mistake.
type Redacted struct{ entry *hansard.Entry }

// Entry returns the entry, of which are set the redacted Event, the Redactions and the
// Persons: the clear values of the fields that name persons, themselves redacted, in
// the order user_id, actor_id, on_behalf_of, approver, resources; nil if the event
// names none. The list under resources has one element for each resource of the event,
// null where it has no id. It is nil for the zero Redacted.
func (r Redacted) Entry() *hansard.Entry { return r.entry }

// Redact redacts the event of an entry under the tenant's current key, in place: an
// event is larger than most of what it says, and is copied at no stage. It takes
// ownership of the entry: the caller must not use it again, also not after an error,
// but for another event. The error is of KindInternal if there is no usable key, the
// event has malformed JSON in it or a detector failed; there is no redacted event then.
func (e *Engine) Redact(keys Keys, entry *hansard.Entry) (Redacted, error) {
	return e.redact(keys, entry, false)
}

// RedactDecoded is Redact for an event that a dialect has just decoded: its JSON is
// known to be valid, and is not read through once more to see that. Where it is not,
// what is looked for is found all the same, but an error is not certain.
func (e *Engine) RedactDecoded(keys Keys, entry *hansard.Entry) (Redacted, error) {
	return e.redact(keys, entry, true)
}

func (e *Engine) redact(keys Keys, entry *hansard.Entry, valid bool) (r Redacted, err error) {
	if entry == nil {
		return Redacted{}, hansard.Errorf(hansard.KindInternal, "redact an event: there is none")
	}
	p, err := e.pass(keys)
	if err != nil {
		return Redacted{}, err
	}
	defer catch("redact an event", &err, func() { r = Redacted{} })
	p.valid = valid
	if entry.Persons, err = p.event(&entry.Event); err != nil {
		return Redacted{}, hansard.Errorf(hansard.KindInternal, "redact an event: %w", err)
	}
	entry.Redactions = p.countList()
	p.release()
	return Redacted{entry}, nil
}

// Text redacts one text outside of an event, such as a query that goes on
// record. The errors are those of Redact.
func (e *Engine) Text(keys Keys, s string) (out string, counts []hansard.RedactionCount, err error) {
	p, err := e.pass(keys)
	if err != nil {
		return "", nil, err
	}
	defer catch("redact a text", &err, func() { out, counts = "", nil })
	b, changed, err := p.string(bytesOf(s), 0)
	if err != nil {
		return "", nil, hansard.Errorf(hansard.KindInternal, "redact a text: %w", err)
	}
	if !changed {
		p.release()
		return s, nil, nil
	}
	out, counts = string(b), p.countList()
	p.release()
	return out, counts, nil
}

// catch turns a panic into an error. The panic's text may hold content of the
// event, so only the place of a runtime error is told.
func catch(doing string, err *error, reset func()) {
	v := recover()
	if v == nil {
		return
	}
	reset()
	what := "panic"
	if re, ok := v.(runtime.Error); ok {
		what = "panic: " + re.Error() // an index or a nil pointer: no content
	}
	*err = hansard.Errorf(hansard.KindInternal, "%s: a detector failed (%s)", doing, what)
}

// event redacts ev in place and returns the clear values of its persons.
func (p *pass) event(ev *hansard.Event) (json.RawMessage, error) {
	persons, err := p.persons(ev)
	if err != nil {
		return nil, err
	}
	if err := p.content(ev); err != nil {
		return nil, err
	}
	p.envelope(ev)
	for i := range ev.Tags {
		p.id(&ev.Tags[i])
	}
	for i := range ev.Labels {
		p.id(&ev.Labels[i])
	}
	for i := range ev.Resources {
		r := &ev.Resources[i]
		p.id(&r.Kind)
		p.id(&r.Operation)
		p.id(&r.DataClass)
	}
	return persons, nil
}

// content redacts the JSON and the texts of ev.
func (p *pass) content(ev *hansard.Event) error {
	p.failed = nil
	p.value(&ev.Params)
	p.value(&ev.Result)
	p.value(&ev.Alternatives)
	p.value(&ev.Messages)
	p.value(&ev.Response)
	p.value(&ev.Attributes)

	p.prose(&ev.Reasoning)
	p.prose(&ev.ContextSummary)
	p.prose(&ev.Error)
	p.prose(&ev.StackTrace)
	p.prose(&ev.Correction)
	p.prose(&ev.Comment)
	p.prose(&ev.FollowUp)
	return p.failed
}

// value redacts a JSON value, if there is one and more in it than an empty object.
func (p *pass) value(f *json.RawMessage) {
	if len(*f) > len("{}") || len(*f) > 0 && string(*f) != "{}" {
		p.fullValue(f)
	}
}

func (p *pass) fullValue(f *json.RawMessage) {
	out, changed, err := p.json(*f, 0)
	switch {
	case err != nil:
		p.failed = err
	case changed:
		*f = out
	}
}

// prose redacts a text that may be JSON.
func (p *pass) prose(f *string) {
	if len(*f) >= 4 {
		p.longProse(f)
	}
}

func (p *pass) longProse(f *string) {
	out, changed, err := p.string(bytesOf(*f), 0)
	switch {
	case err != nil:
		p.failed = err
	case changed:
		*f = string(out)
	}
}

// envelope redacts the strings of the envelope. The pseudonym of a value does not
// depend on where it stands, so ids that hold one can still be joined.
func (p *pass) envelope(ev *hansard.Event) {
	p.eventID(&ev.EventID)
	p.id(&ev.SpanID)
	p.parentID(&ev.ParentEventID)
	p.id(&ev.ToolCallID)
	p.id(&ev.ArgumentsHash)

	p.name(&ev.AgentName)
	p.name(&ev.AgentID)
	p.name(&ev.AgentVersion)
	p.name(&ev.TaskID)
	p.name(&ev.SessionID)
	p.name(&ev.TraceID)
	p.name(&ev.Service)
	p.name(&ev.Environment)
	p.name(&ev.Action)
	p.name(&ev.ToolName)
	p.name(&ev.Decision)
	p.name(&ev.ActorRole)
	p.name(&ev.ApprovalID)
	p.name(&ev.PolicyID)
	p.name(&ev.PolicyVersion)
	p.name(&ev.HandoffFrom)
	p.name(&ev.HandoffTo)
	p.name(&ev.Model)
	p.name(&ev.Provider)
	p.name(&ev.ErrorType)
	// A dialect has checked these, apart from custom event types; they are
	// short, and nothing shall depend on it.
	p.name(&ev.EventType)
	p.name(&ev.SideEffect)
	p.name(&ev.Status)
	p.name(&ev.Source)
	p.name(&ev.ActorType)
	p.name(&ev.Provenance)
	p.name(&ev.Intervention)
	p.name(&ev.CostSource)
	p.name(&ev.RecoveryAction)
}

// id redacts a string that is another one in each event.
func (p *pass) id(s *string) {
	b := bytesOf(*s)
	if len(b) < 4 || p.idle(b) {
		return
	}
	if out, changed := p.text(b); changed {
		*s = string(out)
	}
}

// name redacts a string that many events say alike.
func (p *pass) name(s *string) {
	if len(*s) >= 4 {
		p.fullName(s)
	}
}

func (p *pass) fullName(s *string) {
	if out, changed := p.short(bytesOf(*s)); changed {
		*s = string(out)
	}
}

// short is text for what is said over and over, names and keys: it looks at what
// was clean of late first, which takes a fifth of the time.
func (p *pass) short(b []byte) ([]byte, bool) {
	if len(b) < 4 {
		return b, false
	}
	hash, known := p.clean.has(b)
	if known {
		return b, false
	}
	if !p.idle(b) {
		if out, changed := p.text(b); changed {
			return out, true
		}
	}
	p.clean.add(hash, b)
	return b, false
}

// persons moves the clear values of the fields that name persons into a JSON
// object and leaves pseudonyms.
func (p *pass) persons(ev *hansard.Event) (json.RawMessage, error) {
	if ev.UserID == "" && ev.ActorID == "" && ev.Approver == "" && len(ev.OnBehalfOf) == 0 && len(ev.Resources) == 0 {
		return nil, nil // most events name nobody
	}
	var out []byte
	one := func(name string, f *string) error {
		if *f == "" {
			return nil
		}
		out = openMember(out, name)
		var err error
		out, err = p.person(out, f)
		return err
	}
	if err := one("user_id", &ev.UserID); err != nil {
		return nil, err
	}
	if err := one("actor_id", &ev.ActorID); err != nil {
		return nil, err
	}
	ids := make([]*string, 0, 8)
	for i := range ev.OnBehalfOf {
		ids = append(ids, &ev.OnBehalfOf[i])
	}
	var err error
	if out, err = p.personList(out, "on_behalf_of", ids); err != nil {
		return nil, err
	}
	if err := one("approver", &ev.Approver); err != nil {
		return nil, err
	}
	ids = ids[:0]
	for i := range ev.Resources {
		ids = append(ids, &ev.Resources[i].ID)
	}
	if out, err = p.personList(out, "resources", ids); err != nil {
		return nil, err
	}
	if out == nil {
		return nil, nil
	}
	return append(out, '}'), nil
}

func openMember(dst []byte, name string) []byte {
	if dst == nil {
		dst = append(make([]byte, 0, 128), '{') // room for most
	} else {
		dst = append(dst, ',')
	}
	return append(rawjson.AppendQuote(dst, name), ':')
}

// personList appends a member with a list of persons; nothing if all are empty.
func (p *pass) personList(dst []byte, name string, ids []*string) ([]byte, error) {
	any := false
	for _, id := range ids {
		any = any || *id != ""
	}
	if !any {
		return dst, nil
	}
	dst = append(openMember(dst, name), '[')
	for i, id := range ids {
		if i > 0 {
			dst = append(dst, ',')
		}
		if *id == "" {
			dst = append(dst, "null"...)
			continue
		}
		var err error
		if dst, err = p.person(dst, id); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

// person appends the redacted clear value of a person as a JSON string and puts
// the pseudonym in its place. A value that is a pseudonym already stays.
func (p *pass) person(dst []byte, f *string) ([]byte, error) {
	clear := bytesOf(*f)
	if pseudonymLen(clear) == len(clear) {
		return rawjson.AppendQuote(dst, clear), nil
	}
	p.norm = p.e.normalise(p.norm[:0], person, clear)
	*f = string(p.mac.append(make([]byte, 0, maxPseudonym), person, p.norm))
	p.counts[person]++
	out, _, err := p.string(clear, 0)
	if err != nil {
		return nil, err
	}
	return rawjson.AppendQuote(dst, out), nil
}
