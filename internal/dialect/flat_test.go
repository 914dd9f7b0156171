package dialect_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/dialect"
)

// event returns the event that an empty object decodes to, changed by edit.
func event(edit func(e *hansard.Event)) *hansard.Event {
	e := &hansard.Event{EventType: hansard.TypeGeneric, Dialect: "flat"}
	if edit != nil {
		edit(e)
	}
	return e
}

func checkDecode(t *testing.T, in string, edit func(e *hansard.Event)) {
	t.Helper()
	got, err := new(dialect.Flat).Decode([]byte(in))
	if err != nil {
		t.Errorf("Decode(%s) = %v", in, err)
		return
	}
	if diff := cmp.Diff(event(edit), got); diff != "" {
		t.Errorf("Decode(%s) (-want +got):\n%s", in, diff)
	}
}

// TestDecodeExample reads the event of EVENT.md as agents send it.
func TestDecodeExample(t *testing.T) {
	checkDecode(t, `{"event_id": "e1", "event_type": "agent.tool_call", "agent_name": "support", "task_id": "", "session_id": "", "action": "tool_call:get_order", "params": {"order_id": 7}, "result": null, "reasoning": "", "confidence": 0.0, "source": "", "parent_event_id": null, "trace_id": "t1", "timestamp": 1763907781.25, "duration_ms": 0.0, "token_count": 0, "model": "", "version": "1.2", "error": null, "error_type": null}`,
		func(e *hansard.Event) {
			e.EventID, e.EventType, e.AgentName, e.AgentVersion = "e1", hansard.TypeToolCall, "support", "1.2"
			e.Action, e.ToolName, e.TraceID = "tool_call:get_order", "get_order", "t1"
			e.Params = json.RawMessage(`{"order_id":7}`)
			e.Timestamp, e.TimeSource = 1763907781250000000, hansard.TimeFromSender
		})
}

// TestDecodeAll reads every field of EVENT.md once.
func TestDecodeAll(t *testing.T) {
	checkDecode(t, `{"event_id":"a","event_type":"agent.human_intervention","timestamp":"2025-11-23T14:23:01.123456789Z",
	"agent_name":"b","agent_id":"c","agent_version":"d","task_id":"f","session_id":"g","user_id":"h","trace_id":"i",
	"span_id":"j","parent_event_id":"k","service":"l","environment":"m","tags":["n","o"],
	"action":"p","tool_name":"q","tool_call_id":"r","side_effect":"irreversible","params":[1, 2.50],"result":"s",
	"duration_ms":12.3456,"status":"denied","reasoning":"t\n\u00e9","decision":"u","alternatives":{"v": null},"confidence":0.5,
	"source":"user","actor":{"type":"human","id":"w","role":"x"},"on_behalf_of":["y"],"provenance":"inferred",
	"intervention":"approval","approval_id":"z","approver":"A","arguments_hash":"B","policy_id":"C","policy_version":"D","decision_ms":0,
	"handoff_from":"E","handoff_to":"F","context_summary":"G","model":"H","provider":"I","input_tokens":0,"output_tokens":2,
	"cache_read_tokens":3,"cache_write_tokens":4,"reasoning_tokens":5,"token_count":6,"cost_usd":0.1,"cost_source":"priced",
	"error":"J","error_type":"K","stack_trace":"L","recovery_action":"circuit_open","attempt":7,"rating":-1.5,"correction":"M",
	"comment":"N","follow_up":"O","resources":[{"kind":"P","id":"Q","operation":"R","data_class":"S"}],
	"messages":[{"role":"user"}],"response":true,"attributes":{"T" : 1e400}}`,
		func(e *hansard.Event) {
			*e = hansard.Event{
				EventID: "a", EventType: hansard.TypeHumanIntervention, Timestamp: 1763907781123456789,
				AgentName: "b", AgentID: "c", AgentVersion: "d", TaskID: "f", SessionID: "g", UserID: "h", TraceID: "i",
				SpanID: "j", ParentEventID: "k", Service: "l", Environment: "m", Tags: []string{"n", "o"},
				Action: "p", ToolName: "q", ToolCallID: "r", SideEffect: "irreversible",
				Params: json.RawMessage(`[1,2.50]`), Result: json.RawMessage(`"s"`), DurationUS: hansard.Some[int64](12346),
				Status: "denied", Reasoning: "t\né", Decision: "u", Alternatives: json.RawMessage(`{"v":null}`),
				Confidence: hansard.Some(0.5), Source: "user", ActorType: "human", ActorID: "w", ActorRole: "x",
				OnBehalfOf: []string{"y"}, Provenance: "inferred", Intervention: "approval", ApprovalID: "z", Approver: "A",
				ArgumentsHash: "B", PolicyID: "C", PolicyVersion: "D", DecisionUS: hansard.Some[int64](0),
				HandoffFrom: "E", HandoffTo: "F", ContextSummary: "G", Model: "H", Provider: "I",
				InputTokens: hansard.Some[int64](0), OutputTokens: hansard.Some[int64](2), CacheReadTokens: hansard.Some[int64](3),
				CacheWriteTokens: hansard.Some[int64](4), ReasoningTokens: hansard.Some[int64](5), TokenCount: hansard.Some[int64](6),
				CostNanoUSD: hansard.Some[int64](100000000), CostSource: "priced", Error: "J", ErrorType: "K", StackTrace: "L",
				RecoveryAction: "circuit_open", Attempt: hansard.Some[int64](7), Rating: hansard.Some(-1.5), Correction: "M",
				Comment: "N", FollowUp: "O",
				Resources: []hansard.Resource{{Kind: "P", ID: "Q", Operation: "R", DataClass: "S"}},
				Messages:  json.RawMessage(`[{"role":"user"}]`), Response: json.RawMessage(`true`),
				Attributes: json.RawMessage(`{"T":1e400}`), Dialect: "flat", TimeSource: hansard.TimeFromSender,
			}
		})
}

