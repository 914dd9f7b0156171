package bench

import "strconv"

// Each of the functions here appends the 7 members that an event of its type has
// besides those that all have. Members that say nothing ("", null, 0.0) are sent
// as agents send them.

// invocation is what a user wants.
func (t *run) invocation(dst []byte) []byte {
	dst = append(dst, `,"params":{"task":"`...)
	dst = t.say(dst, 8)
	dst = append(dst, `","channel":"chat","priority":`...)
	dst = strconv.AppendInt(dst, int64(t.n(4)), 10)
	dst = append(dst, '}')
	dst = append(dst, `,"user_id":"`...)
	dst = append(t.mail(dst), '"')
	return append(dst, `,"result":null,"reasoning":"","token_count":0,"error":null,"error_type":null`...)
}

func (t *run) reasoning(dst []byte) []byte {
	dst = t.prose(dst, "reasoning", 6+t.n(10))
	dst = t.share(dst, "confidence")
	dst = figure(dst, "token_count", int64(30+t.n(400)))
	return append(dst, `,"params":{},"result":null,"error":null,"error_type":null`...)
}

func (t *run) toolCall(dst []byte) []byte {
	dst = append(dst, `,"params":{"id":"ORD-`...)
	dst = strconv.AppendInt(dst, int64(100_000+t.n(900_000)), 10)
	dst = append(dst, `","limit":20,"query":"`...)
	dst = t.say(dst, 3)
	dst = append(dst, `"}`...)
	dst = t.callID(dst)
	return append(dst, `,"reasoning":"","confidence":0.0,"result":null,"error":null`...)
}

// callID appends the two members by which a call and its result belong together.
func (t *run) callID(dst []byte) []byte {
	dst = append(dst, `,"tool_call_id":"call_`...)
	dst = append(hexBytes(dst, t.call, 8), '"')
	if t.tool%5 < 2 {
		return text(dst, "side_effect", "read")
	}
	return text(dst, "side_effect", "write")
}

func (t *run) toolResult(dst []byte) []byte {
	if t.failed {
		dst = append(dst, `,"result":null,"params":{"retryable":true}`...)
		dst = append(dst, `,"error":"upstream `...)
		dst = append(dst, t.w.tools[t.tool]...)
		dst = append(dst, ` answered 503 after 3 attempts: `...)
		dst = append(t.w.words.append(dst, t.r, 5), '"')
		dst = text(dst, "error_type", "UpstreamError")
	} else {
		dst = append(dst, `,"result":{"id":"ORD-`...)
		dst = strconv.AppendInt(dst, int64(100_000+t.n(900_000)), 10)
		dst = append(dst, `","status":"shipped","total":`...)
		dst = strconv.AppendInt(dst, int64(5+t.n(900)), 10)
		dst = append(dst, `.5,"sku":["A-`...)
		dst = strconv.AppendInt(dst, int64(1000+t.n(9000)), 10)
		dst = append(dst, `"],"note":"`...)
		dst = t.say(dst, 2)
		dst = append(dst, `"},"params":{},"error":null,"error_type":null`...)
	}
	dst = t.callID(dst)
	return append(dst, `,"token_count":0`...)
}

func (t *run) decision(dst []byte) []byte {
	dst = text(dst, "decision", []string{"approve_refund", "ask_human", "close_case", "escalate", "retry_later"}[t.n(5)])
	dst = t.prose(dst, "reasoning", 6+t.n(10))
	dst = t.share(dst, "confidence")
	dst = append(dst, `,"alternatives":["close_case"],"params":{"rule":"R-`...)
	dst = strconv.AppendInt(dst, int64(t.n(60)), 10)
	return append(dst, `"},"error":null,"error_type":null`...)
}

func (t *run) llmResponse(dst []byte) []byte {
	dst = append(dst, `,"messages":[{"role":"user","content":"`...)
	dst = t.say(dst, 4+t.n(5))
	dst = append(dst, `"}],"response":{"role":"assistant","content":"`...)
	dst = t.say(dst, 3+t.n(5))
	dst = append(dst, `"}`...)
	dst = figure(dst, "input_tokens", t.input)
	dst = figure(dst, "output_tokens", t.output)
	dst = figure(dst, "token_count", t.input+t.output)
	return append(dst, `,"error":null,"error_type":null`...)
}

func (t *run) tokenUsage(dst []byte) []byte {
	dst = text(dst, "provider", t.model.provider)
	dst = figure(dst, "input_tokens", t.input)
	dst = figure(dst, "output_tokens", t.output)
	dst = figure(dst, "cache_read_tokens", t.input/4)
	dst = figure(dst, "token_count", t.input+t.input/4+t.output)
	nano := t.input*t.model.input + t.output*t.model.output
	dst = append(dst, `,"cost_usd":0.`...)
	dst = append(dst, strconv.FormatInt(1e9+nano%1e9, 10)[1:]...)
	return text(dst, "cost_source", "reported")
}

func (t *run) errorEvent(dst []byte) []byte {
	dst = t.prose(dst, "error", 8)
	dst = text(dst, "error_type", "ToolFailed")
	dst = append(dst, `,"stack_trace":"Traceback (most recent call last):\n  File \"/app/agent.py\", line `...)
	dst = strconv.AppendInt(dst, int64(20+t.n(400)), 10)
	dst = append(dst, `, in run\n    return self.call(tool)\nUpstreamError: 503"`...)
	dst = text(dst, "recovery_action", []string{"retry", "fallback", "escalate"}[t.n(3)])
	dst = figure(dst, "attempt", int64(1+t.n(3)))
	return append(dst, `,"params":{},"result":null`...)
}

// handoff hands the work over to another agent, whose turn it is from then on.
func (t *run) handoff(dst []byte) []byte {
	from := t.w.agents[t.agent]
	t.agent = t.skewed(len(t.w.agents))
	dst = append(dst, `,"params":{"target":"`...)
	dst = append(dst, t.w.agents[t.agent]...)
	dst = append(dst, `","reason":"`...)
	dst = t.say(dst, 5)
	dst = append(dst, `"}`...)
	dst = text(dst, "handoff_from", from)
	dst = t.prose(dst, "context_summary", 8+t.n(8))
	return append(dst, `,"reasoning":"","confidence":0.0,"error":null,"error_type":null`...)
}

func (t *run) intervention(dst []byte) []byte {
	dst = text(dst, "intervention", []string{"approval", "approval", "rejection", "override"}[t.n(4)])
	dst = append(dst, `,"approval_id":"apr_`...)
	dst = append(hexBytes(dst, t.r.Uint64(), 10), '"')
	dst = append(dst, `,"approver":"`...)
	dst = append(t.mail(dst), '"')
	dst = text(dst, "policy_id", "refunds-over-500")
	dst = figure(dst, "decision_ms", int64(4000+t.n(600_000)))
	dst = t.prose(dst, "comment", 8)
	return append(dst, `,"params":{}`...)
}
