package bench

import (
	"context"
	"math/rand/v2"
	"net/url"
	"slices"
	"time"
)

// question is one kind of query, asked with other values each time.
type question struct {
	name string
	ask  func(ctx context.Context, c *client, i int) ([]byte, error)
	// small and large are the targets at a million and at ten million events.
	small, large target
}

// A kind of query is asked askAtLeast times and, until it has taken askTime,
// askAtMost times, after it has been asked warmUp times.
const (
	warmUp     = 3
	askAtLeast = 5
	askAtMost  = 40
	askTime    = 4 * time.Second
)

// smallBelow is below how many events a run is to see whether all goes well, not
// to measure: it asks and crashes no longer than it must.
const smallBelow = 100_000

// largeFrom is from how many events on the targets are those of ten million.
const largeFrom = 5_000_000

// measureQueries measures how long answers take over HTTP, from the request until
// the whole answer is there.
func (b *bench) measureQueries(ctx context.Context, s *server) error {
	c := newClient(s.url)
	defer c.close()
	for _, q := range b.questions() {
		b.cfg.Progress("asking: "+q.name, 0, 0)
		err := b.measureQuestion(ctx, s, c, q)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil { // the others can be answered all the same
			b.fail(MeasureQueries, q.name, "ms", b.bounds(q), err)
		}
	}
	u, err := s.usage()
	if err != nil {
		return err
	}
	b.add(MeasureQueries, "memory after the queries", float64(u.RSS)/mb, "MB", target{}, "peak %.0f MB", float64(u.Peak)/mb)
	return nil
}

func (b *bench) measureQuestion(ctx context.Context, s *server, c *client, q question) error {
	var cold time.Duration
	for i := range warmUp {
		begin := time.Now()
		if _, err := q.ask(ctx, c, i); err != nil {
			return err
		}
		if i == 0 {
			cold = time.Since(begin)
		}
	}
	var took []time.Duration
	var size int
	before, err := s.usage()
	if err != nil {
		return err
	}
	enough := askTime
	if b.cfg.Events < smallBelow {
		enough = 0
	}
	for start := time.Now(); len(took) < askAtLeast || len(took) < askAtMost && time.Since(start) < enough; {
		begin := time.Now()
		answer, err := q.ask(ctx, c, warmUp+len(took))
		if err != nil {
			return err
		}
		took = append(took, time.Since(begin))
		size += len(answer)
	}
	after, err := s.usage()
	if err != nil {
		return err
	}
	slices.Sort(took)
	n := len(took)
	b.add(MeasureQueries, q.name, millis(percentile(took, 50)), "ms", b.bounds(q),
		"p50 of %d, p95 %.1f, first %.1f; %.1f ms of processor time and %.1f kB each",
		n, millis(percentile(took, 95)), millis(cold), millis(after.CPU+after.Children-before.CPU-before.Children)/float64(n), float64(size)/1000/float64(n))
	return nil
}

// bounds returns the targets of a question at the size that the record has.
func (b *bench) bounds(q question) target {
	if b.cfg.Events >= largeFrom {
		return q.large
	}
	return q.small
}

