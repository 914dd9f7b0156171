package forensic

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
	"github.com/hansardhq/hansard/internal/trace"
)

// voice says whose words a step is.
type voice int

const (
	agentVoice voice = iota // an agent said or did something
	userVoice               // the user, or whoever gave the task
	toolVoice               // a tool or the runtime answered
)

// step is one turn of a run: what one speaker said and did before the next
// spoke. Sources that count their messages put the number in attributes.step;
// elsewhere each event is a step.
type step struct {
	number   hansard.Opt[int64] // attributes.step
	agent    string
	voice    voice
	task     bool // it states the task
	thought  bool // it was not said to anybody
	handoff  bool // it hands over to another agent
	entries  []*hansard.Entry
	said     string // words of the agent, with its reasoning
	code     string // arguments of its calls, as text
	got      string // what its calls returned
	returned string // words of a tool, for a step of a tool
	erred    bool   // a call of it erred
	calls    []int  // indexes of the run's calls
}

// run is a trace as it is looked into: entries in order, parted into steps.
type run struct {
	entries []*hansard.Entry
	calls   []trace.ToolCall
	steps   []*step
	callOf  map[*hansard.Entry]int // the call that a call or result entry belongs to
	worked  []bool                 // which calls did
	params  []string               // the calls' params in canonical form
	agents  []string               // distinct speakers, tools apart, in order
	numbers bool                   // steps are numbered by the source
}

// maxText bounds the text of one event that is looked at, in bytes: what an agent
// means it says early or late. maxStep bounds that of a step, to which a source that
// does not count puts all of its events.
const (
	maxText = 24 << 10
	maxStep = 4 * maxText
)

// newRun parts the entries of one trace into steps.
func newRun(entries []*hansard.Entry) *run {
	tree := trace.Ordered(entries)
	r := &run{entries: tree, callOf: map[*hansard.Entry]int{}}
	r.calls, _ = trace.ToolCalls(tree)
	for i, c := range r.calls {
		r.callOf[c.Call] = i
		r.worked = append(r.worked, callFailure(c) == nil && (len(c.Results) > 0 || c.Call.DurationUS.Set))
		r.params = append(r.params, canonical(c.Call.Params))
		for _, res := range c.Results {
			r.callOf[res] = i
		}
	}
	for _, e := range tree {
		r.place(e)
	}
	r.finish()
	return r
}

// place adds an entry to the step that it belongs to.
func (r *run) place(e *hansard.Entry) {
	n := stepNumber(e)
	if n.Set {
		r.numbers = true
	}
	switch e.EventType {
	case hansard.TypeLifecycle, hansard.TypeTokenUsage, hansard.TypeSecurity, hansard.TypeCompliance, hansard.TypeFeedback:
		return // about the run, not a turn of it
	}
	var at *step
	if k := len(r.steps) - 1; k >= 0 && n.Set && r.steps[k].number == n {
		at = r.steps[k]
	}
	if at == nil {
		at = &step{number: n, agent: e.AgentName, voice: voiceOf(e)}
		r.steps = append(r.steps, at)
	}
	at.entries = append(at.entries, e)
	at.take(e)
	if i, ok := r.callOf[e]; ok && e.EventType == hansard.TypeToolCall {
		at.calls = append(at.calls, i)
	}
}

// take adds the words of an entry to the step.
func (s *step) take(e *hansard.Entry) {
	switch e.EventType {
	case hansard.TypeInvocation:
		s.task = s.task || e.Action == "task" || rawjson.Get(e.Params, "task") != nil
		s.say(plainText(e.Params))
	case hansard.TypeToolCall:
		s.code = join(s.code, plainText(e.Params))
		if s.voice == toolVoice {
			s.voice, s.agent = agentVoice, e.AgentName
		}
	case hansard.TypeToolResult:
		s.returned = join(s.returned, plainText(e.Result))
		s.returned = join(s.returned, e.Error)
	case hansard.TypeReasoning:
		s.thought = true
	case hansard.TypeHandoff:
		// A handoff that was deduced is no act of the step it is put to.
		s.handoff = s.handoff || e.Provenance != "inferred"
	case hansard.TypeGeneric:
		if s.voice == toolVoice {
			s.returned = join(s.returned, plainText(e.Response))
			return
		}
	case hansard.TypeError:
		s.returned = join(s.returned, e.Error)
	}
	s.say(e.Reasoning)
	s.say(plainText(e.Response))
	s.say(e.ContextSummary)
}

