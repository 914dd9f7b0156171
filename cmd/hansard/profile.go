package main

import (
	"errors"
	"os"
	"runtime/pprof"

	"github.com/hansardhq/hansard"
)

// profileCPU begins to write a profile of the processor time to a file, and
// returns what ends it. No path: no profile.
func profileCPU(path string) (end func() error, err error) {
	if path == "" {
		return func() error { return nil }, nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, hansard.Errorf(hansard.KindInvalid, "profile: %w", err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(hansard.Errorf(hansard.KindInternal, "profile: %w", err), f.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}
