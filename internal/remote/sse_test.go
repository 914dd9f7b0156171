package remote_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/remote"
)

// messages returns the messages of a stream as text, and the error that ended it.
func messages(r io.Reader) (all []string, err error) {
	s := remote.NewStream(r)
	for {
		m, err := s.Next()
		if err != nil {
			return all, err
		}
		all = append(all, fmt.Sprintf("%s|%s|%s", m.Event, m.ID, m.Data))
	}
}

func TestStream(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		got, err := messages(strings.NewReader(in))
		if strings.Join(got, " ") != want || !errors.Is(err, io.EOF) {
			t.Errorf("%q: %q, %v; want %q", in, got, err, want)
		}
	}
	f("", "")
	f("data: a\n\n", "||a")
	f("event: event\nid: 7\ndata: {}\n\n", "event|7|{}")
	f("data:a\n\ndata:  b\n\n", "||a || b")
	f("data: a\r\ndata: b\r\n\r\n", "||a\nb")
	f("\ufeffdata: a\n\n", "||a")
	f(": heartbeat\n\n: another\n\ndata: a\n\n", "||a")
	f("id: 7\ndata: a\n\ndata: b\n\n", "|7|a |7|b") // an id stays
	f("id: 7\n\nevent: x\n\ndata: b\n\n", "|7|b")   // a type does not
	f("id: 7\x00\ndata: a\n\n", "||a")
	f("data\n\n", "||")
	f("retry: 10\nother: x\ndata: a\n\n", "||a")
	f("data: whole\n\ndata: half\n", "||whole")
	f("data: a:b\n\n", "||a:b")
}

func TestStreamBroken(t *testing.T) {
	if _, err := messages(strings.NewReader("data: a\n\ndata: ha")); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("half a line: %v", err)
	}
}

func TestStreamBounded(t *testing.T) {
	f := func(name string, r io.Reader) {
		t.Helper()
		if _, err := messages(r); hansard.KindOf(err) != hansard.KindTooLarge {
			t.Errorf("%s: %v, want too large", name, err)
		}
	}
	f("endless line", io.MultiReader(strings.NewReader("data: "), forever("x")))
	f("endless message", forever("data: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n"))
	long := "data: " + strings.Repeat("x", remote.MaxLine-10) + "\n\n"
	if got, err := messages(strings.NewReader(long)); len(got) != 1 || !errors.Is(err, io.EOF) {
		t.Errorf("a line just below the bound: %d messages, %v", len(got), err)
	}
}

// forever repeats itself without end.
type forever string

func (f forever) Read(p []byte) (int, error) {
	n := 0
	for n+len(f) <= len(p) {
		n += copy(p[n:], f)
	}
	return n, nil
}

func FuzzStream(f *testing.F) {
	f.Add("event: event\nid: 7\ndata: {}\n\n: x\n\ndata\r\ndata:\r\n\r\n")
	f.Fuzz(func(t *testing.T, in string) {
		s := remote.NewStream(strings.NewReader(in))
		total := 0
		for {
			m, err := s.Next()
			if err != nil {
				break
			}
			if strings.Contains(m.Event, "\n") || strings.ContainsAny(m.ID, "\n\x00") {
				t.Fatalf("id %q", m.ID)
			}
			if total += len(m.Data); total > len(in) {
				t.Fatalf("%d bytes of data out of %d", total, len(in))
			}
		}
	})
}
