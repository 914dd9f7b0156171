package dialect

import "strings"

// The names of the dialects, as an event's Dialect has them.
const (
	otelName          = "otel" // none of those below
	genaiName         = "otel-genai"
	mcpName           = "mcp"
	a2aName           = "a2a"
	openinferenceName = "openinference"
	openllmetryName   = "openllmetry"
	vercelName        = "vercel-ai"
	langfuseName      = "langfuse"
	pydanticName      = "pydantic-ai"
	logfireName       = "logfire"
	langsmithName     = "langsmith"
	laminarName       = "laminar"
	agentopsName      = "agentops"
	openlitName       = "openlit"
	mlflowName        = "mlflow"
	adkName           = "google-adk"
	genkitName        = "genkit"
	claudeName        = "claude-code"
	codexName         = "codex"
	geminiName        = "gemini-cli"
	nativeName        = "hansard"
)

// spanRule decides what a span did; workNone: the rule does not apply. It sets
// the reading's rule.
type spanRule struct {
	dialect string
	decide  func(r *otelReading) work
}

// spanRules are asked in this order, the first that applies counts. The order is
// by how much a sign says: a type attribute before the mere presence of a model.
// It is never changed.
var spanRules = [...]spanRule{
	{nativeName, (*otelReading).nativeSpan},
	{claudeName, (*otelReading).claudeSpan},
	{vercelName, (*otelReading).vercelSpan},
	{openinferenceName, (*otelReading).openinferenceSpan},
	{genaiName, (*otelReading).genaiSpan},
	{mcpName, (*otelReading).mcpSpan},
	{a2aName, (*otelReading).a2aSpan},
	{openllmetryName, (*otelReading).openllmetrySpan},
	{langfuseName, (*otelReading).langfuseSpan},
	{langsmithName, (*otelReading).langsmithSpan},
	{laminarName, (*otelReading).laminarSpan},
	{agentopsName, (*otelReading).agentopsSpan},
	{openlitName, (*otelReading).openlitSpan},
	{mlflowName, (*otelReading).mlflowSpan},
	{genkitName, (*otelReading).genkitSpan},
	{adkName, (*otelReading).adkSpan},
	{pydanticName, (*otelReading).pydanticSpan},
	{genaiName, (*otelReading).genaiPresence},
	{otelName, (*otelReading).spanName},
}

// classify decides what the span did, and which dialect says so. A known
// instrumentation scope names the dialect also where another's attribute decides,
// because many carry the attributes of several.
func (r *otelReading) classify() work {
	scope := r.scopeDialect()
	for i := range spanRules {
		rule := &spanRules[i]
		if w := rule.decide(r); w != workNone {
			r.dialect = or(scope, or(r.dialect, rule.dialect))
			return w
		}
	}
	r.rule = "no rule applies"
	r.dialect = or(scope, otelName)
	if scope == "" && r.any("logfire.") {
		r.dialect = logfireName
	}
	return workGeneric
}

// scopeDialect returns the dialect that the instrumentation scope or the service
// names; "" when they name none.
func (r *otelReading) scopeDialect() string {
	if s := r.scope; s != nil {
		switch name := s.Name; {
		case strings.HasPrefix(name, "com.anthropic.claude_code"):
			return claudeName
		case strings.HasPrefix(name, "openinference.instrumentation"), strings.HasPrefix(name, "@arizeai/openinference"):
			return openinferenceName
		case strings.HasPrefix(name, "opentelemetry.instrumentation.") && r.traceloop(), strings.HasPrefix(name, "@traceloop/"), strings.HasPrefix(name, "traceloop."):
			return openllmetryName
		case name == "pydantic-ai" || name == "pydantic_ai":
			return pydanticName
		case name == "ai" && (r.has("ai.operationId") || r.any("ai.")):
			return vercelName
		case name == "gen_ai" && r.has("gen_ai.operation.name"):
			return vercelName
		case strings.HasPrefix(name, "langfuse"):
			return langfuseName
		case strings.HasPrefix(name, "openlit"):
			return openlitName
		case strings.HasPrefix(name, "agentops"):
			return agentopsName
		case strings.HasPrefix(name, "lmnr"):
			return laminarName
		case strings.HasPrefix(name, "gcp.vertex.agent"):
			return adkName
		case name == "gemini-cli":
			return geminiName
		case strings.HasPrefix(name, "codex"):
			return codexName
		}
	}
	switch s := r.origin.service; {
	case s == "claude-code":
		return claudeName
	case s == "gemini-cli":
		return geminiName
	case strings.HasPrefix(s, "codex"):
		return codexName
	}
	return ""
}

// traceloop reports whether a span of an instrumentation whose scope has the form
// of OpenTelemetry's own is one of Traceloop's.
func (r *otelReading) traceloop() bool {
	return r.m.traceloops[r.scope] || r.has("traceloop.span.kind") || r.has("llm.request.type") || r.has("llm.usage.total_tokens") || r.has("gen_ai.prompt.0.role") || r.any("traceloop.")
}

// decided notes which attribute decided.
func (r *otelReading) decided(w work, key, value string) work {
	if w != workNone {
		r.rule = r.id(key, "=", value)
	}
	return w
}

// spanName decides by patterns of span names, where nothing else says more.
func (r *otelReading) spanName() work {
	name := r.span.Name
	w := workNone
	switch {
	case strings.HasPrefix(name, "handoff to "), strings.HasSuffix(name, ".handoff") && strings.Contains(name, " → "):
		w = workHandoff
	case strings.HasPrefix(name, "invoke_agent "), strings.HasSuffix(name, ".agent"), name == "agent run":
		w = workAgent
	case strings.HasPrefix(name, "execute_tool "), strings.HasSuffix(name, ".tool"):
		w = workTool
	case strings.HasSuffix(name, ".workflow"), strings.HasSuffix(name, ".task"):
		w = workWorkflow
	case strings.HasPrefix(name, "chat ") && r.span.Kind == KindClient:
		w = workLLM
	}
	if w != workNone {
		r.rule = "the span's name"
	}
	return w
}

// extras adds what a span says beside its kind.
func (r *otelReading) extras(w work) {
	r.deferral()
	r.handled()
	r.threat()
	r.scrubbed()
	r.approval()
	r.graphHandoff()
	r.feedback()
	if w != workElicit && w != workDelegation {
		r.inputRequired()
	}
}

// handled makes events of the exceptions that a span recorded without failing.
func (r *otelReading) handled() {
	if r.span == nil || r.main.Status != "ok" {
		return
	}
	for i := range r.span.Events {
		ev := &r.span.Events[i]
		if ev.Name != "exception" {
			continue
		}
		x := r.more("agent.error", "exception/"+decimalText(i), ev.Time)
		if x.Timestamp == 0 {
			x.Timestamp = r.ended()
		}
		r.exception(x, ev.Attrs)
		x.Status, x.Action = "error", "exception:"+x.ErrorType
		if x.Error == "" && x.ErrorType == "" {
			x.Error = "an exception without type and message"
		}
	}
}
