package policy

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/dialect"
)

// testBegin is when the events of a test begin.
func testBegin() time.Time { return time.Date(2028, 1, 10, 9, 0, 0, 0, time.UTC) }

// test reads a test.
func (r *reader) test(n *yaml.Node) error {
	t := &Test{line: n.Line, col: n.Column, parameters: map[string]string{}}
	var now time.Duration
	err := members(n, map[string]func(*yaml.Node) error{
		"name": into(&t.Name),
		"now":  func(n *yaml.Node) error { return r.span(n, &now) },
		"parameters": func(n *yaml.Node) error {
			return n.Decode(&t.parameters)
		},
		"retention_days": func(n *yaml.Node) error {
			t.facts.RetentionDays = map[hansard.Tier]int{}
			return n.Decode(&t.facts.RetentionDays)
		},
		"events":   func(n *yaml.Node) error { return items(n, t.event) },
		"expect":   func(n *yaml.Node) error { return r.expectations(n, t) },
		"findings": func(n *yaml.Node) error { return r.expectedFindings(n, t) },
	}, "name", "expect")
	if err != nil {
		return err
	}
	t.now = testBegin().Add(now)
	if now == 0 {
		t.now = testBegin().AddDate(1, 0, 0)
	}
	r.pack.Tests = append(r.pack.Tests, t)
	return nil
}

// event reads an event in the flat form. Besides its fields, "at" says how long
// after the begin of the test it happened, and submitted_by who sent it.
func (t *Test) event(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return at(n, "expected the fields of an event")
	}
	fields, ours := map[string]any{}, map[string]string{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i].Value
		var v any
		if err := n.Content[i+1].Decode(&v); err != nil {
			return at(n.Content[i+1], "%v", err)
		}
		if slices.Contains([]string{"at", "submitted_by"}, key) {
			ours[key] = n.Content[i+1].Value
			continue
		}
		fields[key] = v
	}
	after, err := ParseSpan(or(ours["at"], "0s"))
	if err != nil {
		return at(n, "at: %v", err)
	}
	b, err := json.Marshal(fields)
	if err != nil {
		return at(n, "%v", err)
	}
	ev, err := new(dialect.Flat).Decode(b)
	if err != nil {
		return at(n, "%v", err)
	}
	if len(ev.Attributes) > 0 && fields["attributes"] == nil {
		return at(n, "a field of the event is unknown: EVENT fields only, others under attributes")
	}
	position := uint64(len(t.events) + 1)
	if ev.EventID == "" {
		ev.EventID = "event-" + grouped(int64(position))
	}
	ev.Timestamp = testBegin().Add(after).UnixNano()
	if ev.TraceID == "" {
		ev.TraceID = ev.EventID
	}
	t.events = append(t.events, &hansard.Entry{
		Event: *ev, Position: position, ReceivedAt: ev.Timestamp, SubmittedBy: or(ours["submitted_by"], "loopback"),
		Tier: hansard.TierOf(ev.EventType, ev.Status == "error" || ev.Status == "timeout", ev.TokenCount.Set),
	})
	return nil
}

// keyed calls f for each control that a mapping names.
func (r *reader) keyed(n *yaml.Node, f func(control text, n *yaml.Node) error) error {
	if n.Kind != yaml.MappingNode {
		return at(n, "expected names of controls")
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		id, err := scalar(n.Content[i])
		if err != nil {
			return err
		}
		if r.pack.Find(id.value) == nil {
			return id.fail("there is no control %q", id.value)
		}
		if err := f(id, n.Content[i+1]); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) expectations(n *yaml.Node, t *Test) error {
	return r.keyed(n, func(control text, n *yaml.Node) error {
		v := Verdict(n.Value)
		if !slices.Contains(Verdicts(), v) {
			return at(n, "%q is no verdict: expected one of %s", n.Value, strings.Join(verdictNames(), ", "))
		}
		t.expect = append(t.expect, expectation{control, v})
		return nil
	})
}

func verdictNames() []string {
	var names []string
	for _, v := range Verdicts() {
		names = append(names, string(v))
	}
	return names
}

func (r *reader) expectedFindings(n *yaml.Node, t *Test) error {
	return r.keyed(n, func(control text, n *yaml.Node) error {
		f := expectedFindings{control: control}
		err := items(n, func(n *yaml.Node) error {
			id, err := scalar(n)
			f.ids = append(f.ids, id.value)
			return err
		})
		t.findings = append(t.findings, f)
		return err
	})
}
