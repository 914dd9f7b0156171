//go:build !linux

package bench

import (
	"time"

	"github.com/hansardhq/hansard"
)

// usageOf says that this system does not tell.
func usageOf(int) (Usage, error) {
	return Usage{}, hansard.Errorf(hansard.KindInvalid, "bench reads what the server uses from /proc, which only Linux has")
}

// threadTime returns the time, where the system does not tell a thread's.
func threadTime() time.Duration { return time.Duration(time.Now().UnixNano()) }
