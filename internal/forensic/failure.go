package forensic

import (
	"sort"
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
	"github.com/hansardhq/hansard/internal/trace"
)

// Failure is something that went wrong and is on record as such.
type Failure struct {
	EventIDs    []string `json:"event_ids"` // the call and its failed result, or the error
	AgentName   string   `json:"agent_name"`
	ToolName    string   `json:"tool_name"` // empty: no tool failed
	Class       string   `json:"class"`
	Party       string   `json:"party"` // with whom it lies, by its class
	Error       string   `json:"error"` // as redacted, the first 200 characters
	Recovered   bool     `json:"recovered"`
	RecoveredBy string   `json:"recovered_by"` // id of the event that made it good; empty: nothing did

	at      int            // index of the call or error among the run's entries
	entry   *hansard.Entry // the call, or the error
	failed  *hansard.Entry // what says that it failed
	call    int            // index of the call; none: it is no call
	follows bool           // it only tells of a failure before it
}

const none = -1

// failures lists what failed in a run, in order of time.
func (r *run) failures() []Failure {
	index := make(map[*hansard.Entry]int, len(r.entries))
	byID := make(map[string]*hansard.Entry, len(r.entries))
	for i, e := range r.entries {
		index[e] = i
		byID[e.EventID] = e
	}
	var all []Failure
	for i, c := range r.calls {
		if f := callFailure(c); f != nil {
			f.at, f.call = index[c.Call], i
			all = append(all, *f)
		}
	}
	for i, e := range r.entries {
		if _, ofCall := r.callOf[e]; ofCall || e.EventType == hansard.TypeSecurity || !failed(e) && e.EventType != hansard.TypeError {
			continue
		}
		all = append(all, Failure{
			EventIDs: []string{e.EventID}, AgentName: e.AgentName, ToolName: e.ToolName, at: i, entry: e, failed: e, call: none,
		})
	}
	sort.SliceStable(all, func(i, k int) bool { return all[i].at < all[k].at })
	before := map[string]bool{} // events of failures before
	good := r.mend()
	for i := range all {
		r.judge(&all[i], before, byID, good)
		for _, id := range all[i].EventIDs {
			before[id] = true
		}
	}
	return all
}

// failed reports whether an entry went wrong: it erred, or was denied.
func failed(e *hansard.Entry) bool { return trace.Erred(e) || e.Status == "denied" }

// callFailure returns the failure of a call; nil if it worked.
func callFailure(c trace.ToolCall) *Failure {
	f := &Failure{EventIDs: []string{c.Call.EventID}, AgentName: c.Call.AgentName, ToolName: c.Call.ToolName, entry: c.Call}
	if failed(c.Call) {
		f.failed = c.Call
	}
	for _, res := range c.Results {
		if failed(res) {
			f.failed = res
			f.EventIDs = append(f.EventIDs, res.EventID)
		}
	}
	if f.failed == nil {
		return nil
	}
	return f
}

// judge gives a failure its class, and looks for what made it good.
func (r *run) judge(f *Failure, before map[string]bool, byID map[string]*hansard.Entry, good *mended) {
	f.Class = classOf(f.failed)
	f.Party = party(f.Class, f.ToolName == "" && f.entry.Model != "")
	f.Error = excerpt(f.failed.Error, 200)
	if f.Error == "" {
		f.Error = f.failed.ErrorType
	}
	f.follows = f.Class == ClassCircuit && len(before) > 0 || f.call == none && below(f.entry, before, byID)
	if by := r.recovery(f, good); by != nil {
		f.Recovered, f.RecoveredBy = true, by.EventID
	}
}

// below reports whether an error has a failure among its ancestors, or ends an
// invocation in which one was: then it tells of that one.
func below(e *hansard.Entry, before map[string]bool, byID map[string]*hansard.Entry) bool {
	for at, hops := e, 0; at != nil && hops < 64; at, hops = byID[at.ParentEventID], hops+1 {
		if before[at.ParentEventID] {
			return true
		}
	}
	return (e.EventType == hansard.TypeInvocation || e.EventType == hansard.TypeLifecycle) && len(before) > 0
}

// canonical returns the members of a JSON value in a fixed order, without white
// space.
func canonical(raw []byte) string {
	if len(raw) == 0 {
		return ""
	}
	if raw[rawjson.SkipSpace(raw, 0)%len(raw)] != '{' {
		return string(rawjson.Compact(nil, raw))
	}
	var members []string
	_ = rawjson.Object(raw, func(k, v []byte) error {
		members = append(members, string(k)+":"+canonical(v))
		return nil
	})
	sort.Strings(members)
	return "{" + strings.Join(members, ",") + "}"
}

// first returns the first failure that nothing made good and that does not only
// tell of another; nil if there is none.
func first(failures []Failure) *Failure {
	for i := range failures {
		if f := &failures[i]; !f.Recovered && !f.follows {
			return f
		}
	}
	return nil
}
