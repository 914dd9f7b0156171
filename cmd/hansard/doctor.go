package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/trace"
)

func newDoctor(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check what commonly goes wrong",
		Long: `Check the server, the clock and, with --data, the data folder, its free space
and the key folder, and say what to do about what is wrong. The content of the
record is checked by "hansard verify".`,
		Example: `  hansard doctor
  hansard doctor --data ./hansard-data`,
		Args: cobra.NoArgs,
	}
	out := outputFlag(cmd, formatTable, formatJSON)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		format, err := out.format(p.terminalOf(p.stdout), formatTable, formatTable)
		if err != nil {
			return err
		}
		return p.writeChecks(p.checks(cmd.Context()), format)
	}
	return cmd
}

// check is one thing that was looked at.
type check struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Text string `json:"text"`
	Hint string `json:"hint,omitempty"`
}

func checked(name string, text string, err error) check {
	if err != nil {
		return check{name, false, err.Error(), hansard.HintOf(err)}
	}
	return check{name, true, text, ""}
}

func (p *program) checks(ctx context.Context) []check {
	if p.global.data != "" {
		return []check{p.checkData(), p.checkSpace(), p.checkKeys(), checkClock(time.Time{})}
	}
	text, clock, err := p.checkServer(ctx)
	return []check{checked("server", text, err), checkClock(clock)}
}

func (p *program) writeChecks(checks []check, format string) error {
	bad := 0
	for _, c := range checks {
		if !c.OK {
			bad++
		}
	}
	if format == formatJSON {
		if err := p.writeJSON(checks); err != nil {
			return err
		}
	} else {
		t := p.terminalOf(p.stdout)
		for _, c := range checks {
			mark := "ok   "
			if !c.OK {
				mark = "WRONG"
			}
			if t.color && c.OK {
				mark = green(mark)
			} else if t.color {
				mark = red(mark)
			}
			fmt.Fprintf(p.stdout, "%s  %-6s  %s\n", mark, c.Name, trace.Clean(c.Text))
			if c.Hint != "" {
				fmt.Fprintf(p.stdout, "               hint: %s\n", trace.Clean(c.Hint))
			}
		}
	}
	if bad > 0 {
		return quietError{exitFailure}
	}
	return nil
}

// patience is how long doctor waits for a server.
const patience = 10 * time.Second

func (p *program) checkServer(ctx context.Context) (text string, clock time.Time, err error) {
	c, err := p.client()
	if err != nil {
		return "", clock, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	v, err := c.Version(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = hansard.Errorf(hansard.KindBusy, "%s does not answer within %s", c.Server(), patience)
	}
	if err != nil {
		return "", clock, err
	}
	if err := c.Ready(ctx); err != nil {
		return "", v.Clock, hansard.Errorf(hansard.KindBusy, "%s answers but is not ready: %w", c.Server(), err)
	}
	return fmt.Sprintf("%s at %s is ready, version %s", v.Name, c.Server(), v.Version), v.Clock, nil
}

func (p *program) checkData() check {
	dir := p.global.data
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err := hansard.Errorf(hansard.KindNotFound, "%s does not exist", dir)
		return checked("data", "", hansard.WithHint(err, "hansard serve --data "+dir+" makes it"))
	case err != nil:
		return checked("data", "", err)
	case !info.IsDir():
		return checked("data", "", hansard.Errorf(hansard.KindInvalid, "%s is not a folder", dir))
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && os.Geteuid() != 0 && int(st.Uid) != os.Geteuid() {
		err := hansard.Errorf(hansard.KindDenied, "%s belongs to user %d, and this is user %d", dir, st.Uid, os.Geteuid())
		return checked("data", "", hansard.WithHint(err, "run as the owner of the folder"))
	}
	if _, err := os.ReadFile(filepath.Join(dir, "FORMAT")); err != nil {
		err := hansard.Errorf(hansard.KindInvalid, "%s is no data folder, or may not be read: %w", dir, err)
		return checked("data", "", hansard.WithHint(err, "name the folder that serve --data was given"))
	}
	return checked("data", dir+" is a data folder and can be read", nil)
}

// leastSpace is how many bytes must be free: journal files are preallocated, and
// a merge writes a part anew before it removes the old ones.
const leastSpace = 1 << 30

func (p *program) checkSpace() check {
	var st unix.Statfs_t
	if err := unix.Statfs(p.global.data, &st); err != nil {
		return checked("space", "", hansard.Errorf(hansard.KindInternal, "cannot tell how much is free: %w", err))
	}
	free := uint64(st.Bavail) * uint64(st.Bsize)
	text := fmt.Sprintf("%.1f GB are free", float64(free)/1e9)
	if free < leastSpace {
		err := hansard.Errorf(hansard.KindBusy, "only %s", text)
		return checked("space", "", hansard.WithHint(err, "make room: a full disk makes the server refuse events until there is some"))
	}
	return checked("space", text, nil)
}

func (p *program) checkKeys() check {
	dir := p.global.keyDir()
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err := hansard.Errorf(hansard.KindNotFound, "there is no key folder %s", dir)
		return checked("keys", "", hansard.WithHint(err, "name it with --keys; without it nothing can be recorded, and no one found by name"))
	case err != nil:
		return checked("keys", "", err)
	case info.Mode().Perm()&0o077 != 0:
		err := hansard.Errorf(hansard.KindDenied, "others may read the key folder %s (mode %04o)", dir, info.Mode().Perm())
		return checked("keys", "", hansard.WithHint(err, "chmod 700 "+dir))
	}
	return checked("keys", dir+" is its owner's alone; keep a copy of it apart from copies of the data", nil)
}

// maxSkew is how far two clocks may be apart: Date headers have whole seconds.
const maxSkew = 5 * time.Second

// checkClock compares this machine's clock with the server's, where there is one.
func checkClock(server time.Time) check {
	now := time.Now()
	if now.Year() < 2025 {
		return checked("clock", "", hansard.Errorf(hansard.KindInvalid, "this machine's clock says %s", now.Format(time.RFC3339)))
	}
	if server.IsZero() {
		return checked("clock", "this machine's clock says "+now.Format(time.RFC3339), nil)
	}
	if skew := now.Sub(server).Abs(); skew > maxSkew {
		err := hansard.Errorf(hansard.KindInvalid, "this machine's clock and the server's are %s apart", skew.Round(time.Second))
		return checked("clock", "", hansard.WithHint(err, "set both by NTP"))
	}
	return checked("clock", "this machine's clock and the server's agree", nil)
}
