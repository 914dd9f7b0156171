package forensic_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/forensic"
)

// TestLong: a run that calls a tool in vain, over and over, is looked into in
// time that grows with its length, not its square.
func TestLong(t *testing.T) {
	const calls = 4_000
	var events []hansard.Event
	for i := range calls {
		id := fmt.Sprint(i)
		events = append(events, call(id, "x", `{"a":`+id+`}`), result(id, "x", "timeout", "", "no answer"))
	}
	entries := story(events...)
	begin := time.Now()
	in := forensic.Analyze(entries)
	if in.RootCause == nil || in.RootCause.EventIDs[0] != "e0" || len(in.Failures) != calls {
		t.Errorf("%+v, %d failures", in.RootCause, len(in.Failures))
	}
	t.Log(time.Since(begin)) // said, not judged: machines differ
}