// attributes changes the attributes only.
func attributes(want string) func(e *hansard.Event) {
	return func(e *hansard.Event) { e.Attributes = json.RawMessage(want) }
}

func TestDecodeAttributes(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		checkDecode(t, in, attributes(want))
	}
	// Unknown fields and ours, as they were sent.
	f(`{"foo": [1.0, "\u0041"], "bar": null, "": ""}`, `{"foo":[1.0,"\u0041"],"bar":null,"":""}`)
	f(`{"position":1,"received_at":2,"submitted_by":"x","tier":"meta","labels":["a"],"redactions":{},"truncated":true,"dialect":"d","time_source":"s","log":"l","index":3,"leaf_hash":"h","statement":{}}`,
		`{"position":1,"received_at":2,"submitted_by":"x","tier":"meta","labels":["a"],"redactions":{},"truncated":true,"dialect":"d","time_source":"s","log":"l","index":3,"leaf_hash":"h","statement":{}}`)
	// Beside what was sent as attributes: other keys, the same key with the
	// same and with another value, again and again.
	f(`{"foo":1,"attributes":{"a":{}}}`, `{"a":{},"foo":1}`)
	f(`{"foo":1,"attributes":{"foo" : 1}}`, `{"foo":1}`)
	f(`{"foo":1,"attributes":{"foo":2}}`, `{"foo":2,"foo~2":1}`)
	f(`{"foo":1,"foo":2,"foo":1,"foo":3,"foo~2":4}`, `{"foo":1,"foo~2":2,"foo~3":3,"foo~2~2":4}`)
	f(`{"attributes":7}`, `{"attributes":7}`)
	f(`{"attributes":[]}`, `{"attributes":[]}`)
	f(`{"\u0066oo":1}`, `{"foo":1}`)
	// Known fields with what they cannot hold.
	f(`{"status":"success"}`, `{"status":"success"}`)
	f(`{"status":5,"source":["user"],"side_effect":"Read"}`, `{"status":5,"source":["user"],"side_effect":"Read"}`)
	f(`{"duration_ms":-1,"cost_usd":"0.1","input_tokens":1.5,"output_tokens":-1}`, `{"duration_ms":-1,"cost_usd":"0.1","input_tokens":1.5,"output_tokens":-1}`)
	f(`{"token_count":9007199254740992,"duration_ms":9007199254740.9915,"attempt":1e99999999999}`,
		`{"token_count":9007199254740992,"duration_ms":9007199254740.9915,"attempt":1e99999999999}`)
	f(`{"confidence":1.01,"rating":1e999}`, `{"confidence":1.01,"rating":1e999}`)
	f(`{"confidence":"high","rating":"5"}`, `{"confidence":"high","rating":"5"}`)
	f(`{"tags":{"a":1},"actor":["x"],"actor":{"type":"robot","name":"n","id":null}}`, `{"actor":["x"],"tags":{"a":1},"actor.type":"robot","actor.name":"n"}`)
	many := `{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":10,"k":11,"l":12,"m":13,"n":14,"o":15,"p":16,"q":17}`
	f(`{"actor":`+many+`}`, `{"actor":`+many+`}`)
	f(many[:len(many)-1]+`,"a":18,"q":17,"a":19,"r":20}`, many[:len(many)-1]+`,"a~2":18,"a~3":19,"r":20}`)
	f(`{"error":false}`, `{"error":false}`)
	f(`{"error":{}}`, `{"error":{}}`)
	f(`{"error":0.0}`, `{"error":0.0}`)
	f(`{"event_type":"agent.unheard_of"}`, `{"event_type":"agent.unheard_of"}`)
	f(`{"event_type":"x."}`, `{"event_type":"x."}`)
}

