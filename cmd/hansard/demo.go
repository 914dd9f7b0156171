package main

import (
	"context"
	"fmt"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/access"
	"github.com/hansardhq/hansard/internal/demo"
	"github.com/hansardhq/hansard/internal/intake"
	"github.com/hansardhq/hansard/internal/reading"
	"github.com/hansardhq/hansard/internal/report"
	"github.com/hansardhq/hansard/internal/trace"
)

// demoTask is the task of the example's incident.
const demoTask = demo.RefundTask

// demoSource is who sends the example's events, in every entry's submitted_by.
const demoSource = "demo"

// demoDesk is who sends what humans decided, in the same place.
const demoDesk = "demo-approvals"

// checkDemo refuses a speed that cannot be.
func checkDemo(f *serveFlags) error {
	if f.demoSpeed == 0 || f.demoSpeed >= 1 && f.demoSpeed <= 3600 {
		return nil
	}
	return hansard.Errorf(hansard.KindInvalid, "--demo-speed %g: want 1 to 3600, or 0 for the past only", f.demoSpeed)
}

// playDemo takes a week of the example company in, shows what the record says of
// it, and then takes in what happens, until the context ends.
func (p *program) playDemo(ctx context.Context, st *store, f *serveFlags, addr string) error {
	company := demo.NewCompany(f.demoSeed)
	begin := time.Now()
	history, err := p.playHistory(ctx, st, company, begin)
	if err != nil {
		return fmt.Errorf("play the example company: %w", err)
	}
	if err := p.showDemo(ctx, st, addr); err != nil {
		return fmt.Errorf("show the example company: %w", err)
	}
	if f.demoSpeed == 0 {
		return nil
	}
	return playLive(ctx, st, company.Live(begin, f.demoSpeed, history))
}

// playHistory takes the week before begin in, or, where that was done before,
// what happened since the server stopped.
func (p *program) playHistory(ctx context.Context, st *store, company *demo.Company, begin time.Time) (*demo.History, error) {
	tenant := access.DefaultTenant
	last, err := st.reading.Events(ctx, tenant, reading.Question{Search: "submitted_by:" + demoSource, Limit: 1})
	if err != nil {
		return nil, err
	}
	history := (*demo.History)(nil)
	if len(last.Events) == 0 {
		history = company.History(begin)
	} else {
		history = company.Resume(time.Unix(0, last.Events[0].Timestamp), begin)
	}
	accepted, err := submitDemo(ctx, st, tenant, history.Events)
	if err != nil {
		return nil, err
	}
	p.say("played the past of an example company into the record: %d events, durable and redacted, in %s",
		accepted, time.Since(begin).Round(time.Millisecond))
	return history, nil
}

// demoSender returns who sends an event of the company: what humans decide comes from
// the desk where they do, not from the agents. An approval that an agent sends for
// itself would not be valid.
func demoSender(e *hansard.Event) string {
	if e.EventType == hansard.TypeHumanIntervention && e.ActorType == "human" {
		return demoDesk
	}
	return demoSource
}

// submitDemo takes in events in their order, each from its sender, and returns how
// many were accepted.
func submitDemo(ctx context.Context, st *store, tenant string, events []*hansard.Event) (accepted int, err error) {
	for len(events) > 0 {
		sender, n := demoSender(events[0]), 1
		for n < len(events) && demoSender(events[n]) == sender {
			n++
		}
		receipt, err := st.intake.Events(ctx, intake.Source{Tenant: tenant, SubmittedBy: sender}, events[:n])
		if err != nil {
			return accepted, err
		}
		accepted, events = accepted+receipt.Accepted, events[n:]
	}
	return accepted, nil
}

// liveEvery is how often what happened is taken in.
const liveEvery = 250 * time.Millisecond

// playLive takes in what happens. What the ledger is too busy for is sent again.
func playLive(ctx context.Context, st *store, live *demo.Live) error {
	tick := time.NewTicker(liveEvery)
	defer tick.Stop()
	var due []*hansard.Event
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			due = append(due, live.Until(now)...)
		}
		if len(due) == 0 {
			continue
		}
		_, err := submitDemo(ctx, st, access.DefaultTenant, due)
		switch {
		case err == nil:
			due = nil
		case ctx.Err() != nil:
			return nil
		case hansard.KindOf(err) != hansard.KindBusy:
			return fmt.Errorf("play the example company: %w", err)
		}
	}
}

// showDemo prints the example's incident, a report, and what to try next.
func (p *program) showDemo(ctx context.Context, st *store, addr string) error {
	tenant := access.DefaultTenant
	traces, err := st.reading.Traces(ctx, tenant, demoTask)
	if err != nil {
		return err
	}
	t := p.terminalOf(p.stdout)
	for _, tr := range traces {
		fmt.Fprintln(p.stdout)
		opt := trace.Options{Color: t.color, Width: t.width, Tree: true}
		if err := trace.Render(p.stdout, trace.NewTimeline(tr.Entries), opt); err != nil {
			return err
		}
	}
	if err := st.ledger.PublishCheckpoints(); err != nil {
		return err
	}
	sum, err := st.reading.Report(ctx, tenant, "summary", reading.Order{})
	if err != nil {
		return err
	}
	fmt.Fprintln(p.stdout)
	if err := report.RenderTable(p.stdout, sum, t.width); err != nil {
		return err
	}
	at := ""
	if addr != defaultListen {
		at = " --server http://" + addr
	}
	for _, line := range []string{
		"", "Serving on http://" + addr + "; the company goes on working. Stop with Ctrl-C. In another terminal:",
		"  bin/hansard ask 'what did the agent do?'" + at,
		"  bin/hansard trace " + demoTask + at,
		"  bin/hansard incident " + demoTask + at,
		"  bin/hansard events 'agent:billing error:*' --since 24h" + at,
		"  bin/hansard tail -f" + at,
		"  bin/hansard sql 'select agent_name, count(*) from events group by 1'" + at,
		"  bin/hansard prove EVENT_ID > x.proof" + at,
	} {
		p.say("%s", line)
	}
	return nil
}