// say adds words that the step has not said yet.
func (s *step) say(text string) {
	if text != "" && len(s.said) < maxStep && !strings.Contains(s.said, text) {
		s.said = join(s.said, text)
	}
}

// finish joins calls with what they returned.
func (r *run) finish() {
	seen := map[string]bool{}
	for _, s := range r.steps {
		for _, i := range s.calls {
			c := r.calls[i]
			s.erred = s.erred || c.Erred
			for _, res := range c.Results {
				s.got = join(s.got, join(plainText(res.Result), res.Error))
			}
		}
		if s.voice == agentVoice && s.agent != "" && !seen[s.agent] {
			seen[s.agent] = true
			r.agents = append(r.agents, s.agent)
		}
	}
}

// voiceOf returns whose words an entry is.
func voiceOf(e *hansard.Entry) voice {
	switch {
	case e.EventType == hansard.TypeToolResult:
		return toolVoice
	case e.Source == "user" || e.ActorType == "human":
		if e.AgentName != "" && e.ActorType != "human" && e.Provenance == "inferred" {
			return agentVoice // an agent passes the task on
		}
		return userVoice
	case e.Source == "system" && e.EventType == hansard.TypeGeneric:
		return toolVoice
	}
	return agentVoice
}

// stepNumber returns attributes.step, if it is a whole number.
func stepNumber(e *hansard.Entry) hansard.Opt[int64] {
	raw := rawjson.Get(e.Attributes, "step")
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil || n < 0 {
		return hansard.Opt[int64]{}
	}
	return hansard.Some(n)
}

// plainText returns the strings and numbers in a JSON value, one below the
// other, to at most maxText bytes.
func plainText(raw []byte) string { return string(appendPlainText(nil, raw)) }

// appendPlainText appends them.
func appendPlainText(dst, raw []byte) []byte {
	b := lines{text: dst, start: len(dst)}
	b.collect(raw, 0)
	return b.text
}

// maxDepth bounds how deep values are looked into.
const maxDepth = 32

// lines are what a text is made of, from an offset on.
type lines struct {
	text  []byte
	start int
}

func (b *lines) collect(raw []byte, depth int) {
	i := rawjson.SkipSpace(raw, 0)
	if i >= len(raw) || depth > maxDepth || len(b.text)-b.start > maxText {
		return
	}
	raw = bytes.TrimRight(raw[i:], " \t\r\n")
	switch raw[0] {
	case '{':
		_ = rawjson.Object(raw, func(_, v []byte) error { b.collect(v, depth+1); return nil })
	case '[':
		_ = rawjson.Array(raw, func(v []byte) error { b.collect(v, depth+1); return nil })
	case '"':
		b.add(func(dst []byte) []byte { return rawjson.Unquote(dst, raw) })
	case 'n':
	default:
		b.add(func(dst []byte) []byte { return append(dst, raw...) })
	}
}

// add adds what is appended as a line, unless that is nothing.
func (b *lines) add(appendLine func(dst []byte) []byte) {
	end := len(b.text)
	if end > b.start {
		b.text = append(b.text, '\n')
	}
	from := len(b.text)
	b.text = appendLine(b.text)
	line := b.text[from:]
	if len(line) == 0 {
		b.text = b.text[:end]
	}
	if room := maxText - (from - b.start); len(line) > room && room > 0 {
		half := room / 2 // the head and the tail say what it is about
		short := strings.ToValidUTF8(string(line[:half]), "") + "\n…\n" + strings.ToValidUTF8(string(line[len(line)-half:]), "")
		b.text = append(b.text[:from], short...)
	}
}

// join puts texts of a step below each other, as many as are looked at.
func join(a, b string) string {
	if a == "" || b == "" || len(a) > maxStep {
		if a != "" {
			return a
		}
		return b
	}
	return a + "\n" + b
}
