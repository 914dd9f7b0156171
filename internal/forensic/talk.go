package forensic

import (
	"fmt"
	"math"
	"regexp"
	"strings"
)

// sign is one thing that a step of a conversation may give away. Its weight is
// the logarithm of how much likelier it makes the step to be the cause. The
// weights are those of a conditional logit over labelled runs, rounded; what
// they are good for on other runs is measured by leaving runs out (see the
// tests).
type sign struct {
	name   string
	weight float64
	says   string // "" where it speaks against the step
	class  string
}

// The signs by name.
func signs() map[string]sign {
	list := []sign{
		{"task", -0.4, "", ClassDrift},
		{"drift", 1.1, "the briefing that it passes on is about something else than the task", ClassDrift},
		{"inherited", 1.1, "it passes on a result of earlier work as given", ClassInherited},
		{"briefing_failed", 1.1, "the code in its briefing failed", ClassCode},
		{"first_failure", 0.8, "it is the first whose code or call failed", ClassCode},
		{"failed", 0.7, "its code or call failed", ClassCode},
		{"invented", 1.0, "it is the first that works with made-up data", ClassInvented},
		{"assumes", 0.9, "it assumes what it does not know", ClassAssumption},
		{"new_figures", 0.8, "it brings in figures that nothing before it holds", ClassUnsupported},
		{"first_claim", 1.1, "it is the first that states figures without a tool", ClassUnsupported},
		{"short", -0.6, "", ""},
		{"concludes", -1.0, "", ""},
		{"reacts", -1.0, "", ""},
	}
	all := make(map[string]sign, len(list))
	for _, s := range list {
		all[s.name] = s
	}
	return all
}

// sharpness scales the scores so that the probabilities that they give are as
// often right as they say: the weights were fitted with a penalty that flattens
// them.
const sharpness = 1.4

// What texts give away, as words.
var (
	madeUp     = regexp.MustCompile(`(?i)simulat|sample data|hypothetical|\bmock|placeholder|dummy|for demonstration|fictional|synthetic`)
	assuming   = regexp.MustCompile(`(?i)\bassum(e|ing|ed|ption)|let's say|suppose|educated guess|presum|general knowledge|my knowledge|based on (typical|common|general|historical|known)|typically|likely`)
	reacting   = regexp.MustCompile(`(?i)it (seems|appears|looks like)|there (was|is|seems to be|appears to be) an? (issue|error|problem)|the (error|issue) |failed|incorrect|misunder|apolog|not correct|instead of`)
	concluding = regexp.MustCompile(`(?i)terminate|final answer|conclude|task is complete`)
	inheriting = regexp.MustCompile(`(?i)results? from (the )?last response|code output|previous`)
)

// conversation reports whether the run is talk: no source states a call of a
// tool, so that texts are all there is to judge by.
func (r *run) conversation() bool {
	for _, c := range r.calls {
		if c.Call.Provenance != "inferred" {
			return false
		}
	}
	return true
}

// suspect is a step with what speaks for and against it.
type suspect struct {
	step   *step
	signs  []sign
	score  float64
	chance float64 // that it is the cause, among the steps of the run
}

// suspects weighs the steps of a conversation.
func (r *run) suspects() []suspect {
	w := &weigher{known: map[string]bool{}, table: signs()}
	var all []suspect
	for i, s := range r.steps {
		figs := figures(prose(s.said))
		if s.voice == agentVoice {
			u := suspect{step: s}
			for _, name := range w.weigh(i, s, figs) {
				u.signs = append(u.signs, w.table[name.name])
				u.score += w.table[name.name].weight * name.degree
			}
			all = append(all, u)
		}
		addAll(w.known, figs)
		addAll(w.known, figures(s.code+"\n"+s.got+"\n"+s.returned))
	}
	sum := 0.0
	for i := range all {
		all[i].chance = math.Exp(sharpness * all[i].score)
		sum += all[i].chance
	}
	for i := range all {
		all[i].chance /= sum
	}
	return all
}

// weigher goes through the steps in order.
type weigher struct {
	known    map[string]bool // figures seen so far
	table    map[string]sign
	failed   bool // a step before failed
	invented bool
	claimed  bool
}

// degree is how much of a sign there is, 0..1.
type degree struct {
	name   string
	degree float64
}

