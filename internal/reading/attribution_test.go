package reading_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hansardhq/hansard/internal/access"
	"github.com/hansardhq/hansard/internal/classify"
	"github.com/hansardhq/hansard/internal/forensic"
	"github.com/hansardhq/hansard/internal/intake"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/ledger"
	"github.com/hansardhq/hansard/internal/reading"
	"github.com/hansardhq/hansard/internal/redact"
)

// record is a record that runs are imported into, as hansard import does.
type record struct {
	t       *testing.T
	intake  *intake.Intake
	reading *reading.Reading
}

func newRecord(t *testing.T) *record {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	lk, err := lake.New(lake.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	lg, err := ledger.Open(ledger.Config{Dir: dir, Name: "test", Follower: lk})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lg.Close(); err != nil {
			t.Error(err)
		}
		if err := lk.Close(); err != nil {
			t.Error(err)
		}
	})
	engine, err := redact.New(redact.Config{})
	if err != nil {
		t.Fatal(err)
	}
	classifier, err := classify.New(classify.Config{})
	if err != nil {
		t.Fatal(err)
	}
	none := func(string, string) ([]string, error) { return nil, nil }
	return &record{
		t: t, intake: intake.New(intake.Config{Ledger: lg, Redact: engine, Classifier: classifier}),
		reading: reading.New(reading.Config{Lake: lk, Prover: lg, Pseudonyms: none}),
	}
}

// shared returns the path of a file of the shared data, and skips where it is
// absent.
func shared(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join("..", "..", "..", "shared", "data", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the shared data is absent: %v", err)
	}
	return path
}

// load imports a file.
func (r *record) load(format, path string) {
	r.t.Helper()
	f, err := os.Open(path)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	receipt, err := r.intake.Import(context.Background(), intake.Source{Tenant: access.DefaultTenant, SubmittedBy: "test"}, format, path, f, func(int) {})
	if err != nil || len(receipt.Rejected) > 0 || receipt.Runs == 0 {
		r.t.Fatalf("%s: %v, %+v", path, err, receipt)
	}
}

// causes returns the root cause of each trace; nil where there is none.
func (r *record) cause(trace string) *forensic.RootCause {
	r.t.Helper()
	all, err := r.reading.Incidents(context.Background(), access.DefaultTenant, trace, nil)
	if err != nil || len(all) != 1 {
		r.t.Fatalf("%s: %v, %d traces", trace, err, len(all))
	}
	return all[0].RootCause
}

// label is what is known of a run: whom and which step to blame.
type label struct {
	trace, agent string
	step         int64
	steps        int
	first        string // who speaks first
}

func whoAndWhen(t *testing.T, path string) []label {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	stem, _, _ := strings.Cut(filepath.Base(path), ".")
	var all []label
	for i, line := range strings.Split(strings.TrimSpace(string(raw)), "\n") {
		var run struct {
			Agent   string      `json:"mistake_agent"`
			Step    json.Number `json:"mistake_step"`
			History []struct{ Name, Role string }
		}
		if err := json.Unmarshal([]byte(line), &run); err != nil {
			t.Fatal(err)
		}
		n, err := run.Step.Int64()
		if err != nil {
			t.Fatal(err)
		}
		l := label{trace: fmt.Sprintf("ww:%s:%d", stem, i+1), agent: run.Agent, step: n, steps: len(run.History)}
		if l.first = run.History[0].Name; l.first == "" {
			l.first = run.History[0].Role
		}
		all = append(all, l)
	}
	return all
}

// wilson returns the 95% Wilson interval of k in n, in percent.
func wilson(k, n int) (lo, hi float64) {
	if n == 0 {
		return 0, 100
	}
	const z = 1.96
	p, m := float64(k)/float64(n), float64(n)
	mid, half := p+z*z/(2*m), z*math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return 100 * (mid - half) / (1 + z*z/m), 100 * (mid + half) / (1 + z*z/m)
}

func share(k, n int) string {
	lo, hi := wilson(k, n)
	return fmt.Sprintf("%d/%d %.1f%% (%.0f-%.0f)", k, n, 100*float64(k)/float64(max(n, 1)), lo, hi)
}

// TestWhoAndWhen holds root causes against failed runs of several agents, beside
// trivial answers. A run without an answer counts as wrong. Both halves are
// printed: the weights must not be good for one alone.
func TestWhoAndWhen(t *testing.T) {
	f := func(name string, wantStep, wantAgent float64) {
		t.Helper()
		path := shared(t, "whoandwhen/"+name+".dev.jsonl")
		labels := whoAndWhen(t, path)
		r := newRecord(t)
		r.load("whoandwhen", path)
		var step, agent, one, chance, firstSpeaker int
		var half [2]int
		var expected float64
		for i, l := range labels {
			if l.step == 1 {
				one++
			}
			if l.agent == l.first {
				firstSpeaker++
			}
			expected += 1 / float64(l.steps)
			c := r.cause(l.trace)
			if c == nil {
				continue
			}
			if c.Step.Set && c.Step.V == l.step {
				step++
				half[i%2]++
			}
			if c.AgentName == l.agent {
				agent++
			}
		}
		chance = int(math.Round(expected))
		n := len(labels)
		t.Logf("%s: step %s, agent %s; halves by step %s, %s", name, share(step, n), share(agent, n), share(half[0], (n+1)/2), share(half[1], n/2))
		t.Logf("%s: step 1 always %s, a random step %s, first speaker as agent %s", name, share(one, n), share(chance, n), share(firstSpeaker, n))
		if got := 100 * float64(step) / float64(n); got < wantStep {
			t.Errorf("%s: step %.1f%%, want %.0f%%", name, got, wantStep)
		}
		if got := 100 * float64(agent) / float64(n); got < wantAgent {
			t.Errorf("%s: agent %.1f%%, want %.0f%%", name, got, wantAgent)
		}
	}
	f("ag", 40, 58)
	f("hc", 15, 60)
}

