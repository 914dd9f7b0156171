package main

import (
	"context"
	"fmt"
	"time"

	"github.com/hansardhq/hansard/internal/access"
	"github.com/hansardhq/hansard/internal/demo"
	"github.com/hansardhq/hansard/internal/intake"
	"github.com/hansardhq/hansard/internal/reading"
	"github.com/hansardhq/hansard/internal/report"
	"github.com/hansardhq/hansard/internal/trace"
)

// demoTask is the task of the example run.
const demoTask = "refund-7731"

// playDemo takes the example run in, if it is not there yet, shows what the
// record says of it, and returns while the server goes on.
func (p *program) playDemo(ctx context.Context, st *store, addr string) error {
	tenant := access.DefaultTenant
	src := intake.Source{Tenant: tenant, SubmittedBy: "demo"}
	if traces, err := st.reading.Traces(ctx, tenant, demoTask); err != nil || len(traces) == 0 {
		start := time.Now().Add(-10 * time.Minute).Truncate(time.Second)
		receipt, err := st.intake.Events(ctx, src, demo.Incident(start))
		if err != nil {
			return fmt.Errorf("play the example run: %w", err)
		}
		p.say("played an example run into the record: %d events, durable and redacted", receipt.Accepted)
	}
	traces, err := st.reading.Traces(ctx, tenant, demoTask)
	if err != nil {
		return fmt.Errorf("read the example run back: %w", err)
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
	sum, err := st.reading.Summary(ctx, tenant, reading.Question{})
	if err != nil {
		return fmt.Errorf("report on the example run: %w", err)
	}
	fmt.Fprintln(p.stdout)
	if err := report.Render(p.stdout, sum, report.Table); err != nil {
		return err
	}
	for _, line := range []string{
		"", "Serving on http://" + addr + "; stop with Ctrl-C. In another terminal:",
		"  bin/hansard events 'agent:billing error:*'",
		"  bin/hansard trace " + demoTask,
		"  bin/hansard tail -f",
		"  bin/hansard sql 'select agent_name, count(*) from events group by 1'",
		"  bin/hansard prove EVENT_ID > x.proof",
	} {
		p.say("%s", line)
	}
	return nil
}
