package dialect

import (
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// feedback makes events of the ratings that a span carries: OpenInference's
// annotations and evaluations of the span, its trace or its session, and
// OpenTelemetry's evaluations as span events.
func (r *otelReading) feedback() {
	if r.span == nil {
		return
	}
	for _, of := range [...]string{"annotations.", "trace.annotations.", "session.annotations.", "evaluations.", "trace.evaluations.", "session.evaluations."} {
		if !r.any(of) {
			continue
		}
		var root flatNode
		for i := range r.attrs {
			if a := &r.attrs[i]; hasPrefix(a.Key, of) && len(a.Key) > len(of) {
				r.used[i] = true
				root.put(a.Key[len(of):], a.Value)
			}
		}
		n := 0
		_ = rawjson.Array(root.append(nil), func(item []byte) error {
			for _, name := range [...]string{"annotation", "evaluation"} {
				if v := rawjson.Get(item, name); isObject(v) {
					r.annotation(v, of+decimalText(n))
				}
			}
			n++
			return nil
		})
	}
	for i := range r.span.Events {
		if ev := &r.span.Events[i]; ev.Name == "gen_ai.evaluation.result" {
			x := r.more(hansard.TypeFeedback, "evaluation/"+decimalText(i), ev.Time)
			name := text(ev.Attrs, "gen_ai.evaluation.name")
			x.Action = strings.TrimSuffix("evaluation:"+name, ":")
			v, _ := find(ev.Attrs, "gen_ai.evaluation.score.value")
			x.Rating, x.Decision, x.Comment = v.float(), text(ev.Attrs, "gen_ai.evaluation.score.label"), text(ev.Attrs, "gen_ai.evaluation.explanation")
		}
	}
}

// annotation makes an event of one annotation.
func (r *otelReading) annotation(v []byte, suffix string) {
	x := r.more(hansard.TypeFeedback, suffix, r.ended())
	x.Action = strings.TrimSuffix("annotation:"+getText(v, "name"), ":")
	x.Decision, x.Comment = getText(v, "label"), getText(v, "explanation")
	if score := getText(v, "score"); score != "" {
		x.Rating = Value{Kind: ValueString, Text: []byte(score)}.float()
	}
	switch strings.ToUpper(getText(v, "annotator_kind")) {
	case "HUMAN":
		x.ActorType, x.Source, x.ActorID = "human", "user", getText(v, "identifier")
	case "LLM":
		x.ActorType, x.Source = "agent", "agent"
	case "CODE":
		x.ActorType, x.Source = "system", "system"
	}
}

// approval makes an event of the proposed attributes of a tool's approval
// (gen_ai.mcp.tool.approval.*), the only ones that name who approved.
func (r *otelReading) approval() {
	const prefix = "gen_ai.mcp.tool.approval."
	if !r.has(prefix + "status") {
		return
	}
	status := r.text(prefix + "status")
	x := r.more(hansard.TypeHumanIntervention, "approval", r.main.Timestamp)
	switch strings.ToLower(status) {
	case "pending", "requested", "required":
		x.Intervention, x.ActorType = "requested", "agent"
	default:
		x.Intervention, x.Status = intervention(status, ""), verdictStatus(status)
		x.Approver = r.text(prefix + "approver_id")
		x.ActorType, x.ActorID, x.Source = "human", x.Approver, "user"
		if x.Approver == "" {
			x.Provenance = "inferred" // somebody approved, and it does not say who
		}
	}
	x.Action, x.Decision = x.Intervention, status
	x.ArgumentsHash = r.text(prefix + "context_hash")
	x.ToolName, x.ToolCallID = r.main.ToolName, r.main.ToolCallID
	r.get(prefix + "risk_tier")
}

// graphHandoff makes a handoff of the edge that OpenInference's graph attributes
// name, where the instrumentation has no span for it. It is inferred.
func (r *otelReading) graphHandoff() {
	if r.span == nil || r.main.EventType != hansard.TypeInvocation || !r.has("graph.node.parent_id") {
		return
	}
	if r.scope != nil && strings.Contains(r.scope.Name, "openai") {
		return // "handoff to x" says so itself
	}
	from := r.text("graph.node.parent_id")
	if from == "" || from == r.main.AgentName {
		return
	}
	x := r.more(hansard.TypeHandoff, "handoff", r.main.Timestamp)
	x.HandoffFrom, x.HandoffTo, x.AgentName, x.AgentID = from, r.main.AgentName, from, ""
	x.Action, x.Provenance = "handoff:"+r.main.AgentName, "inferred"
}
