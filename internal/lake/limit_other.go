//go:build !linux

package lake

import "github.com/hansardhq/hansard"

// limitProcess refuses: the limits of a worker are those of Linux.
func limitProcess(*job) error {
	return hansard.Errorf(hansard.KindInvalid, "sql needs Linux")
}

// limitStatement is never reached.
func limitStatement(*job) error { return nil }