// weigh returns the signs of step i.
func (w *weigher) weigh(i int, s *step, figs map[string]bool) []degree {
	var found []degree
	add := func(name string, is bool) {
		if is {
			found = append(found, degree{name, 1})
		}
	}
	if i == 0 {
		add("task", true)
		drifts, inherits := briefing(s.said)
		switch {
		case drifts:
			add("drift", true)
		case inherits:
			add("inherited", true)
		case s.erred:
			add("briefing_failed", true)
		}
		w.failed = s.erred
		return found
	}
	text := prose(s.said)
	add("first_failure", s.erred && !w.failed)
	add("failed", s.erred)
	add("invented", !w.invented && madeUp.MatchString(s.said))
	add("assumes", assuming.MatchString(text))
	add("short", len(s.said) < 40)
	add("concludes", concluding.MatchString(text))
	add("reacts", reacting.MatchString(text))
	if n := anew(figs, w.known); n > 0 {
		found = append(found, degree{"new_figures", float64(min(n, 4)) / 4})
		if len(s.calls) == 0 {
			add("first_claim", !w.claimed)
			w.claimed = true
		}
	}
	w.failed = w.failed || s.erred
	w.invented = w.invented || madeUp.MatchString(s.said)
	return found
}

// briefing looks into a message that states a task under one heading and how to
// go about it under the next: whether the second is about the first, and whether
// it brings results along.
func briefing(text string) (drifts, inherits bool) {
	parts := strings.Split("\n"+text, "\n# ")
	if len(parts) < 3 {
		return false, false
	}
	task, rest := parts[1], strings.Join(parts[2:], "\n")
	return shared(words(task), words(rest)) < 0.25, inheriting.MatchString(rest)
}

// talkCause returns the cause of a conversation of equals.
func (r *run) talkCause() (*RootCause, string) {
	all := r.suspects()
	best := none
	for i := range all {
		if speaks(all[i].signs) && (best == none || all[i].score > all[best].score) {
			best = i
		}
	}
	if best == none {
		return nil, "no failure is on record, and no step of the conversation gives a sign of one"
	}
	u := all[best]
	lead := leading(u.signs)
	c := r.in(u.step, lead.class, math.Round(u.chance*100)/100, "")
	for _, s := range u.signs {
		if s.says != "" {
			c.Signs = append(c.Signs, s.says)
		}
	}
	c.OnRecord = u.step.erred
	c.Why = fmt.Sprintf("Of the %d steps, that of %s gives away most: %s.", len(all), or(u.step.agent, "an agent"), strings.Join(c.Signs, "; "))
	return c, ""
}

// speaks reports whether any of the signs is for the step.
func speaks(list []sign) bool {
	for _, s := range list {
		if s.says != "" {
			return true
		}
	}
	return false
}

// leading returns the sign that weighs most.
func leading(list []sign) sign {
	best := list[0]
	for _, s := range list {
		if s.says != "" && (best.says == "" || s.weight > best.weight) {
			best = s
		}
	}
	return best
}

// orchestrated reports whether one agent hands work to others, as the source
// says.
func (r *run) orchestrated() bool {
	for _, s := range r.steps {
		if s.handoff {
			return true
		}
	}
	return false
}

// astray is how many turns of workers a run may take before it has lost its way.
const astray = 10

// ledCause returns the cause of a run that an orchestrator leads, in which no
// failure is on record. A run that was planned anew or went on for long was on a
// wrong course from the first turn; else the answer rests on the last turn, and
// nobody checked it.
func (r *run) ledCause() (*RootCause, string) {
	lead := r.agents[0]
	var turns []*step
	replanned := false
	for _, s := range r.steps {
		if s.voice == agentVoice && s.agent == lead && strings.HasPrefix(s.said, "New plan") || strings.Contains(excerpt(s.said, 80), "eplanning") {
			replanned = true
		}
		if s.voice == agentVoice && s.agent != lead && !s.handoff {
			turns = append(turns, s)
		}
	}
	if len(turns) == 0 {
		for _, s := range r.steps {
			if s.voice == agentVoice {
				return r.in(s, ClassInherited, weakTurn, lead+" answered by itself: nobody was asked, and nothing was looked up."), ""
			}
		}
		return nil, "no agent said anything"
	}
	if replanned || len(turns) >= astray {
		c := r.in(turns[0], ClassFirstTurn, weakTurn, fmt.Sprintf("The run took %d turns of workers and did not get there: the first, of %s, set it on a course that was never left.", len(turns), turns[0].agent))
		c.Party = PartyCaller
		return c, ""
	}
	last := turns[len(turns)-1]
	return r.in(last, ClassLastTurn, weakTurn, fmt.Sprintf("The answer rests on the last of %d turns, of %s, and nobody checked it.", len(turns), last.agent)), ""
}