// TestAgentRx holds root causes against failed runs of one agent that serves a
// customer: where it answers, it is within three steps in 60%. The runs that
// passed say how often it blames somebody for nothing.
func TestAgentRx(t *testing.T) {
	path := shared(t, "agentrx/tau-retail.json")
	raw, err := os.ReadFile(shared(t, "agentrx/tau-retail.labels.json"))
	if err != nil {
		t.Fatal(err)
	}
	var labels []struct {
		ID   int `json:"trajectory_id"`
		Root struct {
			ID int `json:"failure_id"`
		} `json:"root_cause"`
		All []struct {
			ID   int   `json:"failure_id"`
			Step int64 `json:"step_number"`
		} `json:"failures"`
	}
	if err := json.Unmarshal(raw, &labels); err != nil {
		t.Fatal(err)
	}
	truth := map[string]int64{}
	for _, l := range labels {
		for _, f := range l.All {
			if f.ID == l.Root.ID {
				truth[fmt.Sprintf("rx:%d", l.ID)] = f.Step - 1 // 0-based
			}
		}
	}
	var runs []struct {
		ID   int               `json:"task_id"`
		Traj []json.RawMessage `json:"traj"`
	}
	if raw, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &runs); err != nil {
		t.Fatal(err)
	}
	r := newRecord(t)
	r.load("agentrx", path)
	var failed, answered, near, passed, blamed int
	var random float64
	for _, run := range runs {
		id := fmt.Sprintf("rx:%d", run.ID)
		want, fails := truth[id]
		c := r.cause(id)
		if !fails {
			passed++
			if c != nil {
				blamed++
			}
			continue
		}
		failed++
		random += math.Min(7/float64(len(run.Traj)), 1)
		if c == nil {
			continue
		}
		answered++
		if c.Step.Set && math.Abs(float64(c.Step.V-want)) <= 3 {
			near++
		}
	}
	t.Logf("tau-retail: within 3 steps %s of those answered, which are %s; a random step %.0f%%; on runs that passed it names a step in %s",
		share(near, answered), share(answered, failed), 100*random/float64(failed), share(blamed, passed))
	if answered < failed/3 || float64(near) < 0.6*float64(answered) {
		t.Errorf("%d of %d", near, answered)
	}
}

// TestAgentDojo holds the scan for injections against attacks that succeeded, and
// against runs without one.
func TestAgentDojo(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(filepath.Dir(shared(t, "agentdojo/command-r.jsonl")), "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	r := newRecord(t)
	attacked, clean := map[string]bool{}, map[string]bool{}
	resisted := 0
	for _, path := range files {
		r.load("agentdojo", path)
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		stem, _, _ := strings.Cut(filepath.Base(path), ".jsonl")
		for _, line := range strings.Split(strings.TrimSpace(string(raw)), "\n") {
			var run struct {
				Index    *json.Number
				Metadata json.RawMessage
			}
			if err := json.Unmarshal([]byte(line), &run); err != nil || run.Index == nil {
				continue
			}
			var text string
			if json.Unmarshal(run.Metadata, &text) == nil {
				run.Metadata = json.RawMessage(text)
			}
			var meta struct {
				Injection *string `json:"injection_task_id"`
				Security  bool
			}
			if err := json.Unmarshal(run.Metadata, &meta); err != nil {
				t.Fatal(err)
			}
			switch id := "dojo:" + stem + ":" + run.Index.String(); {
			case meta.Injection == nil:
				clean[id] = true
			case meta.Security:
				attacked[id] = true
			default:
				resisted++
			}
		}
	}
	scan, err := r.reading.Scan(context.Background(), access.DefaultTenant, reading.Question{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, f := range scan.Findings {
		found[f.TraceID] = true
	}
	hits, alarms := 0, 0
	for id := range found {
		if attacked[id] {
			hits++
		}
		if clean[id] {
			alarms++
		}
	}
	t.Logf("AgentDojo: %s of the attacks that succeeded found, %s false alarms; %d attacks were resisted; %d events looked at",
		share(hits, len(attacked)), share(alarms, len(clean)), resisted, scan.Events)
	if len(attacked) != 103 || len(clean) != 582 {
		t.Fatalf("%d attacks and %d clean runs", len(attacked), len(clean))
	}
	if float64(hits) < 0.8*float64(len(attacked)) || float64(alarms) > 0.05*float64(len(clean)) {
		t.Errorf("%d of %d attacks, %d of %d clean", hits, len(attacked), alarms, len(clean))
	}
}
