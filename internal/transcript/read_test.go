package transcript_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/transcript"
)

// outline reads input and says in one line what came: trace ids, "skipped",
// "bad <line> <kind>", and "end <kind>" for an error that ends the reading.
func outline(format, name string, r io.Reader, opt transcript.Options) string {
	var all []string
	for run, err := range transcript.Read(format, name, r, opt) {
		var bad *transcript.RunError
		switch {
		case errors.As(err, &bad):
			all = append(all, fmt.Sprintf("bad %d %v", bad.Line, hansard.KindOf(err)))
		case err != nil:
			all = append(all, fmt.Sprintf("end %v", hansard.KindOf(err)))
		case run.Skipped != "":
			all = append(all, "skipped")
		default:
			all = append(all, run.TraceID)
		}
	}
	return strings.Join(all, ", ")
}

const hi = `{"messages":[{"role":"user","content":"hi"}]}`

func TestLayouts(t *testing.T) {
	f := func(format, input, want string) {
		t.Helper()
		for _, bom := range []string{"", "\xef\xbb\xbf"} {
			for _, r := range []io.Reader{strings.NewReader(bom + input), iotest.OneByteReader(strings.NewReader(bom + input))} {
				if got := outline(format, "a/b/in.put.jsonl", r, transcript.Options{}); got != want {
					t.Errorf("%s %q:\n got %s\nwant %s", format, input, got, want)
				}
			}
		}
	}
	const chat = "openai-messages"
	f(chat, "", "")
	f(chat, " \n\n", "")
	f(chat, hi, "chat:in:1")
	f(chat, "\n"+hi+"\r\n\n"+hi+"\n", "chat:in:2, chat:in:4")
	f(chat, hi+"\n{\"messages\":[\n"+hi, "chat:in:1, bad 2 invalid, chat:in:3")
	f(chat, "x\n"+hi, "bad 1 invalid, chat:in:2")
	f(chat, "7\n"+hi, "bad 1 invalid, chat:in:2")
	// A bare list of messages a line, and one indented over many lines.
	f(chat, `[{"role":"user","content":"a"}]`+"\n"+`[ { "content":"b", "role":"user"}]`, "chat:in:1, chat:in:2")
	f(chat, "[\n {\"role\":\"user\"},\n {\"role\":\"user\"}\n]\n", "chat:in:1")
	// Lists of runs.
	f(chat, "["+hi+","+hi+"]", "chat:in:1, chat:in:2")
	f(chat, "[\n"+hi+",\n7,\n\"a,]}\"\n,"+hi+"\n]\n", "chat:in:1, bad 3 invalid, bad 4 invalid, chat:in:4")
	f(chat, "[[{\"role\":\"user\"}],["+`{"role":"user"}`+"]]", "chat:in:1, chat:in:2")
	f(chat, "[]", "")
	f(chat, "["+hi+"] x", "chat:in:1, end invalid")
	f(chat, "["+hi+",", "chat:in:1, end invalid")
	f(chat, "["+hi, "chat:in:1, end invalid")
	f(chat, "["+hi+",{\"messages\":[", "chat:in:1, end invalid")
	// Indented runs, one after the other.
	f(chat, "{\n\"messages\": []\n}\n{\n\"messages\": [],\n\"id\": \"}\\\"{\"}\n", `chat:in:1, }"{`)
	f(chat, "{\n\"messages\": [", "end invalid")
	// Ids of the line's own; one that comes again gets a mark.
	f(chat, `{"id":"a","conversation_id":7,"messages":[]}`+"\n"+`{"id":"b","trace_id":"t","conversation_id":"c","messages":[]}`, "7, t")
	f(chat, `{"id":"a","messages":[]}`+"\n"+`{"id":"a"}`+"\n"+`{"id":"a","messages":[]}`, "a, bad 2 invalid, a#3")
	f(chat, `{"messages":[7]}`+"\n"+`{"messages":[{"content":"x"}]}`+"\n"+`{"messages":{}}`, "bad 1 invalid, bad 2 invalid, bad 3 invalid")

	f("tau-bench", `{"task_id":1,"trial":0,"traj":[]}`+"\n"+`{"task_id":1,"traj":[]}`, "tau:1:0, bad 2 invalid")
	f("agentrx", `[{"task_id":1,"traj":[]},{"task_id":"x","traj":null},{"traj":[]}]`, "rx:1, bad 1 invalid, bad 1 invalid")
	f("agentdojo", `{"metadata":{"a":1}}`+"\n"+`{"index":5,"messages":[]}`+"\n"+`{"messages":[]}`, "skipped, dojo:in:5, bad 3 invalid")
	f("whoandwhen", `{"history":[{"role":"human","content":"x"}]}`+"\n"+`{"history":[]}`+"\n"+`{}`, "ww:in:1, ww:in:2, bad 3 invalid")
	f("mini-swe", `{"submitted_instances":1}`+"\n"+`{"messages":[]}`+"\n"+`{"instance_id":"i"}`, "skipped, swe:in, bad 3 invalid")
	f("csv", hi, "end invalid")
}

