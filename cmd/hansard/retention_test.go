package main

import (
	"context"
	"fmt"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/intake"
	"github.com/hansardhq/hansard/internal/ledger"
)

// aged makes a data folder with events that were received 40 and 10 days ago, and
// today: 300 of each tier a day, one trace for four of them. aged DIR
func aged(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: aged DIR")
	}
	for _, days := range []int{40, 10, 0} {
		at := time.Now().AddDate(0, 0, -days)
		st, err := openStore(storeConfig{Ledger: ledger.Config{Dir: ts.MkAbs(args[0]), Name: "test", Now: func() time.Time { return at }}})
		ts.Check(err)
		var events []*hansard.Event
		for i := range 300 {
			id := fmt.Sprintf("d%d-%d", days, i)
			for _, ev := range []hansard.Event{
				{EventType: hansard.TypeReasoning, EventID: id + "-why", Reasoning: "the order is late"},
				{EventType: hansard.TypeLLMResponse, EventID: id + "-llm", ParentEventID: id + "-why", Model: "m-1", InputTokens: hansard.Some[int64](100), OutputTokens: hansard.Some[int64](10), CostNanoUSD: hansard.Some[int64](2_000_000)},
				{EventType: hansard.TypeDecision, EventID: id + "-decision", ParentEventID: id + "-why", Decision: "refund"},
				{EventType: hansard.TypeError, EventID: id + "-error", ParentEventID: id + "-llm", Error: "no"},
			} {
				ev.TraceID, ev.TaskID, ev.AgentName, ev.Timestamp = id, fmt.Sprintf("task-%d", i%7), "billing", at.UnixNano()-1e9+int64(i)
				events = append(events, &ev)
			}
		}
		_, err = st.intake.Events(context.Background(), intake.Source{Tenant: "default", SubmittedBy: "loopback"}, events)
		ts.Check(err)
		ts.Check(st.Close())
	}
}