func TestDecodeValues(t *testing.T) {
	f := func(in string, edit func(e *hansard.Event)) {
		t.Helper()
		checkDecode(t, in, edit)
	}
	f(` { } `, nil)
	f(`{"agent_name":"","params":null,"result":"","tags":[],"resources":[],"actor":{},"attributes":{},"timestamp":0,"event_type":null,"event_id":""}`, nil)
	f(`{"confidence":-0.0,"duration_ms":0,"token_count":0e5}`, nil)
	f(`{"rating":-0.0,"attempt":0,"cost_usd":0}`, func(e *hansard.Event) {
		e.Rating, e.Attempt, e.CostNanoUSD = hansard.Some(0.0), hansard.Some[int64](0), hansard.Some[int64](0)
	})
	// The last of a field counts; what came before is kept.
	f(`{"agent_name":"a","agent_name":"b"}`, func(e *hansard.Event) {
		e.AgentName, e.Attributes = "b", json.RawMessage(`{"agent_name":"a"}`)
	})
	f(`{"agent\u005fname":"a"}`, func(e *hansard.Event) { e.AgentName = "a" })
	f(`{"version":"1","agent_version":"2"}`, func(e *hansard.Event) {
		e.AgentVersion, e.Attributes = "2", json.RawMessage(`{"version":"1"}`)
	})
	f(`{"version":1.10}`, func(e *hansard.Event) { e.AgentVersion = "1.10" })
	// Texts that are no strings.
	f(`{"task_id":7,"model":true,"reasoning":{"a" : [1]}}`, func(e *hansard.Event) {
		e.TaskID, e.Model, e.Reasoning = "7", "true", `{"a":[1]}`
	})
	f(`{"tags":"a","on_behalf_of":["x",null,7,""]}`, func(e *hansard.Event) {
		e.Tags, e.OnBehalfOf = []string{"a"}, []string{"x", "7"}
	})
	f(`{"actor":"alice"}`, func(e *hansard.Event) { e.ActorID = "alice" })
	// Types.
	f(`{"event_type":"tool_call"}`, func(e *hansard.Event) { e.EventType = hansard.TypeToolCall })
	f(`{"event_type":"x.é"}`, func(e *hansard.Event) { e.EventType = "x.é" })
	f(`{"tier":"critical"}`, func(e *hansard.Event) {
		e.RaiseTier, e.Attributes = hansard.TierCritical, json.RawMessage(`{"tier":"critical"}`)
	})
	// Derived fields.
	f(`{"action":"tool_result:db:query","tool_name":"x"}`, func(e *hansard.Event) { e.Action, e.ToolName = "tool_result:db:query", "x" })
	f(`{"action":"tool_result: db:query"}`, func(e *hansard.Event) { e.Action, e.ToolName = "tool_result: db:query", "db:query" })
	f(`{"action":"decision:refund"}`, func(e *hansard.Event) { e.Action, e.Decision = "decision:refund", "refund" })
	f(`{"action":"walk:home"}`, func(e *hansard.Event) { e.Action = "walk:home" })
	f(`{"event_type":"handoff","params":{"target":"billing"}}`, func(e *hansard.Event) {
		e.EventType, e.Params, e.HandoffTo = hansard.TypeHandoff, json.RawMessage(`{"target":"billing"}`), "billing"
	})
	f(`{"event_type":"tool_call","params":{"target":"billing"}}`, func(e *hansard.Event) {
		e.EventType, e.Params = hansard.TypeToolCall, json.RawMessage(`{"target":"billing"}`)
	})
	// Errors.
	f(`{"error":"boom","status":"ok"}`, func(e *hansard.Event) { e.Error, e.Status = "boom", "error" })
	f(`{"error":"boom","status":"timeout"}`, func(e *hansard.Event) { e.Error, e.Status = "boom", "timeout" })
	f(`{"error":true}`, func(e *hansard.Event) { e.Error, e.Status = "true", "error" })
	f(`{"error":{"type":"E","name":"N","message":"boom","code": 5}}`, func(e *hansard.Event) {
		e.Error, e.ErrorType, e.Status = "boom", "E", "error"
		e.Attributes = json.RawMessage(`{"error":{"type":"E","name":"N","message":"boom","code":5}}`)
	})
	f(`{"error_type":"T","error":{"name":"N","code": 5}}`, func(e *hansard.Event) {
		e.Error, e.ErrorType, e.Status = `{"name":"N","code":5}`, "T", "error"
		e.Attributes = json.RawMessage(`{"error":{"name":"N","code":5}}`)
	})
	// Resources.
	f(`{"resources":"file.txt"}`, func(e *hansard.Event) { e.Resources = []hansard.Resource{{ID: "file.txt"}} })
	f(`{"resources":[{"kind":"table","id":7},{"id":"a","rows": 3},5]}`, func(e *hansard.Event) {
		e.Resources = []hansard.Resource{{Kind: "table", ID: "7"}, {ID: "a"}}
		e.Attributes = json.RawMessage(`{"resources":[{"kind":"table","id":7},{"id":"a","rows":3},5]}`)
	})
}

