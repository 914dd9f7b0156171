package bench

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Report is what a run measured.
type Report struct {
	Version     string    `json:"version"` // of the program that was measured
	Go          string    `json:"go"`
	OS          string    `json:"os"`
	Arch        string    `json:"arch"`
	CPUs        int       `json:"cpus"`
	StartedAt   time.Time `json:"started_at"`
	Seed        uint64    `json:"seed"`
	Events      int       `json:"events"`
	Batch       int       `json:"batch"`
	Connections int       `json:"connections"`
	EventBytes  float64   `json:"event_bytes"` // of an event as NDJSON, on average
	Rows        []Row     `json:"rows"`
	Steps       []Step    `json:"steps"`
	Notes       []string  `json:"notes"`
}

func newReport(cfg Config) *Report {
	return &Report{
		Version: cfg.Version, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(),
		StartedAt: time.Now().UTC(), Seed: cfg.Seed, Events: cfg.Events, Batch: cfg.Batch, Connections: cfg.Connections,
		Rows: []Row{}, Steps: []Step{}, Notes: []string{},
	}
}

// Verdict says how a figure compares with what it should be.
type Verdict string

// The verdicts. A row without a target has none, unless it could not be measured.
const (
	VerdictAim    Verdict = "aim met"
	VerdictTarget Verdict = "met"
	VerdictMissed Verdict = "missed"
)

// Row is one measured figure.
type Row struct {
	Measure string   `json:"measure"` // the word for Config.Only that it belongs to
	Name    string   `json:"name"`
	Value   *float64 `json:"value"` // nil: it could not be measured, Detail says why
	Unit    string   `json:"unit"`
	// Target is the worst that the value may be, Aim what it should be; 0 and 0:
	// nothing was asked of it. Less says that less is better.
	Target  float64 `json:"target,omitempty"`
	Aim     float64 `json:"aim,omitempty"`
	Less    bool    `json:"less_is_better,omitempty"`
	Verdict Verdict `json:"verdict,omitempty"`
	Detail  string  `json:"detail,omitempty"`
}

// Step is what a part of the events cost while they came in.
type Step struct {
	Events    int     `json:"events"` // acknowledged so far
	CPUMicros float64 `json:"cpu_us"` // processor time of the server for an event of this step, in microseconds
	RSS       int64   `json:"rss"`    // bytes at its end
	PerSecond float64 `json:"events_per_second"`
}

// target is what a figure should be.
type target struct {
	worst, aim float64
	less       bool
}

func atLeast(worst, aim float64) target { return target{worst, aim, false} }
func atMost(worst, aim float64) target  { return target{worst, aim, true} }

// add adds a figure to the report.
func (b *bench) add(measure, name string, value float64, unit string, t target, detail string, args ...any) {
	r := Row{Measure: measure, Name: name, Value: &value, Unit: unit, Target: t.worst, Aim: t.aim, Less: t.less}
	if len(args) > 0 {
		detail = fmt.Sprintf(detail, args...)
	}
	r.Detail = detail
	better := func(bound float64) bool { return t.less && value <= bound || !t.less && value >= bound }
	switch {
	case t.worst == 0:
	case better(t.aim):
		r.Verdict = VerdictAim
	case better(t.worst):
		r.Verdict = VerdictTarget
	default:
		r.Verdict = VerdictMissed
	}
	b.report.Rows = append(b.report.Rows, r)
}

// fail adds a figure that could not be measured.
func (b *bench) fail(measure, name, unit string, t target, err error) {
	r := Row{Measure: measure, Name: name, Unit: unit, Target: t.worst, Aim: t.aim, Less: t.less, Verdict: VerdictMissed, Detail: err.Error()}
	b.report.Rows = append(b.report.Rows, r)
}

// note adds a remark to the report.
func (b *bench) note(format string, args ...any) {
	b.report.Notes = append(b.report.Notes, fmt.Sprintf(format, args...))
}

const mb = 1 << 20

// list joins figures.
func list[T any](values []T, format func(T) string) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = format(v)
	}
	return strings.Join(texts, ", ")
}

func sortedKeys(m map[string]int64) []string { return slices.Sorted(maps.Keys(m)) }
