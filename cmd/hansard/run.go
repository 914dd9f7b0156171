package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/trace"
)

// The exit codes.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitDenied      = 4
	exitFinding     = 5 // verification found something
	exitInterrupted = 130
)

// program is one run of the program: its streams, its environment, and the
// flags that all verbs share.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	env            map[string]string
	global         globals
	running        bool // the command line was understood; what fails from here on is no usage error
}

// run runs the program with the arguments after its name and returns its exit
// code. env holds "name=value" pairs.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer, env []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := &program{stdin: stdin, stdout: stdout, stderr: stderr, env: map[string]string{}}
	for _, pair := range env {
		name, value, _ := strings.Cut(pair, "=")
		p.env[name] = value
	}
	root := newRoot(p)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	switch {
	case err == nil:
		return exitOK
	case ctx.Err() != nil:
		p.say("interrupted")
		return exitInterrupted
	case !p.running && hansard.KindOf(err) == hansard.KindInternal:
		err = usageOf(cmd, err) // cobra's own errors have no kind
	}
	var quiet quietError
	if !errors.As(err, &quiet) {
		p.complain(err)
	}
	return exitCode(err)
}

// exitCode returns the exit code that an error stands for.
func exitCode(err error) int {
	var quiet quietError
	if errors.As(err, &quiet) {
		return quiet.code
	}
	switch hansard.KindOf(err) {
	case hansard.KindInvalid:
		return exitUsage
	case hansard.KindNotFound:
		return exitNotFound
	case hansard.KindDenied:
		return exitDenied
	case hansard.KindCorrupt:
		return exitFinding
	}
	return exitFailure
}

// quietError ends the program with a code. What there is to say has been said.
type quietError struct{ code int }

// Error returns the code.
func (e quietError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// usage makes a usage error of err.
func usage(command string, err error) error {
	return hansard.WithHint(hansard.Errorf(hansard.KindInvalid, "%w", err), command+" --help says how")
}

// counted finds how cobra says that there are too few or too many arguments.
var counted = regexp.MustCompile(`^accepts (.*) arg\(s\), received (\d+)$`)

// usageOf makes a usage error of one of cobra's own.
func usageOf(cmd *cobra.Command, err error) error {
	if m := counted.FindStringSubmatch(err.Error()); m != nil {
		err = hansard.Errorf(hansard.KindInvalid, "%s takes %s argument(s), and %s are given", cmd.CommandPath(), m[1], m[2])
		return hansard.WithHint(err, cmd.UseLine()+"; "+cmd.CommandPath()+" --help says more")
	}
	return usage(cmd.CommandPath(), err)
}

// complain says what went wrong and what to do about it.
func (p *program) complain(err error) {
	var lines linesError
	if errors.As(err, &lines) {
		fmt.Fprintf(p.stderr, "hansard: %s\n", lines.text)
		return
	}
	fmt.Fprintf(p.stderr, "hansard: %s\n", trace.Clean(err.Error()))
	if hint := hansard.HintOf(err); hint != "" {
		fmt.Fprintf(p.stderr, "  hint: %s\n", trace.Clean(hint))
	}
}

// say writes a message for a person: never to the standard output, which is for
// data. Texts among the arguments are made harmless to a terminal.
func (p *program) say(format string, args ...any) {
	for i, a := range args {
		switch a := a.(type) {
		case string:
			args[i] = trace.Clean(a)
		case error:
			args[i] = trace.Clean(a.Error())
		}
	}
	fmt.Fprintf(p.stderr, format+"\n", args...)
}
