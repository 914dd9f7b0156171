package ask

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Certainty says how sure a meaning is.
type Certainty string

// The certainties.
const (
	Certain Certainty = "certain" // every word was understood
	Likely  Certainty = "likely"  // a word was not, or was misspelt
	Guess   Certainty = "guess"   // most were not
	None    Certainty = "none"    // nothing was understood
)

// Meaning is what was understood of a question.
type Meaning struct {
	Command   Command   `json:"command"`
	Line      string    `json:"line"` // the command as it is typed
	Certainty Certainty `json:"certainty"`
	// Ignored are the words that nothing was understood by. They may be
	// personal: they are for who asked.
	Ignored []string `json:"ignored"`
	// Nearest are phrases like the question that are understood.
	Nearest []string `json:"nearest"`
}

// Context is what a question is read against.
type Context struct {
	Now        time.Time // in the zone of who asks
	Vocabulary Vocabulary
}

// question is a question as it is being understood.
type question struct {
	words      []word
	vocabulary Vocabulary
	concepts   map[string]bool
	kinds      []string // of each word
	misspelt   bool
	period     span
	names      names
}

// low returns the i-th word, "" where there is none.
func (q *question) low(i int) string {
	if i < 0 || i >= len(q.words) || q.words[i].quoted {
		return ""
	}
	return q.words[i].low
}

// about returns the concept of the i-th word.
func (q *question) about(i int) string { return q.kinds[i] }

func (q *question) has(concept string) bool { return q.concepts[concept] }

// Understand returns what a question means.
func Understand(text string, c Context) Meaning {
	text = strings.ToValidUTF8(text, "\uFFFD") // no search holds anything else
	q := &question{words: split(text), vocabulary: c.Vocabulary, concepts: map[string]bool{}}
	read := clock{c.Now, q.words}
	period, dated := read.period()
	q.period = period
	q.conceive()
	q.name()
	q.named()
	best := q.best()
	m := Meaning{Ignored: q.ignored(), Nearest: []string{}, Certainty: None}
	if best != nil {
		m.Command = best.mean(q)
	}
	if m.Command.Verb == "" && dated {
		m.Command, m.Certainty = Command{Verb: Events, Search: q.search("")}, Guess
	}
	if m.Command.Verb == "" {
		m.Nearest = nearest(text)
		return m
	}
	q.finish(&m.Command)
	m.Line = m.Command.Line()
	m.Certainty = q.certainty(best, m.Ignored)
	if m.Certainty == Guess {
		m.Nearest = nearest(text)
	}
	return m
}

// conceive finds the concepts of the words.
func (q *question) conceive() {
	known := newKnown()
	q.kinds = make([]string, len(q.words))
	for i := range q.words {
		w := &q.words[i]
		if w.quoted || w.used {
			continue
		}
		switch w.low {
		case "who", "whom", "whose":
			q.concepts["who"] = true
		case "what":
			q.concepts["what"] = true
		case "why":
			q.concepts["why"] = true
		case "happen", "happened", "happens", "happening":
			q.concepts["happen"] = true
		}
		if q.vocabulary.agent(w.low) != "" || q.vocabulary.tool(w.low) != "" {
			continue // its name goes before what the word means otherwise
		}
		name, exact := known.of(w.low)
		if name == "" || isID(w.raw) {
			continue
		}
		q.kinds[i], q.concepts[name] = name, true
		q.misspelt = q.misspelt || !exact
	}
}

// named adds to the concepts what the question names.
func (q *question) named() {
	for concept, yes := range map[string]bool{
		"subject": len(q.names.ids) > 0, "named agent": q.names.agent != "", "named tool": q.names.tool != "",
		"named session": q.names.session != "", "named value": q.names.value != "", "named text": len(q.names.text) > 0,
		"error": q.concepts["error"] || q.names.errorType != "",
	} {
		if yes {
			q.concepts[concept] = true
		}
	}
}

