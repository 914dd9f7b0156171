package transcript

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// convertWhoAndWhen reads a failed multi-agent run of Who&When: `history`, with
// the speaker of each message in `name` or else in `role`, and whom to blame in
// `mistake_agent`, `mistake_step` and `mistake_reason`. Its trace id is
// ww:<stem>:<line>.
//
// A role may carry a note: "Orchestrator (-> WebSurfer)" hands over to
// WebSurfer, "(thought)" is reasoning, "(termination condition)" a decision. A
// change of speaker without a note is a deduced handoff. Code that a terminal
// ran is a call of the tool code_execution.
func convertWhoAndWhen(rec *recorder, raw []byte) (string, error) {
	all := members(raw)
	history := find(all, "history")
	if len(history) == 0 || history[0] != '[' {
		return "", hansard.Errorf(hansard.KindInvalid, "the run has no history")
	}
	rec.begin("ww:"+rec.reader.stem+":"+string(integer(rec.piece.seq)), hansard.Event{
		Service: "whoandwhen",
		TaskID:  scalar(find(all, "question_ID")),
	})
	t := &team{recorder: rec, pairs: newPairing()}
	if err := t.read(history); err != nil {
		return "", err
	}
	t.start(find(all, "system_prompt"))
	for i := range t.turns {
		t.turn(i)
	}
	e := rec.end(len(t.turns), without(all, "history", "system_prompt"))
	e.AgentName = t.lead()
	e.ParentEventID = t.root
	return "", nil
}

// team turns the history of a run of several agents into events.
type team struct {
	*recorder
	turns []turn
	root  string // event id of the task
	pairs *pairing

	floor string // the agent whose turn it is
	giver string // the agent that handed over, until the other speaks
}

// turn is one message of a run of several agents.
type turn struct {
	speaker string // without the note
	note    string // what stands in brackets behind the speaker; may be empty
	role    string // name or role as written
	text    string
	rest    []member
}

func (t *team) read(history []byte) error {
	return rawjson.Array(history, func(v []byte) error {
		m, err := readMessage(v, t.reader.opt.MaxDepth)
		if err != nil {
			return hansard.Errorf(hansard.KindInvalid, "message %d %w", len(t.turns), err)
		}
		if len(t.turns) >= t.reader.opt.MaxEvents {
			t.full = true
			return nil
		}
		u := turn{role: text(rawjson.Get(v, "role")), text: m.text, rest: m.rest}
		if m.name != "" {
			u.role = m.name
		}
		u.speaker, u.note = cleanSpeaker(u.role)
		t.turns = append(t.turns, u)
		return nil
	})
}

// cleanSpeaker parts "Orchestrator (thought)" into speaker and note.
func cleanSpeaker(role string) (speaker, note string) {
	speaker, note, ok := strings.Cut(role, " (")
	if !ok || !strings.HasSuffix(note, ")") {
		return role, ""
	}
	return speaker, strings.TrimSuffix(note, ")")
}

// isTerminal reports whether the speaker is no agent but the shell that runs
// the agents' code.
func isTerminal(speaker string) bool {
	return speaker == "Computer_terminal" || speaker == "ComputerTerminal"
}

func isHuman(speaker string) bool { return speaker == "human" || speaker == "user" }

// lead returns the first agent that speaks; events of the run as a whole are
// its.
func (t *team) lead() string {
	for _, u := range t.turns {
		if !isHuman(u.speaker) && !isTerminal(u.speaker) {
			return u.speaker
		}
	}
	return ""
}

// start records the agents' instructions, which the source keeps outside its
// messages.
func (t *team) start(prompts []byte) {
	if prompts == nil {
		return
	}
	e := t.add(0, hansard.TypeLifecycle)
	e.AgentName = t.lead()
	e.Action = "session_start"
	e.Source = "system"
	e.Params = object(member{"system", prompts})
}

func (t *team) turn(i int) {
	u := t.turns[i]
	to, hands := strings.CutPrefix(u.note, "-> ")
	if i > 0 {
		t.changeSpeaker(i, u.speaker)
	}
	before := len(t.events)
	switch {
	case t.root == "":
		t.task(i, u)
	case hands:
		t.handOver(i, u, to)
	case u.note == "thought":
		t.said(i, hansard.TypeReasoning, "reason").Reasoning = u.text
	case u.note == "termination condition":
		e := t.said(i, hansard.TypeDecision, "terminate")
		e.Decision, _, _ = strings.Cut(u.text, "\n")
		e.Reasoning = u.text
	case isTerminal(u.speaker):
		t.terminal(i, u)
	case t.runsNext(i):
		e := t.said(i, hansard.TypeReasoning, "reason")
		e.Reasoning = u.text
		t.executeBlocks(i, e.EventID)
	default:
		t.said(i, hansard.TypeLLMResponse, "respond").Response = quote(u.text)
		t.crash(i, u)
	}
	if before < len(t.events) {
		attach(t.events[before], append([]member{{"role", quote(u.role)}}, u.rest...))
	}
}

