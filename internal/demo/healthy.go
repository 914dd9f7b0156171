package demo

import (
	"encoding/json"
	"time"

	"github.com/hansardhq/hansard"
)

// parcel is a run in which nothing goes wrong: where is my parcel?
func parcel(start time.Time) *scene {
	s := &scene{start: start, trace: "demo-parcel-7740", task: "parcel-7740", session: "chat-20934", user: "tom.okafor@example.com"}
	root := s.asked(support, "customer", "Where is my parcel for order 7740?")
	order := s.call(35, support, root, toolCall{
		id: "call_get_order_2", tool: "get_order", sideEffect: "read", params: `{"order_id":7740}`,
		resources: []hansard.Resource{{Kind: "order", ID: "7740", Operation: "read", DataClass: "pii"}},
	})
	s.returned(order, 142, result(`{"order_id":7740,"state":"in_transit","carrier":"DHL","expected":"tomorrow"}`))
	reply := s.think(1340, support, root, answer{
		model: large(), ms: 1120, input: 733, cached: 2048, output: 96,
		messages: `[{"role":"user","content":"Where is my parcel for order 7740?"}]`,
		response: `{"role":"assistant","content":"It is on its way and should reach you tomorrow."}`,
	})
	s.add(1360, support, reply, hansard.Event{
		EventType: hansard.TypeDecision, Action: "decision:answer_directly", Decision: "answer_directly",
		Confidence: hansard.Some(0.98), Alternatives: json.RawMessage(`["ask_the_carrier"]`), Status: "ok",
	})
	s.ends(1380, root)
	return s
}

// lookup is a run in which nothing goes wrong: an employee asks for a policy.
func lookup(start time.Time) *scene {
	s := &scene{start: start, trace: "demo-policy-311", task: "policy-311", session: "desk-118", user: "a.lind@example.com"}
	root := s.asked(research, "employee", "Which countries do we deliver to on Saturdays?")
	s.add(12, research, root, hansard.Event{
		EventType: hansard.TypeReasoning, Action: "reasoning", Reasoning: "A question about delivery: the policies answer it, nothing has to change.",
	})
	search := s.call(28, research, root, toolCall{
		id: "call_search_policy_2", tool: "search_policy", sideEffect: "read", params: `{"query":"saturday delivery countries","top_k":5}`,
		resources: []hansard.Resource{{Kind: "policy", ID: "delivery", Operation: "read", DataClass: "internal"}},
	})
	s.returned(search, 287, result(`{"hits":[{"id":"delivery-2.1","text":"Saturday delivery: Germany, Austria, the Netherlands."}]}`))
	s.think(1010, research, root, answer{
		model: small(), ms: 660, input: 508, output: 42,
		messages: `[{"role":"user","content":"Which countries do we deliver to on Saturdays?"}]`,
		response: `{"role":"assistant","content":"Germany, Austria and the Netherlands (delivery-2.1)."}`,
	})
	s.ends(1030, root)
	return s
}
