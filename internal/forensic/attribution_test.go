package forensic_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/forensic"
	"github.com/hansardhq/hansard/internal/transcript"
)

func runsOf(t *testing.T, format, name string) [][]*hansard.Entry {
	t.Helper()
	path := filepath.Join("..", "..", "..", "shared", "data", name)
	f, err := os.Open(path)
	if err != nil {
		t.Skipf("the shared data is absent: %v", err)
	}
	defer func() { _ = f.Close() }()
	var runs [][]*hansard.Entry
	for run, err := range transcript.Read(format, path, f, transcript.Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		if run.Skipped != "" {
			continue
		}
		var entries []*hansard.Entry
		for i, e := range run.Events {
			entries = append(entries, &hansard.Entry{Event: *e, Position: uint64(i + 1)})
		}
		runs = append(runs, entries)
	}
	return runs
}

func TestQuick(t *testing.T) {
	for _, set := range []string{"ag", "hc"} {
		runs := runsOf(t, "whoandwhen", "whoandwhen/"+set+".dev.jsonl")
		s, a, n := 0, 0, 0
		bucket := map[int][2]int{}
		for _, r := range runs {
			var l struct{ Mistake_agent, Mistake_step string }
			_ = json.Unmarshal(r[len(r)-1].Attributes, &l)
			n++
			in := forensic.Analyze(r)
			c := in.RootCause
			if c == nil {
				continue
			}
			ok := fmt.Sprint(c.Step.V) == l.Mistake_step
			b := bucket[int(c.Confidence*5)]
			b[1]++
			if ok {
				s++
				b[0]++
			}
			bucket[int(c.Confidence*5)] = b
			if c.AgentName == l.Mistake_agent {
				a++
			}
		}
		fmt.Println(set, s, a, n, bucket)
	}
	var rows []struct {
		Trajectory_id int
		Root_cause    struct{ Failure_id int }
		Failures      []struct{ Failure_id, Step_number int }
	}
	raw, _ := os.ReadFile("../../../shared/data/agentrx/tau-retail.labels.json")
	if err := json.Unmarshal(raw, &rows); err != nil {
		t.Fatal(err)
	}
	truth := map[string]int{}
	for _, r := range rows {
		for _, f := range r.Failures {
			if f.Failure_id == r.Root_cause.Failure_id {
				truth[fmt.Sprint("rx:", r.Trajectory_id)] = f.Step_number - 1
			}
		}
	}
	ans, hit, passed, named := 0, 0, 0, 0
	per := map[string][2]int{}
	for _, r := range runsOf(t, "agentrx", "agentrx/tau-retail.json") {
		in := forensic.Analyze(r)
		want, failed := truth[in.TraceID]
		if !failed {
			passed++
			if in.RootCause != nil {
				named++
				fmt.Println("   passed", in.RootCause.Class, in.RootCause.Why)
			}
			continue
		}
		if in.RootCause == nil {
			fmt.Println(in.TraceID, want, "-", in.NoCause)
			continue
		}
		ans++
		ok := math.Abs(float64(in.RootCause.Step.V)-float64(want)) <= 3
		b := per[in.RootCause.Class]
		b[1]++
		if ok {
			hit++
			b[0]++
		}
		per[in.RootCause.Class] = b
		fmt.Println(in.TraceID, want, in.RootCause.Step.V, ok, in.RootCause.Class, in.RootCause.Why)
	}
	fmt.Println("tau", hit, ans, "of", len(truth), per, "passed", named, passed)
}
