package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/query"
	"github.com/hansardhq/hansard/internal/trace"
)

// Said is what a report that was made earlier says it was computed from.
type Said struct {
	Type         Type
	Tenant       string
	Filter       string
	Subject      string
	Period       query.Period
	TimeZone     string
	GeneratedAt  time.Time
	LastPosition hansard.Opt[int64]
	Checkpoints  []Checkpoint
	Limit        int
	Reprice      bool
	Packs        []string // that a compliance report judged by
	Judged       bool     // a daily report quotes verdicts

	figures []figure
}

// ReadReport reads the JSON form of a report. The error is of KindInvalid for what
// is no report of this program, or one that cannot be computed again.
func ReadReport(text []byte) (*Said, error) {
	var head struct {
		Head
		TraceID      string       `json:"trace_id"`
		LastPosition *json.Number `json:"last_position"`
		Packs        []struct {
			Pack string `json:"pack"`
		} `json:"packs"`
	}
	if list := bytes.TrimLeft(text, " \t\r\n"); len(list) > 0 && list[0] == '[' {
		return nil, hansard.WithHint(hansard.Errorf(hansard.KindInvalid, "read a report: it is a list, and one report is checked at a time"), "make one of a single trace: hansard report incident TRACE -o json")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&head); err != nil {
		return nil, hansard.WithHint(hansard.Errorf(hansard.KindInvalid, "read a report: %w", err), "give the report in its JSON form: hansard report TYPE -o json")
	}
	if head.Subject == "" {
		head.Subject = head.TraceID // that an incident is about
	}
	t, err := TypeOf(head.Report)
	if err != nil {
		return nil, hansard.Errorf(hansard.KindInvalid, "read a report: it names no type of report that can be computed again")
	}
	s := &Said{
		Type: t, Tenant: head.Tenant, Filter: head.Filter, Subject: head.Subject, TimeZone: head.TimeZone,
		GeneratedAt: head.GeneratedAt, Checkpoints: head.Checkpoints,
	}
	if s.figures, err = flattenJSON(text); err != nil {
		return nil, err
	}
	if head.LastPosition != nil {
		n, err := head.LastPosition.Int64()
		if err != nil {
			return nil, hansard.Errorf(hansard.KindInvalid, "read a report: last_position is no whole number")
		}
		s.LastPosition = hansard.Some(n)
	}
	if head.Period.Start != nil {
		s.Period.Since = *head.Period.Start
	}
	if head.Period.End != nil {
		if s.Period.Until = *head.Period.End; head.Period.OpenEnd {
			s.Period.Until = s.Period.Until.Add(time.Nanosecond) // that of the last event, which is in it
		}
	}
	s.Limit = head.Limit
	for _, p := range head.Packs {
		s.Packs = append(s.Packs, p.Pack)
	}
	for _, f := range s.figures {
		s.Reprice = s.Reprice || f.name == "repriced" && f.value == "true"
		s.Judged = s.Judged || strings.HasPrefix(f.name, "compliance_checks.")
	}
	return s, nil
}

// Change is a figure that is another one now.
type Change struct {
	Figure string `json:"figure"`
	Before string `json:"before"` // "" where there was none
	Now    string `json:"now"`
	Search string `json:"search"`
}

// CheckReport says what of an earlier report is not so any more.
type CheckReport struct {
	Head
	Of       string    `json:"of"`      // the type of the report that was checked
	MadeAt   time.Time `json:"made_at"` // when it was made
	Same     bool      `json:"same"`    // every figure is the same
	Compared int       `json:"compared"`
	Changes  []Change  `json:"changes"`
	// Pruned are the logs of which entries have gone since, by retention.
	Pruned   []PrunedLog       `json:"pruned"`
	Searches map[string]string `json:"searches"`
}

// PrunedLog is a log of which entries have gone.
type PrunedLog struct {
	Log     string `json:"log"`
	Entries uint64 `json:"entries"` // that are not there any more
	Note    string `json:"note"`
}

// ignored reports whether a figure says when and from what a report was made, not
// what it found.
func ignored(name string) bool {
	for _, prefix := range []string{"generated_at", "checkpoints.", "integrity", "period.", "time_zone"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// Compare holds an earlier report against the same one computed again.
func (s *Said) Compare(again Report, head Head, pruned []PrunedLog) (*CheckReport, error) {
	now, err := flatten(again)
	if err != nil {
		return nil, err
	}
	head.Report = "check"
	if pruned == nil {
		pruned = []PrunedLog{}
	}
	r := &CheckReport{Head: head, Of: s.Type.Name, MadeAt: s.GeneratedAt, Changes: []Change{}, Pruned: pruned, Searches: map[string]string{}}
	found := map[string]figure{}
	for _, f := range now {
		found[f.name] = f
	}
	for _, was := range s.figures {
		if ignored(was.name) {
			continue
		}
		r.Compared++
		is, ok := found[was.name]
		delete(found, was.name)
		if !ok || is.value != was.value {
			r.Changes = append(r.Changes, Change{was.name, was.value, is.value, was.search})
		}
	}
	for _, f := range now {
		if _, isNew := found[f.name]; isNew && !ignored(f.name) {
			r.Changes = append(r.Changes, Change{f.name, "", f.value, f.search})
		}
	}
	for _, c := range r.Changes {
		r.Searches["changes."+c.Figure] = c.Search
	}
	r.Same = len(r.Changes) == 0
	return r, nil
}

func (r *CheckReport) layout() layout {
	l := r.Head.layout("Check of a report on " + r.Of)
	l.Facts = append(l.Facts, fact{"Made", r.MadeAt.Format(stampLayout)})
	verdict := "✅ every figure is the same"
	if !r.Same {
		verdict = fmt.Sprintf("❌ %d of %d figures differ", len(r.Changes), r.Compared)
	}
	l.Sections = append(l.Sections, figuresSection(r.Searches, "Figures compared", "", trace.Count(int64(r.Compared)), "Verdict", "", verdict))
	s := section{Columns: []column{{Title: "Figure"}, {Title: "Before"}, {Title: "Now"}, {Title: searchColumn, Code: true}}, Told: true}
	for _, c := range r.Changes {
		s.Rows = append(s.Rows, row{Cells: []string{c.Figure, or(cut(c.Before, 80), "-"), or(cut(c.Now, 80), "-"), c.Search}})
	}
	l.add("Changes", s)
	p := section{Columns: []column{{Title: "Log"}, {Title: "Entries gone", Numeric: true}, {Title: "Note"}}}
	for _, g := range r.Pruned {
		p.Rows = append(p.Rows, row{Cells: []string{g.Log, trace.Count(int64(g.Entries)), g.Note}})
	}
	l.add("Pruned since", p)
	if !r.Same && len(r.Pruned) == 0 {
		l.Notes = append(l.Notes, "Nothing was pruned: the report or the record was changed, or the program counts otherwise. hansard verify checks the record.")
	}
	return l
}

func (r *CheckReport) figures() ([]figure, error) { return flatten(r) }
