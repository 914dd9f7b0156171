package trace

import "github.com/hansardhq/hansard"

// ToolCall is a call of a tool with what came of it.
type ToolCall struct {
	Call      *hansard.Entry
	Results   []*hansard.Entry   // in order of time; none: no result was seen
	Erred     bool               // the call or a result of it erred
	LatencyUS hansard.Opt[int64] // microseconds: the call's, else the first result's that has one
}

// ToolCalls pairs the tool calls of one trace with their results, in order of
// time. The results that belong to no call among the entries are returned apart.
func ToolCalls(entries []*hansard.Entry) (calls []ToolCall, unpaired []*hansard.Entry) {
	ordered, _ := inOrder(entries)
	return pairTools(ordered)
}

// pairTools pairs entries that are in order and unique.
func pairTools(entries []*hansard.Entry) (calls []ToolCall, unpaired []*hansard.Entry) {
	byCallID := map[string][]int{} // indexes of calls, in order of time
	byEventID := map[string]int{}
	for _, e := range entries {
		if e.EventType != hansard.TypeToolCall {
			continue
		}
		if e.ToolCallID != "" {
			byCallID[e.ToolCallID] = append(byCallID[e.ToolCallID], len(calls))
		}
		if e.EventID != "" {
			byEventID[e.EventID] = len(calls)
		}
		calls = append(calls, ToolCall{Call: e, Erred: Erred(e), LatencyUS: e.DurationUS})
	}
	seen := map[string]int{} // results with this call id so far
	for _, e := range entries {
		if e.EventType != hansard.TypeToolResult {
			continue
		}
		if same := byCallID[e.ToolCallID]; len(same) > 0 {
			n := seen[e.ToolCallID]
			seen[e.ToolCallID]++
			calls[same[min(n, len(same)-1)]].add(e)
		} else if i, ok := byEventID[e.ParentEventID]; ok {
			calls[i].add(e)
		} else {
			unpaired = append(unpaired, e)
		}
	}
	return calls, unpaired
}

func (c *ToolCall) add(result *hansard.Entry) {
	c.Results = append(c.Results, result)
	c.Erred = c.Erred || Erred(result)
	if !c.LatencyUS.Set {
		c.LatencyUS = result.DurationUS
	}
}
