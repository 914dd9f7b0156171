package dialect_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/dialect"
)

// split renders everything that a Splitter finds: "line:raw" for an item,
// "line!kind" for a rejected one, "fatal kind: text" for the end by an error.
func split(r io.Reader, form dialect.Form, limits dialect.Limits) []string {
	s := dialect.NewSplitter(strings.NewReader("\n[{}, {\"a\":"), dialect.FormAuto, dialect.Limits{})
	for range 3 { // of another body, nothing may be left
		_, _, _ = s.Next()
	}
	s.Reset(r, form, limits)
	got := []string{}
	for {
		raw, line, err := s.Next()
		var rejected *dialect.RejectedError
		switch {
		case err == nil:
			got = append(got, fmt.Sprintf("%d:%s", line, raw))
		case err == io.EOF:
			return got
		case errors.As(err, &rejected):
			got = append(got, fmt.Sprintf("%d!%v", rejected.Line, hansard.KindOf(err)))
			if rejected.Line != line {
				got = append(got, fmt.Sprintf("line %d differs", line))
			}
		default:
			if _, _, again := s.Next(); again != err {
				got = append(got, fmt.Sprintf("a fatal error became %v", again))
			}
			return append(got, fmt.Sprintf("fatal %v: %v", hansard.KindOf(err), err))
		}
	}
}

func TestSplitter(t *testing.T) {
	f := func(form dialect.Form, body string, want ...string) {
		t.Helper()
		want = append([]string{}, want...)
		limits := dialect.Limits{MaxBytes: 64}
		if diff := cmp.Diff(want, split(strings.NewReader(body), form, limits)); diff != "" {
			t.Errorf("form %d, body %q (-want +got):\n%s", form, body, diff)
		}
		if diff := cmp.Diff(want, split(iotest.OneByteReader(strings.NewReader(body)), form, limits)); diff != "" {
			t.Errorf("form %d, body %q byte by byte (-want +got):\n%s", form, body, diff)
		}
		if diff := cmp.Diff(want, split(iotest.DataErrReader(strings.NewReader(body)), form, limits)); diff != "" {
			t.Errorf("form %d, body %q, EOF with the data (-want +got):\n%s", form, body, diff)
		}
	}
	long := `{"a":"` + strings.Repeat("x", 5000) + `"}`
	exact := `{"a":"` + strings.Repeat("x", 56) + `"}` // 64 bytes
	const nd, js, auto = dialect.FormNDJSON, dialect.FormJSON, dialect.FormAuto

	f(nd, "")
	f(nd, "\n\r\n  \n")
	f(nd, "{\"a\":1}\n{\"a\":2}\n", `1:{"a":1}`, `2:{"a":2}`)
	f(nd, "\xef\xbb\xbf{\"a\":1}\r\n\r\n \t{\"a\":2} ", `1:{"a":1}`, `3:{"a":2}`)
	f(nd, "nope\n{\"a\":\n[1]\n{}", `1:nope`, `2:{"a":`, `3:[1]`, `4:{}`)
	f(nd, "{}\n"+long+"\n{}\n"+long, `1:{}`, `2!too large`, `3:{}`, `4!too large`)
	f(nd, exact+"\r\n"+exact+"y\n"+exact, "1:"+exact, "2!too large", "3:"+exact)

	f(js, "")
	f(js, " [ ] ")
	f(js, "\xef\xbb\xbf\n[ {\"a\":[1,2]} ,\n{\"b\":\"],[\\\"\"}]\n", `1:{"a":[1,2]}`, `2:{"b":"],[\""}`)
	f(js, `[1,nope, {"a" 1} ,"x"]`, `1:1`, `2:nope`, `3:{"a" 1}`, `4:"x"`)
	f(js, `[,1,,2,]`, `1!invalid`, `2:1`, `3!invalid`, `4:2`, `5!invalid`)
	f(js, `[{}, `+long+` ,{},`+exact+"\n\n"+`,`+long+`]`, `1:{}`, `2!too large`, `3:{}`, `4:`+exact, `5!too large`)
	f(js, `[{"a":1},{"a":[2}},{"a":3}]`, `1:{"a":1}`, `fatal invalid: body is damaged: a bracket closes what is not open at byte 16`)
	f(js, `[{}}]`, `fatal invalid: body is damaged: a bracket closes what is not open at byte 3`)
	f(js, `[{"a":1},{"a`, `1:{"a":1}`, `fatal invalid: body is damaged: an event is not closed at byte 12`)
	f(js, `[{"a":1}`, `fatal invalid: body is damaged: an event is not closed at byte 8`)
	f(js, `[{},`, `1:{}`, `fatal invalid: body is damaged: the array is not closed at byte 4`)
	f(js, `[`+long, `fatal invalid: body is damaged: an event is not closed at byte 5009`)
	f(js, `[{}] []`, `1:{}`, `fatal invalid: body is damaged: more after the array at byte 5`)
	f(js, "{\n \"a\": {\"b\": \"}\\\\\"}\n}\n", "1:{\n \"a\": {\"b\": \"}\\\\\"}\n}")
	f(js, "\n{\"a\":1}{\"a\":2}\n{\"a\":3}", `1:{"a":1}`, `2:{"a":2}`, `3:{"a":3}`)
	f(js, `nope{"a":1} "x y"{} 7`, `1:nope`, `2:{"a":1}`, `3:"x y"`, `4:{}`, `5:7`)
	f(js, long+`{}`, `1!too large`, `2:{}`)
	f(js, `{} {"a":`, `1:{}`, `fatal invalid: body is damaged: an event is not closed at byte 8`)
	f(js, `{} ]`, `1:{}`, `fatal invalid: body is damaged: a bracket closes what is not open at byte 3`)

	f(auto, " \n[{},{}]", `1:{}`, `2:{}`)
	f(auto, "\n{\"a\":1}\n{\"a\n{}", `2:{"a":1}`, `3:{"a`, `4:{}`)
	f(auto, "{\n\"a\":1}\n{}", "1:{\n\"a\":1}", `2:{}`)
	f(auto, "\n{}{}\n", `1:{}`, `2:{}`)
	f(auto, strings.Repeat("\n", 5000)+"{}\n{}\n", `5001:{}`, `5002:{}`)
	f(auto, strings.Repeat("\n", 5000)+"[{}]", `1:{}`)
	f(auto, "")
}

