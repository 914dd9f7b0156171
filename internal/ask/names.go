package ask

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// names are what a question names.
type names struct {
	agent, handoffTo string
	tool, model      string
	session          string
	ids              []string // of traces, tasks or events
	value            string   // a personal value
	text             []string // in quotation marks
	environment      string
	errorType        string
	limit            int
	format           string
}

// Vocabulary is what is in a record: names that are understood without being
// introduced.
type Vocabulary struct{ Agents, Tools []string }

// agent returns the agent whose name a word is, as it is spelt in the record.
func (v Vocabulary) agent(low string) string { return named(v.Agents, low) }
func (v Vocabulary) tool(low string) string  { return named(v.Tools, low) }

func named(list []string, low string) string {
	for _, name := range list {
		if strings.EqualFold(name, low) {
			return name
		}
	}
	return ""
}

// name finds the names in a question and marks their words as used.
func (q *question) name() {
	for i := range q.words {
		if w := &q.words[i]; w.quoted && !w.used {
			if !q.introduced(i) {
				q.names.text = append(q.names.text, w.raw)
			}
			w.used = true
		}
	}
	q.limit()
	for i := range q.words {
		if !q.words[i].used {
			q.shaped(i)
		}
	}
	for i := range q.words {
		if !q.words[i].used {
			q.introduced(i)
		}
	}
	for i := range q.words {
		if !q.words[i].used {
			q.bareName(i)
		}
	}
}

// limit reads "last 50 events", "top 10", "5 newest".
func (q *question) limit() {
	for i := range q.words {
		w := &q.words[i]
		n, err := strconv.Atoi(w.low)
		if err != nil || n < 1 || n > 10_000 || w.used || w.quoted {
			continue
		}
		switch q.low(i - 1) {
		case "last", "latest", "first", "top", "newest", "recent":
		default:
			switch q.low(i + 1) {
			case "events", "entries", "lines", "records", "results", "newest", "latest", "most", "errors", "recent", "last":
			default:
				continue
			}
		}
		q.names.limit, w.used = n, true
	}
}

// shapes of names that are plain by themselves.
func (q *question) shaped(i int) {
	w := &q.words[i]
	switch {
	case address.MatchString(w.raw), phone.MatchString(w.raw):
		q.names.value, w.used = w.raw, true
	case w.low == "csv" || w.low == "json" || w.low == "ndjson" || w.low == "markdown" || w.low == "html" || w.low == "parquet":
		q.names.format, w.used = w.low, true
	case w.low == "jsonl":
		q.names.format, w.used = "ndjson", true
	case modelName.MatchString(w.low):
		q.names.model, w.used = w.raw, true
	case errorName.MatchString(w.raw):
		q.names.errorType, w.used = w.raw, true
	case isID(w.raw) && (q.low(i-1) == "session" || q.low(i-1) == "conversation" || q.low(i-1) == "chat" || q.low(i-1) == "id" && q.low(i-2) == "session"):
		q.take(i, &q.names.session, w.raw)
	case isID(w.raw):
		q.names.ids, w.used = append(q.names.ids, w.raw), true
	case q.vocabulary.tool(w.low) != "":
		q.names.tool, w.used = q.vocabulary.tool(w.low), true
	case joined.MatchString(w.low) && !strings.ContainsAny(w.low[:1], "0123456789"):
		q.names.tool, w.used = w.raw, true
	}
}

// The shapes of names.
var (
	address     = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s.]+$`)
	phone       = regexp.MustCompile(`^\+[0-9][0-9()./-]{6,}$`)
	modelName   = regexp.MustCompile(`^(gpt|claude|gemini|llama|mistral|qwen|deepseek|command)-[a-z0-9.-]+$`)
	errorName   = regexp.MustCompile(`^[A-Za-z]+(Error|Exception|Exceeded)$`)
	joined      = regexp.MustCompile(`^[a-z0-9]+([_.][a-z0-9]+)+$`)
	hexadecimal = regexp.MustCompile(`^[0-9a-fA-F]{8,64}$`)
	compound    = regexp.MustCompile(`^[A-Za-z0-9]+([-_:/.][A-Za-z0-9]+)+$`)
	number      = regexp.MustCompile(`^#?[0-9]{4,}$`)
	yearNumber  = regexp.MustCompile(`^(19|20)[0-9]{2}$`)
	plainValue  = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_./-]*$`)
)

// isID reports whether a word looks like the id of something: hexadecimal, a
// UUID, or words and digits joined by - or _.
func isID(s string) bool {
	digit := strings.ContainsAny(s, "0123456789")
	switch {
	case hexadecimal.MatchString(s) && digit:
		return true
	case compound.MatchString(s) && digit && strings.ContainsAny(s, "-_:/"):
		return true
	}
	return number.MatchString(s) && !yearNumber.MatchString(s)
}

// introduced reads a name with the word before or behind that says what it is:
// "agent billing", "the billing agent", "task refund-7731", "user bob".
func (q *question) introduced(i int) bool {
	w := &q.words[i]
	if !w.quoted && (filler(w.low) || q.about(i) != "") {
		return false
	}
	j := i - 1
	for q.low(j) == "id" || q.low(j) == "named" || q.low(j) == "called" || q.low(j) == "number" {
		j--
	}
	switch q.low(j) {
	case "agent", "agents", "bot":
		return q.take(i, &q.names.agent, q.spelt(w.raw))
	case "task", "trace", "event", "job", "incident":
		if !w.quoted || q.low(j) != "event" {
			q.names.ids, w.used = append(q.names.ids, w.raw), true
			return true
		}
	case "session", "conversation", "chat":
		return q.take(i, &q.names.session, w.raw)
	case "tool", "function":
		return q.take(i, &q.names.tool, w.raw)
	case "model":
		return q.take(i, &q.names.model, w.raw)
	case "user", "customer", "person", "client":
		return q.take(i, &q.names.value, w.raw)
	}
	switch q.low(i + 1) {
	case "agent", "bot":
		return q.take(i, &q.names.agent, q.spelt(w.raw))
	case "tool":
		return q.take(i, &q.names.tool, w.raw)
	}
	return false
}

func (q *question) take(i int, to *string, name string) bool {
	if *to != "" {
		return false
	}
	*to, q.words[i].used = name, true
	return true
}

// spelt returns an agent's name as the record spells it.
func (q *question) spelt(raw string) string {
	if name := q.vocabulary.agent(strings.ToLower(raw)); name != "" {
		return name
	}
	return raw
}

// bareName reads names of agents of the record, and words that stand for a state.
func (q *question) bareName(i int) {
	w := &q.words[i]
	switch {
	case q.vocabulary.agent(w.low) != "":
		name := q.vocabulary.agent(w.low)
		if q.low(i-1) == "to" && q.has("handoff") {
			q.take(i, &q.names.handoffTo, name)
			return
		}
		q.take(i, &q.names.agent, name)
	case slices.Contains([]string{"production", "prod"}, w.low):
		q.names.environment, w.used = "production", true
	case w.low == "staging":
		q.names.environment, w.used = w.low, true
	}
}
