package reading_test

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// led is a run that an orchestrator leads, as far as the rule for such runs looks at
// it, with what its label says.
type led struct {
	turns     []int // steps of workers
	replanned bool
	step      int64
}

// answer is the rule with another number of turns: the first turn where the run was
// planned anew or took at least so many turns, else the last.
func (l led) answer(astray int) int64 {
	switch {
	case len(l.turns) == 0:
		return -1
	case l.replanned || len(l.turns) >= astray:
		return int64(l.turns[0])
	}
	return int64(l.turns[len(l.turns)-1])
}

func right(runs []led, astray int) (n int) {
	for _, l := range runs {
		if l.answer(astray) == l.step {
			n++
		}
	}
	return n
}

func ledRuns(t *testing.T) []led {
	t.Helper()
	raw, err := os.ReadFile(shared(t, "whoandwhen/hc.dev.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var all []led
	for line := range strings.Lines(string(raw)) {
		var run struct {
			Step    json.Number `json:"mistake_step"`
			History []struct{ Role, Content string }
		}
		if err := json.Unmarshal([]byte(line), &run); err != nil {
			t.Fatal(err)
		}
		l := led{}
		if l.step, err = run.Step.Int64(); err != nil {
			t.Fatal(err)
		}
		for i, h := range run.History {
			switch {
			case strings.HasPrefix(h.Role, "Orchestrator"):
				l.replanned = l.replanned || strings.HasPrefix(h.Content, "New plan")
			case h.Role != "human":
				l.turns = append(l.turns, i)
			}
		}
		all = append(all, l)
	}
	return all
}

// TestLedRule: the rule for runs that an orchestrator leads has one number, which was
// set while looking at these runs. Here it is chosen on one half and held against the
// other, over many halves; and no other number may do much worse than ours, or ours
// is fitted.
func TestLedRule(t *testing.T) {
	runs := ledRuns(t)
	numbers := []int{0, 3, 5, 8, 10, 15, 20, 1000} // always the first turn ... never
	for _, n := range numbers {
		k := right(runs, n)
		t.Logf("first turn from %d turns on: step %s", n, share(k, len(runs)))
		if 100*k < 15*len(runs) {
			t.Errorf("with %d turns the rule names %d of %d steps: the target hangs on our number", n, k, len(runs))
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	chosen, ours, judged := 0, 0, 0
	for range 2000 {
		random.Shuffle(len(runs), func(i, k int) { runs[i], runs[k] = runs[k], runs[i] })
		learn, judge := runs[:len(runs)/2], runs[len(runs)/2:]
		best := 0
		for _, i := range random.Perm(len(numbers)) {
			if n := numbers[i]; right(learn, n) >= right(learn, numbers[best]) {
				best = i
			}
		}
		chosen, ours, judged = chosen+right(judge, numbers[best]), ours+right(judge, 10), judged+len(judge)
	}
	t.Logf("chosen on one half, held against the other: %.1f%% of the steps; with 10 turns: %.1f%%", 100*float64(chosen)/float64(judged), 100*float64(ours)/float64(judged))
	if 100*chosen < 15*judged {
		t.Errorf("chosen on one half, the rule names %d of %d steps of the other", chosen, judged)
	}
}