func TestDecodeRejects(t *testing.T) {
	f := func(in string, kind hansard.Kind, want string) {
		t.Helper()
		flat := dialect.Flat{Limits: dialect.Limits{MaxBytes: 100, MaxDepth: 3, MaxFields: 4}}
		_, err := flat.Decode([]byte(in))
		if err == nil || err.Error() != want || hansard.KindOf(err) != kind {
			t.Errorf("Decode(%s) = %v, want %q", in, err, want)
		}
	}
	const invalid, large = hansard.KindInvalid, hansard.KindTooLarge
	f(``, invalid, "event is not a JSON object")
	f(`[]`, invalid, "event is not a JSON object")
	f(`{`, invalid, "event is not valid JSON: expected a key in quotes at byte 1")
	f(`{"a":1,"b`, invalid, "event is not valid JSON: unexpected end of JSON in a string at byte 9")
	f(`{"a":1,}`, invalid, "event is not valid JSON: expected a key in quotes at byte 7")
	f(`{"a"}`, invalid, "event is not valid JSON: expected ':' after a key at byte 4")
	f(`{"a":1`, invalid, "event is not valid JSON: expected ',' or '}' at byte 6")
	f(`{"a":}`, invalid, "event is not valid JSON: expected a JSON value at byte 5")
	f(`{} {}`, invalid, "event is not valid JSON: more after the object at byte 3")
	f("{\"a\":\"\xff\"}", invalid, "event is not valid JSON: invalid UTF-8 at byte 6")
	f("{\"a\":\"0123456789\x01\"}", invalid, "event is not valid JSON: control character in a string at byte 16")
	f(`{"a":"0123456789\x"}`, invalid, "event is not valid JSON: bad escape in a string at byte 16")
	f(`{"a":[[1]]}`+strings.Repeat(" ", 90), large, "event is longer than 100 bytes")
	f(`{"a":[[[1]]]}`, invalid, "event is not valid JSON: nested too deep at byte 7")
	f(`{"a":1,"b":2,"c":3,"d":4,"e":5}`, large, "event has more than 4 fields")
	f(`{"event_id":["a"]}`, invalid, "event_id is not a string")
	f(`{"event_type":7}`, invalid, "event_type is not a string")
}