func TestSplitterDeepBrackets(t *testing.T) {
	deep := strings.Repeat("[", 5000) + strings.Repeat("]", 5000)
	got := split(strings.NewReader("["+deep+",{}]"), dialect.FormJSON, dialect.Limits{MaxBytes: 64})
	if diff := cmp.Diff([]string{"1!too large", "2:{}"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRejectedError(t *testing.T) {
	_, _, err := dialect.NewSplitter(strings.NewReader("\nsecret secret"), dialect.FormNDJSON, dialect.Limits{MaxBytes: 5}).Next()
	if want := "line 2: event is longer than 5 bytes"; err == nil || err.Error() != want || hansard.HintOf(err) == "" {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, _, err := dialect.NewSplitter(stuck{}, dialect.FormNDJSON, dialect.Limits{}).Next(); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that never reads: %v", err)
	}
}

// stuck is a reader that never returns anything.
type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

// TestSplitterReadError checks that what a failing reader may have cut short
// is not taken for an event.
func TestSplitterReadError(t *testing.T) {
	f := func(form dialect.Form, body string, cause error, want ...string) {
		t.Helper()
		r := io.MultiReader(strings.NewReader(body), iotest.ErrReader(cause))
		if diff := cmp.Diff(want, split(r, form, dialect.Limits{})); diff != "" {
			t.Errorf("body %q (-want +got):\n%s", body, diff)
		}
	}
	gone := errors.New("gone")
	f(dialect.FormNDJSON, "{\"a\":1}\n{}", gone, `1:{"a":1}`, "fatal invalid: read body: gone")
	f(dialect.FormJSON, "[{},{}", gone, "1:{}", "fatal invalid: read body: gone")
	f(dialect.FormJSON, "7", gone, "fatal invalid: read body: gone")
	f(dialect.FormJSON, "[{}]", gone, "1:{}", "fatal invalid: read body: gone")
	f(dialect.FormNDJSON, "{}\n", hansard.Errorf(hansard.KindTooLarge, "body is too long"), "1:{}",
		"fatal too large: read body: body is too long")
}

func TestFormOf(t *testing.T) {
	f := func(in string, want dialect.Form, ok bool) {
		t.Helper()
		got, err := dialect.FormOf(in)
		if got != want || (err == nil) != ok {
			t.Errorf("FormOf(%q) = %d, %v", in, got, err)
		}
	}
	f("application/json; charset=utf-8", dialect.FormJSON, true)
	f("Application/X-NDJSON", dialect.FormNDJSON, true)
	f("application/jsonl", dialect.FormNDJSON, true)
	f("application/vnd.hansard+json", dialect.FormJSON, true)
	f("", dialect.FormAuto, true)
	f("text/html", 0, false)
}
