package main

import (
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress shows how far a long work is, on a terminal only: elsewhere the lines
// of the result say it.
type progress struct {
	mu  sync.Mutex // guards bar: an upload reports from a goroutine of its own
	bar *progressbar.ProgressBar
}

// newProgress begins to show a work of total bytes; negative: not known.
func (p *program) newProgress(what string, total int64) *progress {
	t := p.terminalOf(p.stderr)
	if !t.is {
		return &progress{}
	}
	return &progress{bar: progressbar.NewOptions64(total,
		progressbar.OptionSetDescription(what),
		progressbar.OptionSetWriter(p.stderr),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionSetWidth(min(40, max(10, t.width-70))),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionEnableColorCodes(false),
	)}
}

// set says how many bytes of how many are done.
func (g *progress) set(done, total int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.bar == nil {
		return
	}
	if total != g.bar.GetMax64() {
		g.bar.ChangeMax64(total)
	}
	_ = g.bar.Set64(min(done, total)) // what cannot be drawn is not missed
}

// end takes the bar away.
func (g *progress) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.bar != nil {
		_ = g.bar.Clear()
		_ = g.bar.Exit()
		g.bar = nil
	}
}
