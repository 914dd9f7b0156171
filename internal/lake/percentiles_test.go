package lake_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard/internal/lake"
)

// TestQuicker holds what runs in the place of a statement to what it should be.
func TestQuicker(t *testing.T) {
	functions := []string{"quantile_cont", "quantile_disc", "list_extract", "list_value", "round", "sum", "count", "date_trunc", "count_star", "random", "+"}
	f := func(statement, want string) {
		t.Helper()
		got, err := lake.Quicker(context.Background(), functions, statement)
		if err != nil || got != want {
			t.Errorf("%s: %v\n got %s\nwant %s", statement, err, got, want)
		}
	}
	f("SELECT tier, quantile_cont(duration_ms, 0.5), quantile_cont(duration_ms, 0.95) AS p95 FROM events GROUP BY 1",
		`SELECT tier, list_extract(quantile_cont(duration_ms, list_value(0.5, 0.95)), 1), list_extract(quantile_cont(duration_ms, list_value(0.5, 0.95)), 2) AS p95 FROM events GROUP BY 1`)
	f("SELECT * FROM (SELECT round(QUANTILE_DISC(position, 0.5) FILTER (WHERE tier = 'a'), 1), quantile_disc(position, 0.9) FILTER (tier = 'a') + 1 FROM events)",
		`SELECT * FROM (SELECT round(list_extract(quantile_disc("position", list_value(0.5, 0.9)) FILTER (WHERE (tier = 'a')), 1), 1) AS "round(quantile_disc(""position"", 0.5) FILTER (WHERE (tier = 'a')), 1)", (list_extract(quantile_disc("position", list_value(0.5, 0.9)) FILTER (WHERE (tier = 'a')), 2) + 1) AS "(quantile_disc(""position"", 0.9) FILTER (WHERE (tier = 'a')) + 1)" FROM events)`)
	f("SELECT quantile_cont(duration_ms, 0.5) FROM events", "")
	f("SELECT quantile_cont(duration_ms, 0.5), quantile_cont(duration_us, 0.5), quantile_disc(duration_ms, 0.5) FROM events", "")
	f("SELECT quantile_cont(duration_ms, 0.5), quantile_cont(DISTINCT duration_ms, 0.9) FROM events", "")
	f("SELECT quantile_cont(duration_ms, 0.5), quantile_cont(duration_ms, 0.9) FILTER (WHERE tier = 'a') FROM events", "")
	f("SELECT quantile_cont(duration_ms, 0.5), (SELECT quantile_cont(duration_ms, 0.9) FROM events) FROM events", "")
	f("SELECT quantile_cont(random(), 0.5), quantile_cont(random(), 0.9) FROM events", "")
	f("SELECT quantile_cont(duration_ms, 0.5) OVER (), quantile_cont(duration_ms, 0.9) OVER () FROM events", "")
}

// TestPercentiles compares what several percentiles come to with what each of them
// comes to alone.
func TestPercentiles(t *testing.T) {
	w := sqlWorld(t)
	ask := func(statement string) *lake.Result {
		t.Helper()
		r, err := w.SQL(context.Background(), tenant, statement, lake.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
		return r
	}
	f := func(from string, expressions ...string) {
		t.Helper()
		var all string
		for i, e := range expressions {
			if i > 0 {
				all += ", "
			}
			all += e
		}
		together := ask("SELECT " + all + " " + from)
		if len(together.Rows) == 0 {
			t.Fatalf("%s: no rows", from)
		}
		for i, e := range expressions {
			alone := ask("SELECT " + e + " " + from)
			if !cmp.Equal(together.Columns[i], alone.Columns[0]) {
				t.Errorf("%s: column %v, alone %v", e, together.Columns[i], alone.Columns[0])
			}
			for k, row := range together.Rows {
				if !cmp.Equal(row[i], alone.Rows[k][0]) {
					t.Errorf("%s, row %d: %s, alone %s", e, k, row[i], alone.Rows[k][0])
				}
			}
		}
	}
	f("FROM events GROUP BY tier ORDER BY tier", "tier", "quantile_cont(duration_ms, 0.5)", "quantile_cont(duration_ms, 0.95)", "quantile_cont(duration_ms, 0.0)", "quantile_cont(duration_ms, 1.0) AS most")
	f("FROM events WHERE duration_ms IS NULL GROUP BY tier ORDER BY tier", "quantile_cont(duration_ms, 0.5)", "quantile_cont(duration_ms, 0.95)")
	f("FROM events GROUP BY tier ORDER BY tier", "quantile_disc(agent_name, 0.25)", "quantile_disc(agent_name, 0.755)", "count(*)")
	f("FROM events", "quantile_cont(timestamp, 0.5)", "quantile_cont(timestamp, 0.123)", "round(quantile_disc(cost_usd, 0.5), 2)", "quantile_disc(cost_usd, 0.9)")
	f("FROM events", "quantile_cont(position, 0.5) FILTER (WHERE tier = 'info')", "quantile_cont(position, 0.1) FILTER (WHERE tier = 'info')", "quantile_cont(position, 0.1)")
	// What the engine refuses of the quicker statement is answered all the same.
	f("FROM events ORDER BY quantile_cont(duration_ms, 0.5)", "DISTINCT quantile_cont(duration_ms, 0.5)", "quantile_cont(duration_ms, 0.9)")
}
