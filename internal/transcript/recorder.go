package transcript

import (
	"crypto/sha256"
	"fmt"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hansardhq/hansard"
)

// recorder collects the events of one run and gives each its id, step and time.
// Steps must not decrease from one event to the next.
type recorder struct {
	reader *reader
	piece  piece
	trace  string
	base   hansard.Event // what every event of the run has
	events []*hansard.Event
	step   int
	kinds  map[string]int // events of each type within the step
	full   bool           // an event did not fit under the limit

	// clock is the last time that the source told, Unix nanoseconds; 0 when it
	// told none yet. told says that the message at hand told it.
	clock int64
	told  bool
}

func newRecorder(rd *reader, p piece) *recorder {
	return &recorder{reader: rd, piece: p, kinds: map[string]int{}}
}

// begin names the run. All events made later have the given base, and task and
// session of their own where the base has none.
func (r *recorder) begin(id string, base hansard.Event) {
	r.trace = r.reader.unique(boundedID(id), r.piece.seq)
	r.base = base
	r.base.TraceID = r.trace
	r.base.Dialect = r.reader.conv.Name
	r.base.Provenance = "observed"
	if r.base.TaskID == "" {
		r.base.TaskID = r.trace
	}
	if r.base.SessionID == "" {
		r.base.SessionID = r.trace
	}
}

// add appends an event of the given type that stems from message step.
func (r *recorder) add(step int, eventType string) *hansard.Event {
	if step != r.step {
		r.step = step
		clear(r.kinds)
	}
	e := r.base
	e.EventType = eventType
	e.EventID = fmt.Sprintf("%s/%d/%s", r.trace, step, strings.TrimPrefix(eventType, "agent."))
	if n := r.kinds[eventType]; n > 0 {
		e.EventID = fmt.Sprintf("%s/%d", e.EventID, n)
	}
	r.kinds[eventType]++
	e.Timestamp, e.TimeSource = r.time(step)
	e.Attributes = object(member{"step", integer(step)})
	if len(r.events) >= r.reader.opt.MaxEvents {
		r.full = true // the run is refused as a whole; its events are not used
		return &e
	}
	r.events = append(r.events, &e)
	return &e
}

// runsPerYear keeps the invented times of a long file within one year.
const runsPerYear = 365 * 24

// time returns when message step happened, and where that comes from. Invented
// times give each run of a file an hour and each message a second.
func (r *recorder) time(step int) (int64, string) {
	if r.clock != 0 && r.told {
		return r.clock, hansard.TimeFromSender
	}
	if r.clock != 0 {
		return r.clock, hansard.TimeSynthetic
	}
	base := time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC)
	base = base.Add(time.Duration((r.piece.seq-1)%runsPerYear) * time.Hour)
	return base.Add(time.Duration(step) * time.Second).UnixNano(), hansard.TimeSynthetic
}

// end appends the event that ends the run after n messages, with what the
// source says about the run.
func (r *recorder) end(n int, facts []member) *hansard.Event {
	r.told = false
	e := r.add(n, hansard.TypeLifecycle)
	e.Action = "session_end"
	e.Source = "system"
	attach(e, facts)
	return e
}

// attach adds attributes. A name that is taken gets "source_" in front.
func attach(e *hansard.Event, facts []member) {
	if len(facts) == 0 {
		return
	}
	all := members(e.Attributes)
	taken := make(map[string]bool, len(all)+len(facts))
	for _, m := range all {
		taken[m.key] = true
	}
	for _, m := range facts {
		for taken[m.key] {
			m.key = "source_" + m.key
		}
		taken[m.key] = true
		all = append(all, m)
	}
	e.Attributes = object(all...)
}

// infer says that these fields of an observed event were deduced.
func infer(e *hansard.Event, fields ...string) {
	attach(e, []member{{"inferred", list(fields...)}})
}

// maxTraceID leaves room for step, kind and number in an event id of 256 bytes.
const maxTraceID = 200

// boundedID shortens an id that is too long to one that is still its own.
func boundedID(id string) string {
	if len(id) <= maxTraceID {
		return id
	}
	head := id[:maxTraceID-20]
	for !utf8.ValidString(head) {
		head = head[:len(head)-1]
	}
	sum := sha256.Sum256([]byte(id))
	return fmt.Sprintf("%s~%x", head, sum[:8])
}

// stem returns the base name up to its first dot.
func stem(name string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, "_"), `\`, "/"))
	name, _, _ = strings.Cut(name, ".")
	switch name {
	case "", "-", "/":
		return "stdin"
	}
	return name
}
