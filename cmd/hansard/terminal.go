package main

import (
	"io"
	"os"
	"strconv"

	"golang.org/x/term"
)

// terminal says what a stream can show.
type terminal struct {
	is    bool // it is a terminal, with a person before it
	color bool
	width int // columns; 0: not a terminal, nothing is cut
}

// terminalOf looks at a stream. What the user asked for goes first: --color,
// then NO_COLOR.
func (p *program) terminalOf(w io.Writer) terminal {
	var t terminal
	f, ok := w.(*os.File)
	if t.is = ok && term.IsTerminal(int(f.Fd())); t.is {
		t.width = 80
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			t.width = width
		}
		if n, err := strconv.Atoi(p.env["COLUMNS"]); err == nil && n > 0 {
			t.width = n
		}
	}
	switch p.global.color {
	case "always":
		t.color = true
	case "never":
	default:
		t.color = t.is && p.env["NO_COLOR"] == "" && p.env["TERM"] != "dumb"
	}
	return t
}
