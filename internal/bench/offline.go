package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"os/exec"
	"time"

	"github.com/hansardhq/hansard"
)

// verb runs a verb of the program on the data and returns what it wrote, how
// long it took and what processor time it used.
func (b *bench) verb(ctx context.Context, args ...string) (out []byte, took, cpu time.Duration, err error) {
	cmd := exec.CommandContext(ctx, b.cfg.Program, append(args, "--data", b.data())...)
	cmd.Env = environment()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	begin := time.Now()
	err = cmd.Run()
	took = time.Since(begin)
	if err != nil {
		return nil, took, 0, hansard.Errorf(hansard.KindInternal, "hansard %s: %w: %s", args[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return stdout.Bytes(), took, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}

// measureVerify verifies everything, as an outsider would.
func (b *bench) measureVerify(ctx context.Context) error {
	b.cfg.Progress("verifying", 0, 0)
	out, took, cpu, err := b.verb(ctx, "verify", "-o", "json")
	if err != nil {
		return err
	}
	var v struct {
		Verified bool  `json:"verified"`
		Entries  int64 `json:"entries"`
	}
	if err := json.Unmarshal(out, &v); err != nil {
		return err
	}
	if !v.Verified || v.Entries < int64(b.stored) {
		return hansard.Errorf(hansard.KindCorrupt, "of %d events sent, verify finds %d, verified: %t", b.stored, v.Entries, v.Verified)
	}
	n := float64(v.Entries)
	b.add(MeasureVerify, "verify, everything", n/took.Seconds(), "events/s", atLeast(200_000, 500_000),
		"%d entries in %.1f s; %.2f us of processor time an entry", v.Entries, took.Seconds(), micros(cpu)/n)
	return nil
}
