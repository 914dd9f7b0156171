package client

import (
	"math/rand/v2"
	"time"
)

// Pauses between tries.
const (
	firstPause   = 100 * time.Millisecond
	longestPause = 30 * time.Second
	longestAsked = 5 * time.Minute // of what a server asks for
)

// pause returns how long to wait after so many failed tries, from 1: a random
// time up to a bound that doubles ("full jitter"), so that many agents do not come
// back to a server that restarts all at once. A server's Retry-After is the least.
func pause(failed int, longest, asked time.Duration) time.Duration {
	bound := min(firstPause<<min(failed-1, 20), longest)
	wait := bound/10 + rand.N(bound-bound/10)
	return max(wait, min(asked, longestAsked))
}
