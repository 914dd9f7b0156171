package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/trace"
)

// replayVerb is one run of the verb replay.
type replayVerb struct {
	p     *program
	out   *output
	step  bool
	speed float64
	from  int
}

func newReplay(p *program) *cobra.Command {
	v := &replayVerb{p: p}
	cmd := &cobra.Command{
		Use:   "replay ID",
		Short: "Play the decisions of a trace again, with what the agent knew at each",
		Long: `Show the decisions of a trace in order: each decision that was stated, each tool
call, handoff and word of a human, with why, with what parameters, what the agent
had been asked and told, what tools had returned to it so far, and what came of it.
ID is that of a trace, of an event of it, or of a task with one trace.

With --step each waits for Enter. With --speed they come as they came, as many
times faster; a pause is never longer than 5 s.`,
		Example: `  hansard replay 4bf92f3577b34da6a3ce929d0e0e4736
  hansard replay refund-4711 --step
  hansard replay refund-4711 --speed 10
  hansard replay refund-4711 -o json | jq '.moments[].details'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return v.run(cmd.Context(), args[0]) },
	}
	v.out = outputFlag(cmd, formatTable, formatJSON)
	f := cmd.Flags()
	f.BoolVar(&v.step, "step", false, "wait for Enter before each decision")
	f.Float64Var(&v.speed, "speed", 0, "how many times as fast as it was; 0 does not wait")
	f.IntVar(&v.from, "from", 1, "the decision to begin with, counted from 1")
	return cmd
}

// replayPage is how many decisions are asked for at a time.
const replayPage = 200

func (v *replayVerb) run(ctx context.Context, id string) error {
	format, err := v.out.format(v.p.terminalOf(v.p.stdout), formatTable, formatTable)
	if err != nil {
		return err
	}
	if v.from < 1 || v.speed < 0 {
		return hansard.Errorf(hansard.KindInvalid, "--from is at least 1 and --speed at least 0")
	}
	return v.p.with(func(b backend) error {
		if format == formatJSON {
			r, err := whole(ctx, b, id, v.from-1)
			if err != nil {
				return err
			}
			return v.p.writeJSON(r)
		}
		return v.play(ctx, b, id)
	})
}

// whole reads all decisions from one on.
func whole(ctx context.Context, b backend, id string, from int) (*trace.Replay, error) {
	r, err := b.Replay(ctx, id, from, replayPage)
	for err == nil && from+len(r.Moments) < r.Total {
		var next *trace.Replay
		if next, err = b.Replay(ctx, id, from+len(r.Moments), replayPage); err == nil && len(next.Moments) == 0 {
			break
		} else if err == nil {
			r.Moments = append(r.Moments, next.Moments...)
		}
	}
	return r, err
}

// play writes the decisions one after another.
func (v *replayVerb) play(ctx context.Context, b backend, id string) error {
	keys := bufio.NewReader(v.p.stdin)
	color, zone := v.p.terminalOf(v.p.stdout).color, v.p.global.zone()
	var last time.Time
	for from := v.from - 1; ; from += replayPage {
		r, err := b.Replay(ctx, id, from, replayPage)
		if err != nil {
			return err
		}
		switch {
		case r.Total == 0:
			v.p.say("no decision, tool call or handoff is on record in this trace; hansard trace %s shows all of it", id)
		case v.from > r.Total:
			v.p.say("this trace has %d decisions, and --from %d is after the last", r.Total, v.from)
		}
		for i, m := range r.Moments {
			if err := v.wait(ctx, keys, r, m.Time.Sub(last), last.IsZero()); err != nil {
				return quietEnd(err)
			}
			last = m.Time
			if err := trace.RenderMoment(v.p.stdout, *r, i, zone, color); err != nil {
				return err
			}
		}
		if len(r.Moments) == 0 || from+len(r.Moments) >= r.Total {
			return nil
		}
	}
}

// quietEnd is no error where the input ended.
func quietEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// maxPause is the longest that a replay at a speed waits.
const maxPause = 5 * time.Second

// wait waits as the flags say. Invented times are not waited for.
func (v *replayVerb) wait(ctx context.Context, keys *bufio.Reader, r *trace.Replay, gap time.Duration, first bool) error {
	switch {
	case first:
		return nil
	case v.step:
		v.p.say("Enter: the next decision; Ctrl-D: end")
		_, err := keys.ReadString('\n')
		return err
	case v.speed > 0 && !r.Synthetic && gap > 0:
		pause := time.NewTimer(min(time.Duration(float64(gap)/v.speed), maxPause))
		defer pause.Stop()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-pause.C:
		}
	}
	return nil
}