func TestLimits(t *testing.T) {
	f := func(input string, opt transcript.Options, want string) {
		t.Helper()
		if got := outline("openai-messages", "in", strings.NewReader(input), opt); got != want {
			t.Errorf("%.40q: got %s, want %s", input, got, want)
		}
	}
	big := `{"messages":[{"role":"user","content":"` + strings.Repeat("x", 200_000) + `"}]}`
	small := transcript.Options{MaxRunBytes: 100_000}
	f(hi+"\n"+big+"\n"+hi, small, "chat:in:1, bad 2 too large, chat:in:3")
	f(hi+"\n"+big, small, "chat:in:1, bad 2 too large")
	f("["+hi+",\n"+big+",\n"+hi+"]", small, "chat:in:1, bad 2 too large, chat:in:3")
	f(hi, transcript.Options{MaxRunBytes: len(hi)}, "chat:in:1")
	f("["+hi+"]", transcript.Options{MaxRunBytes: len(hi)}, "chat:in:1")
	f("["+hi+"]", transcript.Options{MaxRunBytes: len(hi) - 1}, "bad 1 too large")

	deep := `{"messages":[],"x":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}`
	f(deep+"\n"+hi, transcript.Options{}, "bad 1 invalid, chat:in:2")
	f(deep, transcript.Options{MaxDepth: 80}, "chat:in:1")

	many := `{"messages":[` + strings.Repeat(`{"role":"user"},`, 9) + `{"role":"user"}]}`
	f(many+"\n"+hi, transcript.Options{MaxEvents: 10}, "bad 1 too large, chat:in:2")
	f(many+"\n"+hi, transcript.Options{MaxEvents: 11}, "chat:in:1, chat:in:2")
}

// TestReadFails shows that a failing input ends the reading after the runs
// before it, and is told from a bad run.
func TestReadFails(t *testing.T) {
	for _, layout := range []string{hi + "\n" + hi[:20], "[" + hi + "," + hi[:20]} {
		broken := io.MultiReader(strings.NewReader(layout), iotest.ErrReader(hansard.Errorf(hansard.KindBusy, "disk asleep")))
		if got, want := outline("openai-messages", "in", broken, transcript.Options{}), "chat:in:1, end busy"; got != want {
			t.Errorf("%.10q: got %s, want %s", layout, got, want)
		}
	}
	if got := hansard.HintOf(readOne("csv")); !strings.Contains(got, "mini-swe") {
		t.Errorf("the hint %q does not list the formats", got)
	}
}

func readOne(format string) error {
	for _, err := range transcript.Read(format, "in", strings.NewReader(hi), transcript.Options{}) {
		return err
	}
	return nil
}

// TestStop shows that a reader who has enough is not called again.
func TestStop(t *testing.T) {
	n := 0
	for range transcript.Read("openai-messages", "in", strings.NewReader(strings.Repeat(hi+"\n", 5)), transcript.Options{}) {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d runs", n)
	}
}

// TestIDBounds shows that ids from the source and the file name cannot make an
// event id longer than 256 bytes.
func TestIDBounds(t *testing.T) {
	long := strings.Repeat("é", 300)
	input := []byte(`{"id":"` + long + `1","messages":[{"role":"user"}]}` + "\n" + `{"id":"` + long + `2","messages":[{"role":"user"}]}`)
	_, runs := render(t, "openai-messages", "in", input, transcript.Options{})
	checkRuns(t, runs)
	if len(runs) != 2 || runs[0].TraceID == runs[1].TraceID {
		t.Errorf("%d runs, or the same trace id", len(runs))
	}
	f := func(name, want string) {
		t.Helper()
		if got := outline("openai-messages", name, strings.NewReader(hi), transcript.Options{}); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
	f("", "chat:stdin:1")
	f("-", "chat:stdin:1")
	f(`C:\runs\gpt-4.1.jsonl`, "chat:gpt-4:1")
	f("/x/gemini-1-5-pro-002.jsonl", "chat:gemini-1-5-pro-002:1")
}

func TestSideEffects(t *testing.T) {
	f := func(tool, want string) {
		t.Helper()
		input := `{"messages":[{"role":"assistant","tool_calls":[{"function":{"name":"` + tool + `"}}]}]}`
		_, runs := render(t, "openai-messages", "in", []byte(input), transcript.Options{})
		if diff := cmp.Diff(want, runs[0].Events[0].SideEffect); diff != "" {
			t.Errorf("%s: %s", tool, diff)
		}
	}
	f("book_reservation", "write")
	f("return_delivered_order_items", "write")
	f("send_certificate", "write")
	f("get_order", "read")
	f("list_all_airports", "read")
	f("think", "none")
	f("calculate", "none")
	f("transfer_to_human_agents", "")
	f("getter", "")
	f("", "")
}

// fuzz feeds a format with what is no such file. Whatever comes in, reading
// ends, holds the laws of checkRuns and gives the same twice.
func fuzz(f *testing.F, format string) {
	for _, file := range []string{format + ".jsonl", format + ".json"} {
		if data, err := os.ReadFile(filepath.Join("testdata", file)); err == nil {
			f.Add(data)
			for line := range bytes.Lines(data) {
				f.Add(line)
			}
		}
	}
	f.Add([]byte("[" + hi + ",{}]"))
	opt := transcript.Options{MaxRunBytes: 1 << 14, MaxEvents: 500, MaxDepth: 16}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<15 {
			return
		}
		a, runs := render(t, format, "in.jsonl", data, opt)
		b, _ := render(t, format, "in.jsonl", data, opt)
		if a != b {
			t.Fatal("two readings differ")
		}
		checkRuns(t, runs)
	})
}

func FuzzOpenAIMessages(f *testing.F) { fuzz(f, "openai-messages") }
func FuzzTauBench(f *testing.F)       { fuzz(f, "tau-bench") }
func FuzzAgentRx(f *testing.F)        { fuzz(f, "agentrx") }
func FuzzAgentDojo(f *testing.F)      { fuzz(f, "agentdojo") }
func FuzzWhoAndWhen(f *testing.F)     { fuzz(f, "whoandwhen") }
func FuzzMiniSWE(f *testing.F)        { fuzz(f, "mini-swe") }
