package policy

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/query"
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
			return keys(n, func(id text, key, n *yaml.Node) error {
				v, err := scalar(n)
				t.parameters[id.value] = v.value
				return errors.Join(r.pack.isParameter(key, id.value), err)
			})
		},
		"retention_days": func(n *yaml.Node) error {
			t.facts.RetentionDays = map[hansard.Tier]int{}
			return keys(n, func(id text, _, n *yaml.Node) error {
				tier, days := hansard.Tier(id.value), 0
				if tier.Rank() < 0 {
					return id.fail("%q is no tier: expected one of debug, info, compliance, critical", id.value)
				}
				err := whole(n, &days, 0)
				t.facts.RetentionDays[tier] = days
				return err
			})
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
	if err := unknownField(n, ev.Attributes, fields["attributes"]); err != nil {
		return err
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

// unknownField refuses a field that events do not have: it has become one of the
// attributes, and is none of those that were given.
func unknownField(n *yaml.Node, became json.RawMessage, given any) error {
	var attributes map[string]json.RawMessage
	if json.Unmarshal(became, &attributes) != nil {
		return nil // there are none
	}
	own, _ := given.(map[string]any)
	var names []string
	for _, f := range query.Fields() {
		names = append(names, f.Name)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		_, is := attributes[key.Value]
		if _, asked := own[key.Value]; is && !asked {
			return at(key, "no event has a field %q%s: what is no field goes under attributes", key.Value, meant(key.Value, names))
		}
	}
	return nil
}

// keyed calls f for each control that a mapping names.
func (r *reader) keyed(n *yaml.Node, f func(control text, n *yaml.Node) error) error {
	return keys(n, func(id text, _, n *yaml.Node) error {
		if r.pack.Find(id.value) == nil {
			var ids []string
			for _, c := range r.pack.Controls {
				ids = append(ids, c.ID)
			}
			return id.fail("there is no control %q%s", id.value, meant(id.value, ids))
		}
		return f(id, n)
	})
}

// keys calls f for each key of a mapping.
func keys(n *yaml.Node, f func(id text, key, n *yaml.Node) error) error {
	if n.Kind != yaml.MappingNode {
		return at(n, "expected names with values")
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		id, err := scalar(n.Content[i])
		if err != nil {
			return err
		}
		if err := f(id, n.Content[i], n.Content[i+1]); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) expectations(n *yaml.Node, t *Test) error {
	return r.keyed(n, func(control text, n *yaml.Node) error {
		v := Verdict(n.Value)
		if !slices.Contains(Verdicts(), v) {
			return at(n, "%q is no verdict%s: expected one of %s", n.Value, meant(n.Value, verdictNames()), strings.Join(verdictNames(), ", "))
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