func TestDecodeBounds(t *testing.T) {
	id := strings.Repeat("é", 200)
	f := func(in string, edit func(e *hansard.Event)) {
		t.Helper()
		checkDecode(t, in, func(e *hansard.Event) { e.Truncated = true; edit(e) })
	}
	// SHA-256 of 200 times é begins with df20b2aa6262e99e (sha256sum).
	short := strings.Repeat("é", 118) + "…" + "df20b2aa6262e99e"
	if len(short) > 256 {
		t.Fatal(len(short))
	}
	f(`{"task_id":"`+id+`"}`, func(e *hansard.Event) {
		e.TaskID, e.Attributes = short, json.RawMessage(`{"overflow.task_id":"`+id+`"}`)
	})
	name := strings.Repeat("x", 1023) + "é"
	f(`{"agent_name":"`+name+`","attributes":{"a":1}}`, func(e *hansard.Event) {
		e.AgentName, e.Attributes = name[:1023], json.RawMessage(`{"a":1,"overflow.agent_name":"`+name+`"}`)
	})
	f(`{"actor":{"id":"`+id+`"},"on_behalf_of":"`+id+`"}`, func(e *hansard.Event) {
		e.ActorID, e.OnBehalfOf = short, []string{short}
		e.Attributes = json.RawMessage(`{"overflow.on_behalf_of":["` + id + `"],"overflow.actor.id":"` + id + `"}`)
	})
	tags := `["a"` + strings.Repeat(`,"a"`, 64) + `]`
	f(`{"tags":`+tags+`}`, func(e *hansard.Event) {
		e.Tags = strings.Split("a"+strings.Repeat(",a", 63), ",")
		e.Attributes = json.RawMessage(`{"overflow.tags":` + tags + `}`)
	})
	f(`{"resources":[{"id":"`+id+`"}]}`, func(e *hansard.Event) {
		e.Resources = []hansard.Resource{{ID: short}}
		e.Attributes = json.RawMessage(`{"overflow.resources":[{"id":"` + id + `"}]}`)
	})
	// Content and what just fits is not cut.
	checkDecode(t, `{"reasoning":"`+name+name+`","task_id":"`+id[:256]+`"}`, func(e *hansard.Event) {
		e.Reasoning, e.TaskID = name+name, id[:256]
	})
	// Left to the caller.
	flat := dialect.Flat{Unbounded: true}
	got, err := flat.Decode([]byte(`{"task_id":"` + id + `"}`))
	if err != nil || got.TaskID != id || got.Truncated {
		t.Errorf("unbounded: %v, %v", got, err)
	}
}

// TestDecodeInto checks that nothing of an earlier event shows in a reused one,
// and that an event does not change when the memory it was read from does.
func TestDecodeInto(t *testing.T) {
	var flat dialect.Flat
	var e hansard.Event
	raw := []byte(flatSample)
	if err := flat.DecodeInto(&e, raw); err != nil {
		t.Fatal(err)
	}
	before := dialect.AppendEvent(nil, &e)
	for i := range raw {
		raw[i] = 'x'
	}
	if after := dialect.AppendEvent(nil, &e); !bytes.Equal(before, after) {
		t.Errorf("the event changed with its source:\n%s\n%s", before, after)
	}
	if err := flat.DecodeInto(&e, []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(event(nil), &e); diff != "" {
		t.Errorf("something is left of the earlier event (-want +got):\n%s", diff)
	}
}