// task records the first message, which states the task whoever speaks it.
func (t *team) task(i int, u turn) {
	e := t.said(i, hansard.TypeInvocation, "task")
	t.root = e.EventID
	e.ParentEventID = ""
	e.Source = "user"
	e.Params = object(member{"task", quote(u.text)})
	if u.speaker == "human" {
		e.ActorType = "human"
		return
	}
	e.Provenance = "inferred" // an agent passes the task on
	t.floor = u.speaker
	if t.runsNext(i) { // some tasks bring code along
		t.executeBlocks(i, e.EventID)
	}
}

// said appends an event of the speaker of message i.
func (t *team) said(i int, eventType, action string) *hansard.Event {
	e := t.add(i, eventType)
	e.AgentName = t.turns[i].speaker
	e.ParentEventID = t.root
	e.Action = action
	e.Source = "agent"
	if isHuman(e.AgentName) {
		e.Source = "user"
	}
	return e
}

// changeSpeaker deduces a handoff when another agent speaks than the one whose
// turn it was. It belongs to the message before, with which the turn ended.
func (t *team) changeSpeaker(i int, speaker string) {
	if isTerminal(speaker) || isHuman(speaker) {
		return
	}
	if speaker == t.giver && speaker != t.floor {
		return // a remark between handing over and the other's answer
	}
	if t.floor != "" && speaker != t.floor {
		e := t.handoff(i-1, t.floor, speaker)
		e.Provenance = "inferred"
	}
	t.floor, t.giver = speaker, ""
}

func (t *team) handoff(i int, from, to string) *hansard.Event {
	e := t.said(i, hansard.TypeHandoff, "handoff")
	e.AgentName = from
	e.Source = "agent"
	e.HandoffFrom, e.HandoffTo = from, to
	return e
}

// handOver records a handoff that the source states. To a terminal it is also
// the call that the terminal answers.
func (t *team) handOver(i int, u turn, to string) {
	e := t.handoff(i, u.speaker, to)
	e.ContextSummary = u.text
	if isTerminal(to) {
		t.execute(i, e.EventID, object(member{"instruction", quote(u.text)}))
		return
	}
	t.floor, t.giver = to, u.speaker
}

// codeExecution is the tool that a terminal is.
const codeExecution = "code_execution"

// execute records a call of the terminal. That it is one is deduced.
func (t *team) execute(i int, parent string, params []byte) {
	e := t.said(i, hansard.TypeToolCall, "tool_call:"+codeExecution)
	e.ParentEventID = parent
	e.ToolName = codeExecution
	e.Params = params
	e.Provenance = "inferred"
	t.pairs.call(e, i, "")
}

// executeBlocks records that the terminal runs the code in message i.
func (t *team) executeBlocks(i int, parent string) {
	t.execute(i, parent, object(member{"blocks", codeBlocks(t.turns[i].text)}))
}

// runsNext reports whether the next message is a terminal's output of the code
// in message i.
func (t *team) runsNext(i int) bool {
	if i+1 >= len(t.turns) || !strings.Contains(t.turns[i].text, "```") {
		return false
	}
	next := t.turns[i+1]
	return isTerminal(next.speaker) && exitCode.MatchString(next.text)
}

// exitCode finds the exit code in what a terminal reports: AutoGen begins with
// "exitcode: 1 (execution failed)", Magentic-One has it in its first sentence.
var exitCode = regexp.MustCompile(`^(?:exitcode: (-?\d+) \(|The script ran[^\n]*? [Ee]xit code(?: was)?: (-?\d+))`)

// terminal records what a terminal reports: the result of a call, or a remark
// that there was nothing to run.
func (t *team) terminal(i int, u turn) {
	code := exitCode.FindStringSubmatch(u.text)
	called := t.pairs.answer("")
	if called == nil {
		e := t.said(i, hansard.TypeGeneric, "report")
		e.Response = quote(u.text)
		e.Source = "system"
		return
	}
	e := t.said(i, hansard.TypeToolResult, "tool_result:"+codeExecution)
	e.Source = "system"
	e.ParentEventID = called.EventID
	e.ToolName = codeExecution
	e.ToolCallID = called.ToolCallID
	e.Result = quote(u.text)
	if code == nil {
		return
	}
	if n := code[1] + code[2]; n != "0" {
		e.Error = "exit code " + n
		e.ErrorType = "ExitError"
		e.Status = "error"
		e.Provenance = "inferred"
	}
}

// crash deduces an error of the framework from what Magentic-One appends to a
// message whose handling failed.
func (t *team) crash(i int, u turn) {
	at := strings.Index(u.text, "Error processing publish message")
	if at < 0 {
		return
	}
	e := t.said(i, hansard.TypeError, "error")
	e.Error = u.text[at:]
	e.ErrorType = "FrameworkError"
	e.Status = "error"
	e.Provenance = "inferred"
}

// codeBlocks returns the fenced code in a text as a JSON array of
// {"language", "code"}.
func codeBlocks(s string) []byte {
	var blocks [][]byte
	for {
		_, rest, ok := strings.Cut(s, "```")
		if !ok {
			break
		}
		var code string
		code, s, _ = strings.Cut(rest, "```")
		language, body, _ := strings.Cut(code, "\n")
		blocks = append(blocks, object(
			member{"language", quote(strings.TrimSpace(language))},
			member{"code", quote(strings.TrimRight(body, "\n"))}))
	}
	return append(append([]byte{'['}, bytes.Join(blocks, []byte{','})...), ']')
}