// questions lists the queries.
func (b *bench) questions() []question {
	w := b.workload
	any := atMost(500, 150) // any aggregate, at ten million
	report, day := atMost(1000, 1000), atMost(150, 150)
	blocks := max(b.cfg.Events/BlockEvents, 1)
	r := rand.New(rand.NewPCG(w.seed, 1))
	events := func(search func(i int) string) func(context.Context, *client, int) ([]byte, error) {
		return func(ctx context.Context, c *client, i int) ([]byte, error) {
			return c.get(ctx, "/v1/events?limit=100&q="+url.QueryEscape(search(i)))
		}
	}
	sql := func(statement string) func(context.Context, *client, int) ([]byte, error) {
		return func(ctx context.Context, c *client, _ int) ([]byte, error) { return c.sql(ctx, statement) }
	}
	list := []question{
		{"trace", func(ctx context.Context, c *client, _ int) ([]byte, error) {
			return c.get(ctx, "/v1/traces/"+w.TraceID(r.IntN(blocks), r.IntN(BlockEvents/maxTrace)))
		}, atMost(10, 5), atMost(20, 10)},
		{"summary", whole("reports/summary"), atMost(50, 20), any},
		{"tool percentiles (SQL)", sql(`SELECT tool_name, count(*), quantile_cont(duration_ms, 0.5), quantile_cont(duration_ms, 0.95), quantile_cont(duration_ms, 0.99) FROM events WHERE event_type = 'agent.tool_result' GROUP BY 1 ORDER BY 2 DESC`),
			atMost(50, 20), any},
		{"tool percentiles (report)", whole("reports/tools"), atMost(50, 20), report},
		{"word search", events(func(i int) string { return w.Word(1500 + 7*i) }), atMost(200, 50), atMost(500, 500)},
		{"errors by type (SQL)", sql(`SELECT error_type, count(*) FROM events WHERE status <> 'ok' GROUP BY 1 ORDER BY 2 DESC`), target{}, any},
		{"tokens and cost by model (SQL)", sql(`SELECT model, sum(input_tokens), sum(output_tokens), sum(cost_usd) FROM events WHERE event_type = 'agent.token_usage' GROUP BY 1`), target{}, any},
		{"events by hour (SQL)", sql(`SELECT date_trunc('hour', timestamp), count(*) FROM events GROUP BY 1 ORDER BY 1`), target{}, any},
		{"one day's summary", b.oneDay("reports/summary?"), target{}, atMost(100, 50)},
	}
	for _, name := range []string{"errors", "cost", "daily", "activity"} {
		list = append(list, question{name + " report", whole("reports/" + name + b.wholePeriod(name)), target{}, report})
	}
	for _, name := range []string{"tools", "errors", "cost", "daily", "activity"} {
		list = append(list, question{"one day's " + name, b.oneDay("reports/" + name + "?"), target{}, day})
	}
	for _, name := range []string{"sessions", "agents", "tasks", "users"} {
		list = append(list, question{name, whole(name), target{}, report}, question{"one day's " + name, b.oneDay(name + "?"), target{}, day})
	}
	const facets = "events/facets?fields=agent_name,event_type,tool_name,status,model,tier&"
	list = append(list,
		question{"facets", whole(facets), target{}, report}, question{"one day's facets", b.oneDay(facets), target{}, day},
		question{"histogram", whole("events/histogram"), target{}, report}, question{"one day's histogram", b.oneDay("events/histogram?"), target{}, day},
		question{"newest 100 of an agent", events(func(i int) string { return "agent:" + w.Agent(i) }), target{}, atMost(150, 20)},
		question{"a rare word", events(func(int) string { return rareWord }), target{}, atMost(500, 200)},
		question{"errors of an agent's tool", events(func(i int) string {
			return "agent:" + w.Agent(3*i) + " tool:" + w.tools[i%len(w.tools)] + " status:error"
		}), target{}, day},
		question{"newest 100", events(func(int) string { return "" }), target{}, day},
	)
	for _, pack := range []string{"base", "eu-ai-act"} {
		list = append(list, question{"pack " + pack, whole("reports/compliance?pack=" + pack), target{}, atMost(5000, 5000)})
	}
	return list
}

// wholePeriod returns the parameters that make a report, which is about the last day
// or hour unless it is told, one about everything.
func (b *bench) wholePeriod(report string) string {
	switch report {
	case "daily", "activity":
		v := url.Values{"since": {b.workload.Day(0).Format(time.RFC3339)}, "until": {b.workload.Day(0).AddDate(0, 0, days+1).Format(time.RFC3339)}}
		return "?" + v.Encode()
	}
	return ""
}

// oneDay asks for one of the days of the record, another one each time.
func (b *bench) oneDay(path string) func(context.Context, *client, int) ([]byte, error) {
	return func(ctx context.Context, c *client, i int) ([]byte, error) {
		day := b.workload.Day(i)
		v := url.Values{"since": {day.Format(time.RFC3339)}, "until": {day.AddDate(0, 0, 1).Format(time.RFC3339)}}
		return c.get(ctx, "/v1/"+path+v.Encode())
	}
}

// whole asks for something of the whole record.
func whole(path string) func(context.Context, *client, int) ([]byte, error) {
	return func(ctx context.Context, c *client, _ int) ([]byte, error) { return c.get(ctx, "/v1/"+path) }
}