// best returns the kind of question that fits best; nil: none does.
func (q *question) best() *intent {
	var best *intent
	for _, in := range intents() {
		if best != nil && in.weight <= best.weight || slices.ContainsFunc(in.need, func(c string) bool { return !q.has(c) }) {
			continue
		}
		if in.mean(q).Verb != "" {
			best = &in
		}
	}
	return best
}

// finish adds the period, the limit and the format, where the command has them.
func (q *question) finish(c *Command) {
	switch c.Verb {
	case Events, Report, Export:
		c.Since, c.Until = q.period.begin, q.period.end
	}
	if c.Verb == Events || c.Verb == Export {
		c.Value = q.names.value
	}
	if c.Verb == Report {
		c.Value = q.names.value
		if c.Report == "readers" {
			c.Search, c.Value = "", ""
		}
	}
	if c.Verb == Events || c.Verb == Report && c.Report == "feed" {
		c.Limit = q.names.limit
	}
	if c.Verb != Verify && (c.Verb != Events || q.names.format != "html" && q.names.format != "parquet") {
		c.Format = q.names.format
	}
}

// certainty says how sure the meaning is.
func (q *question) certainty(best *intent, ignored []string) Certainty {
	switch {
	case best == nil, len(ignored) > 2, best.weight < 15 && len(ignored) > 0:
		return Guess
	case len(ignored) > 0, q.misspelt, best.weight <= 20:
		return Likely
	}
	return Certain
}

// ignored lists the words that nothing was understood by.
func (q *question) ignored() []string {
	list := []string{}
	for i, w := range q.words {
		if !w.used && q.kinds[i] == "" && !filler(w.low) {
			list = append(list, w.raw)
		}
	}
	return list
}

// subject returns the run that the question is about.
func (q *question) subject() string {
	if len(q.names.ids) > 0 {
		return strings.TrimPrefix(q.names.ids[0], "#")
	}
	return q.names.session
}

// search returns the search for a term and for what the question names.
func (q *question) search(term string) string {
	var terms []string
	add := func(key, value string) {
		if value != "" {
			terms = append(terms, key+":"+quote(value))
		}
	}
	if term != "" {
		terms = append(terms, term)
	}
	add("agent_name", q.names.agent)
	add("handoff_to", q.names.handoffTo)
	add("tool_name", q.names.tool)
	add("model", q.names.model)
	add("session_id", q.names.session)
	add("error_type", q.names.errorType)
	add("environment", q.names.environment)
	for _, id := range q.names.ids {
		id = quote(strings.TrimPrefix(id, "#"))
		terms = append(terms, "(task_id:"+id+" OR trace_id:"+id+")")
	}
	for _, text := range q.names.text {
		terms = append(terms, strconv.Quote(text))
	}
	return strings.Join(terms, " ")
}

// quote quotes a value for the search language where it must be.
func quote(s string) string {
	if plainValue.MatchString(s) {
		return s
	}
	return `"` + strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), `"`, `\"`) + `"`
}

// maxNearest is how many phrases are offered.
const maxNearest = 5

// nearest returns the phrases that have most in common with a text.
func nearest(text string) []string {
	type scored struct {
		phrase string
		score  float64
	}
	var list []scored
	have := trigrams(text)
	for _, p := range phrases() {
		of := trigrams(p)
		common := 0
		for t := range of {
			if have[t] {
				common++
			}
		}
		list = append(list, scored{p, float64(common) / float64(max(len(of)+len(have)-common, 1))})
	}
	slices.SortStableFunc(list, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	out := make([]string, 0, maxNearest)
	for _, s := range list[:maxNearest] {
		out = append(out, s.phrase)
	}
	return out
}

// trigrams returns the triples of letters of a text's words.
func trigrams(text string) map[string]bool {
	set := map[string]bool{}
	for _, w := range split(text) {
		runes := []rune(" " + w.low + " ")
		for i := 0; i+3 <= len(runes); i++ {
			set[string(runes[i:i+3])] = true
		}
	}
	return set
}

// Phrases lists questions that are understood, one of each kind.
func Phrases() []string { return phrases() }
