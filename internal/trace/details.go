package trace

import (
	"fmt"
	"math"
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

const (
	maxTask = 100 // characters of a task that are shown
	unknown = "unknown"
	erased  = "(erased)"
)

// Details returns what the timeline says about an entry. It is text of the
// sender's: neutralise it (Clean) before it goes to a terminal.
func Details(e *hansard.Entry) string {
	switch e.EventType {
	case hansard.TypeInvocation:
		return invocation(e)
	case hansard.TypeToolCall:
		if len(e.Params) == 0 && isErased(e) {
			return fmt.Sprintf("Called tool '%s' with params %s", tool(e), erased)
		}
		return fmt.Sprintf("Called tool '%s' with %d params", tool(e), paramCount(e.Params))
	case hansard.TypeToolResult:
		return tool(e) + " returned " + outcome(e)
	case hansard.TypeDecision:
		return decision(e)
	case hansard.TypeError:
		return "Error: " + message(e)
	case hansard.TypeHandoff:
		return "Handoff to " + target(e)
	case hansard.TypeHumanIntervention:
		return intervention(e)
	case hansard.TypeTokenUsage:
		return usage(e)
	}
	return Action(e)
}

// intervention says what a human did, or was asked for: that is the agent's doing, of
// which nobody is the approver.
func intervention(e *hansard.Entry) string {
	what := or(e.Intervention, "intervention")
	by := or(e.Approver, e.ActorID)
	if by == "" && (what == "escalation" || what == "requested") && e.ActorType != "human" {
		if to := subject(e); to != "" && what == "escalation" {
			what += " to " + to
		}
		by = e.AgentName
	}
	return what + " by " + or(by, unknown)
}

// Action returns the action of an entry, or its type without "agent." where it
// has none.
func Action(e *hansard.Entry) string {
	return or(e.Action, strings.TrimPrefix(e.EventType, "agent."))
}

// or returns the first of its arguments that is not empty.
func or(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// isErased reports whether the entry had content that is gone.
func isErased(e *hansard.Entry) bool { return e.ContentSize > 0 && len(e.Salt) == 0 }

// subject returns what stands after the first colon of the action.
func subject(e *hansard.Entry) string {
	_, after, _ := strings.Cut(e.Action, ":")
	return after
}

func tool(e *hansard.Entry) string { return or(e.ToolName, subject(e), unknown) }

func invocation(e *hansard.Entry) string {
	const prefix = "Task received: "
	if len(e.Params) == 0 && isErased(e) {
		return prefix + erased
	}
	task := rawjson.Get(e.Params, "task")
	if len(task) == 0 || string(task) == "null" {
		return Action(e)
	}
	return prefix + first(text(task), maxTask)
}

// text returns the text of a JSON string, or another value as JSON.
func text(raw []byte) string {
	if raw[0] == '"' {
		return string(rawjson.Unquote(nil, raw))
	}
	return string(rawjson.Compact(nil, raw))
}

// first returns the first n characters of s.
func first(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// paramCount returns the number of members or elements; 1 for a scalar.
func paramCount(params []byte) int {
	if i := rawjson.SkipSpace(params, 0); i == len(params) || string(params[i:]) == "null" {
		return 0
	} else if params[i] != '{' && params[i] != '[' {
		return 1
	}
	return rawjson.Len(params)
}

// outcome returns the error of a tool result, or the size of what it returned.
func outcome(e *hansard.Entry) string {
	switch {
	case Erred(e):
		return message(e)
	case len(e.Result) > 0:
		return Bytes(len(e.Result))
	case isErased(e):
		return erased
	}
	return "nothing"
}

// message returns the error's text, or what else is known of it.
func message(e *hansard.Entry) string {
	var status string
	if e.Status != "ok" {
		status = e.Status
	}
	if e.Error == "" && isErased(e) {
		return strings.TrimSpace(or(e.ErrorType, status) + " " + erased)
	}
	return or(e.Error, e.ErrorType, status, unknown)
}

func decision(e *hansard.Entry) string {
	what := "Decision: " + or(e.Decision, subject(e), unknown)
	if !e.Confidence.Set {
		return what
	}
	return fmt.Sprintf("%s (confidence: %.0f%%)", what, math.Round(e.Confidence.V*100))
}

func target(e *hansard.Entry) string {
	if e.HandoffTo != "" {
		return e.HandoffTo
	}
	if t := rawjson.Get(e.Params, "target"); len(t) > 0 && t[0] == '"' {
		return or(text(t), unknown)
	}
	return unknown
}

func usage(e *hansard.Entry) string {
	cost := "cost " + unknown
	if e.CostNanoUSD.Set {
		cost = USD(e.CostNanoUSD.V)
	} else if e.CostSource == "unpriced" {
		cost = e.CostSource
	}
	if !e.InputTokens.Set && !e.OutputTokens.Set && e.TokenCount.Set {
		return fmt.Sprintf("%d tokens, %s", e.TokenCount.V, cost)
	}
	return fmt.Sprintf("%s in, %s out, %s", figure(e.InputTokens), figure(e.OutputTokens), cost)
}

func figure(n hansard.Opt[int64]) string {
	if !n.Set {
		return unknown
	}
	return fmt.Sprint(n.V)
}
