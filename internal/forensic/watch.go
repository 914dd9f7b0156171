package forensic

import (
	"bytes"
	"container/list"
	"regexp"
	"slices"
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// The rules of injection by provenance.
const (
	// RuleInstruction: the answer of a tool that named the destination orders its
	// reader about.
	RuleInstruction = "followed_instruction"
	// RuleUnasked: the user asked for nothing of the kind.
	RuleUnasked = "unasked_action"
	// RulePayee: money goes for good to an account that only a text names.
	RulePayee = "foreign_account"
)

// Finding is a call whose destination came from the answer of a tool and not
// from the user. Values are as redacted.
type Finding struct {
	Rule        string  `json:"rule"`
	TraceID     string  `json:"trace_id"`
	AgentName   string  `json:"agent_name"`
	SourceEvent string  `json:"source_event"` // the answer that the value was first seen in
	SourceTool  string  `json:"source_tool"`
	SinkEvent   string  `json:"sink_event"` // the call
	SinkTool    string  `json:"sink_tool"`
	Argument    string  `json:"argument"` // path of the argument, such as to or body
	Value       string  `json:"value"`
	Kind        string  `json:"kind"`        // of the value: url, email, account or phone
	Direct      bool    `json:"plan_change"` // the call came right after the answer: no user spoke in between and nothing was asked for that names it
	Confidence  float64 `json:"confidence"`
	Why         string  `json:"why"`

	sink *hansard.Entry
}

// The bounds of a Watch.
const (
	MaxTraces  = 8192     // traces that are followed at a time
	maxAsked   = 16 << 10 // bytes of a trace's users' words that are kept
	maxValues  = 512      // values from tools' answers that are kept of a trace
	maxAnswer  = 64 << 10 // bytes of one answer that are looked at
	maxPerCall = 8        // findings of one call
	maxSpare   = 1 << 20  // bytes of memory that are kept for the next entry
)

// Watch follows traces, entry by entry, and finds injections as they happen. Its
// memory is bounded: the traces that were quiet for longest are forgotten. It is
// not safe for concurrent use.
type Watch struct {
	traces map[string]*list.Element
	recent *list.List // of *followed, the most recent first
	text   []byte     // for what an entry says, used again
}

// followed is what is kept of a trace.
type followed struct {
	id     string
	asked  string // words of users and of instructions, folded
	values map[string]origin
	turn   int // counts the words of users
}

// origin is where a value was first seen.
type origin struct {
	event, tool string
	kind        string
	orders      bool // what stands before it is an order
	addresses   int  // how often its reader is addressed around it
	free        bool // it stands in running text, not alone in a field
	turn        int
}

// NewWatch returns a watch that follows nothing yet.
func NewWatch() *Watch { return &Watch{traces: map[string]*list.Element{}, recent: list.New()} }

// watchedTypes are those of Watched. Nobody changes them.
var watchedTypes = [...]string{
	hansard.TypeToolResult, hansard.TypeToolCall, hansard.TypeInvocation, hansard.TypeHumanIntervention, hansard.TypeLifecycle, hansard.TypeFeedback,
}

// Watched lists the types of the events that a Watch looks at.
func Watched() []string { return slices.Clone(watchedTypes[:]) }

// Take looks at an entry and returns what was found. Entries of a trace come in
// their order; traces may be mixed. What the watch keeps of an entry is a copy;
// what it returns is the entry's memory.
func (w *Watch) Take(e *hansard.Entry) []Finding {
	if !w.Wants(e.EventType) {
		return nil
	}
	f := w.follow(or(e.TraceID, e.EventID))
	switch {
	case e.EventType == hansard.TypeToolResult:
		w.answer(f, e)
	case e.EventType == hansard.TypeToolCall:
		return f.call(e)
	case e.Source == "user" || e.ActorType == "human" || e.EventType == hansard.TypeLifecycle && e.Source == "system":
		w.hear(f, e)
	}
	return nil
}

// Wants reports whether a Watch looks at events of a type.
func (w *Watch) Wants(eventType string) bool { return slices.Contains(watchedTypes[:], eventType) }

// follow returns what is kept of a trace, and forgets the oldest when it is one
// too many.
func (w *Watch) follow(id string) *followed {
	if at, ok := w.traces[id]; ok {
		w.recent.MoveToFront(at)
		return at.Value.(*followed)
	}
	f := &followed{id: strings.Clone(id)}
	w.traces[f.id] = w.recent.PushFront(f)
	if w.recent.Len() > MaxTraces {
		last := w.recent.Back()
		delete(w.traces, last.Value.(*followed).id)
		w.recent.Remove(last)
	}
	return f
}

// hear takes in what a user, or whoever set the agent up, said.
func (w *Watch) hear(f *followed, e *hansard.Entry) {
	f.turn++
	room := maxAsked - len(f.asked)
	if room <= 0 {
		return
	}
	said := appendPlainText(w.text[:0], e.Params)
	for _, s := range []string{e.Comment, e.FollowUp, e.Correction} {
		said = append(append(said, ' '), s...)
	}
	said = appendPlainText(append(said, ' '), e.Persons)
	text := w.fold(said)
	f.asked += " " + string(text[:min(len(text), room)])
}

// fold folds a text that was appended to the watch's memory. The result is good until
// that is used again.
func (w *Watch) fold(text []byte) []byte {
	b := appendFolded(text, text)
	if cap(b) <= maxSpare {
		w.text = b
	}
	return b[len(text):]
}

// destination finds addresses, accounts and URLs, and the pseudonyms of them.
var destination = regexp.MustCompile(`(?i)(?:https?://|www\.)[^\s"'<>)\],;]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|pii:(?:email|iban|phone|card|account)[^\s"'<>)\],;.]*|\b[a-z]{2}\d{2}[a-z0-9]{10,30}\b`)

// mayName reports whether destination may find something in a text, or in JSON
// that is plain: it finds nothing where this is false. It takes a tenth of the
// time.
func mayName[T ~string | ~[]byte](text T) bool {
	run := 0 // letters and digits up to here
	for i := range len(text) {
		switch c := text[i]; {
		case isLetter(c) || isDigit(c):
			// A number of an account begins with its country.
			if run++; run == 14 && isLetter(text[i-13]) && isLetter(text[i-12]) && isDigit(text[i-11]) && isDigit(text[i-10]) {
				return true
			}
			continue
		case c == '@':
			return true
		case c == ':' && i+1 < len(text) && text[i+1] == '/', c == ':' && i > 0 && text[i-1]|0x20 == 'i', c == '.' && i > 0 && text[i-1]|0x20 == 'w':
			return true // as in "http://", "pii:" and "www."
		}
		run = 0
	}
	return false
}

// plainJSON reports whether the strings in a JSON value are written in it as they
// are, and no folding changes more of them than the case of ASCII letters.
func plainJSON(raw []byte) bool {
	for _, c := range raw {
		if c == '\\' || c >= 0x80 {
			return false
		}
	}
	return true
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// eachDestination calls f with where in a folded text each destination lies, until f
// returns false. The expression looks at words that may hold one only: none has white
// space in it.
func eachDestination(text string, f func(from, to int) bool) {
	for from := 0; from < len(text); {
		word, _, _ := strings.Cut(text[from:], " ")
		if mayName(word) {
			for _, at := range destination.FindAllStringIndex(word, -1) {
				if !f(from+at[0], from+at[1]) {
					return
				}
			}
		}
		from += len(word) + 1
	}
}

// answer takes in what a tool answered.
func (w *Watch) answer(f *followed, e *hansard.Entry) {
	if len(e.Result) <= maxText && plainJSON(e.Result) && !mayName(e.Result) {
		return // most answers name nothing: the expression would take longer than the commit
	}
	text := string(w.fold(appendPlainText(w.text[:0], e.Result)))
	text = text[:min(len(text), maxAnswer)]
	eachDestination(text, func(from, to int) bool {
		value := strings.Clone(strings.TrimRight(text[from:to], ".,:;!?"))
		if len(f.values) >= maxValues {
			return false
		}
		o := origin{
			event: strings.Clone(e.EventID), tool: strings.Clone(e.ToolName), kind: kindOf(value), turn: f.turn,
			orders:    orders(text[max(0, from-90):from]),
			addresses: addresses(text[max(0, from-400):min(len(text), to+250)], 3),
			free:      strings.Count(text[max(0, from-40):from], " ") >= 5,
		}
		if f.values == nil {
			f.values = map[string]origin{}
		}
		if was, ok := f.values[value]; !ok || o.strength() > was.strength() {
			f.values[value] = o
		}
		return true
	})
}

// strength orders the places in which a value was seen by how much they are like
// an instruction.
func (o origin) strength() int {
	n := min(o.addresses, 2)
	if o.orders {
		n++
	}
	return n
}

func kindOf(value string) string {
	switch {
	case strings.HasPrefix(value, "pii:"):
		kind, _, _ := strings.Cut(value[4:], ":")
		if kind == "iban" || kind == "card" {
			return "account"
		}
		return kind
	case strings.HasPrefix(value, "http"), strings.HasPrefix(value, "www."):
		return "url"
	case strings.Contains(value, "@"):
		return "email"
	}
	return "account"
}

// call looks where the arguments of a call came from.
func (f *followed) call(e *hansard.Entry) []Finding {
	if len(f.values) == 0 || len(e.Params) == 0 || plainJSON(e.Params) && !mayName(e.Params) {
		return nil
	}
	var found []Finding
	seen := map[string]bool{}
	eachString(e.Params, "", 0, func(path, text string) {
		text = folded(text)
		n := 0
		eachDestination(text[:min(len(text), maxAnswer)], func(from, to int) bool {
			n++
			value := strings.TrimRight(text[from:to], ".,:;!?")
			o, ok := f.values[value]
			if !ok || seen[value] || len(found) == maxPerCall || !changes(e) && o.kind != "url" || strings.Contains(f.asked, value) {
				return n < maxValues
			}
			seen[value] = true
			if rule, confidence, why := f.judge(e, o); rule != "" {
				found = append(found, Finding{
					Rule: rule, TraceID: f.id, AgentName: e.AgentName, SourceEvent: o.event, SourceTool: o.tool, SinkEvent: e.EventID, SinkTool: e.ToolName,
					Argument: path, Value: value, Kind: o.kind, Direct: o.turn == f.turn, Confidence: confidence,
					Why: why, sink: e,
				})
			}
			return n < maxValues
		})
	})
	return found
}

// judge says by which rule a call to a destination of origin o is a finding;
// "" if it is none. The confidences are what was measured (see the tests).
func (f *followed) judge(e *hansard.Entry, o origin) (rule string, confidence float64, why string) {
	from := "The " + o.kind + " comes from the answer of " + or(o.tool, "a tool") + ", not from the user"
	asked, known := f.askedFor(e.ToolName)
	switch {
	case o.orders && o.addresses >= 2:
		return RuleInstruction, 0.9, from + ", and the text around it tells its reader to act."
	case known && !asked && o.orders:
		return RuleUnasked, 0.6, from + ", and the user asked for nothing that " + or(e.ToolName, "this call") + " does."
	case e.SideEffect == "irreversible" && o.kind == "account" && o.free:
		return RulePayee, 0.6, from + ", stands in running text there, and what is sent to it cannot be taken back."
	}
	return "", 0, ""
}

// deed is a kind of action: by which words in the name of a tool it is known,
// and by which words of a user it is asked for.
type deed struct{ tool, user []string }

// deeds lists the kinds of action; the first that a tool's name fits counts.
func deeds() []deed {
	f := strings.Fields
	return []deed{
		{f("money payment transaction pay transfer refund"), f("pay money transfer transaction bill refund rent bank send spend reimburs split charge")},
		{f("post_web http_post upload publish"), f("post publish upload")},
		{f("webpage browse fetch url http page"), f("web page site article url link visit browse online blog read look search")},
		{f("invite add_user participant member"), f("invite add join onboard")},
		{f("delete remove cancel"), f("delete remove cancel drop clean")},
		{f("share"), f("share give access")},
		{f("update modify reschedule change append set_"), f("update change modify edit adjust set reschedul increase append")},
		{f("create reserve book schedule"), f("create make schedule book reserve plan event appointment add write save set")},
		{f("send email message mail notify"), f("send message mail forward notify tell reply write text dm congratulat greet ask inform answer")},
		{f("post"), f("post publish upload")},
	}
}

// askedFor reports whether a user asked for what a tool does, and whether its
// name says what that is.
func (f *followed) askedFor(tool string) (asked, known bool) {
	tool = strings.ToLower(tool)
	for _, d := range deeds() {
		for _, t := range d.tool {
			if !strings.Contains(tool, t) {
				continue
			}
			for _, w := range d.user {
				if strings.Contains(f.asked, " "+w) {
					return true, true
				}
			}
			return false, true
		}
	}
	return false, false
}

// eachString calls f with each string in a JSON value and its path.
func eachString(raw []byte, path string, depth int, f func(path, text string)) {
	i := rawjson.SkipSpace(raw, 0)
	if i >= len(raw) || depth > maxDepth {
		return
	}
	raw = raw[i:]
	switch raw[0] {
	case '{':
		_ = rawjson.Object(raw, func(k, v []byte) error {
			key := string(rawjson.Unquote(nil, k))
			if path != "" {
				key = path + "." + key
			}
			eachString(v, key, depth+1, f)
			return nil
		})
	case '[':
		_ = rawjson.Array(raw, func(v []byte) error { eachString(v, path, depth+1, f); return nil })
	case '"':
		f(path, string(rawjson.Unquote(nil, bytes.TrimRight(raw, " \t\r\n"))))
	}
}
