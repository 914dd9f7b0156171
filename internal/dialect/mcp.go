package dialect

import "github.com/hansardhq/hansard"

// The Model Context Protocol's conventions (mcp.*).

// mcpSpan decides by mcp.method.name. The same call of a tool may have a span of
// the agent's, one of the MCP client's and one of the MCP server's: a server whose
// caller is instrumented (it has a parent) does not count the call again, and a
// client does not below a tool's span of the same name (see join).
func (r *otelReading) mcpSpan() work {
	v := r.get("mcp.method.name")
	if v.Kind != ValueString {
		return workNone
	}
	method := string(v.Text)
	w := workGeneric
	switch method {
	case "tools/call":
		w = workTool
		if r.span.Kind == KindServer && r.span.ParentID != "" {
			r.rule = "mcp.method.name=" + method + ", the server's side"
			r.dialect = mcpName
			r.mcpServer()
			return workGeneric
		}
		r.mcp = true
	case "elicitation/create":
		w = workElicit
	case "resources/read":
		w = workRetrieval
	}
	return r.decided(w, "mcp.method.name", method)
}

// mcpServer reads the server's side of a call that its client counts.
func (r *otelReading) mcpServer() {
	e := r.main
	e.ToolName = r.toolName()
	e.Action = "mcp_server:" + e.ToolName
	label(e, LabelSameCall)
	r.moveIn(&e.Params, "params", inputKeys)
	r.moveIn(&e.Result, "result", outputKeys)
}

// elicit reads that a person was asked for something.
func (r *otelReading) elicit() {
	e := r.main
	e.EventType = hansard.TypeHumanIntervention
	e.Intervention = "requested"
	e.Action = "human_input_requested"
	e.ActorType = "agent"
	r.moveIn(&e.Params, "params", inputKeys)
	r.moveIn(&e.Result, "result", outputKeys)
}
