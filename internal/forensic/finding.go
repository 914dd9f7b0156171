package forensic

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/hansardhq/hansard"
)

// InjectionPolicy names what found an injection, in the policy_id of events.
const (
	InjectionPolicy = "injection-by-provenance"
	policyVersion   = "1"
)

// ID returns the event id of the finding: the same finding has the same id
// whenever it is found, so that it is on record once.
func (f *Finding) ID() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{f.Rule, f.SinkEvent, f.SourceEvent, f.Argument, f.Value}, "\x00")))
	return "finding-" + hex.EncodeToString(sum[:12])
}

// Event returns the finding as an event of type agent.security. It names the
// path from the answer of a tool to the call, and happens with the call. Its
// content is of the record already, as redacted.
func (f *Finding) Event() *hansard.Event {
	e := &hansard.Event{
		EventID: f.ID(), EventType: hansard.TypeSecurity, Action: "injection:" + f.Rule, TraceID: f.TraceID, AgentName: f.AgentName,
		ParentEventID: f.SinkEvent, ToolName: f.SinkTool, Source: "system", ActorType: "policy", Provenance: "inferred",
		PolicyID: InjectionPolicy, PolicyVersion: policyVersion, Confidence: hansard.Some(f.Confidence), Reasoning: f.Why,
		Tags: []string{"LLM01", "ASI01", "AML.T0051.001"},
	}
	if s := f.sink; s != nil {
		e.Timestamp, e.TimeSource = s.Timestamp, s.TimeSource
		e.TaskID, e.SessionID, e.Service, e.Environment = s.TaskID, s.SessionID, s.Service, s.Environment
		e.AgentID, e.AgentVersion = s.AgentID, s.AgentVersion
		if e.Timestamp == 0 {
			e.Timestamp = s.ReceivedAt
		}
	}
	if params, err := json.Marshal(f); err == nil { // strings, a number and a truth always encode
		e.Params = params
	}
	return e
}
