package bench

import (
	"context"
	"time"

	"github.com/hansardhq/hansard"
)

// crashAfter is how long the server is under full load before it is killed.
const crashAfter = 2 * time.Second

// measureCrash kills a server under full load (kill -9) and measures how long
// the next one takes until it is ready. Whatever was acknowledged must be there.
func (b *bench) measureCrash(ctx context.Context) error {
	b.cfg.Progress("crashing under full load", 0, 0)
	s, err := b.startServer(ctx, 5*time.Minute)
	if err != nil {
		return err
	}
	clean := s.ready
	before, _, err := s.logSizes(ctx)
	if err != nil {
		return err
	}
	l := &load{bench: b, server: s, workload: b.more, first: b.next}
	loaded, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- l.run(loaded) }()
	after := crashAfter
	if b.cfg.Events < smallBelow {
		after /= 10
	}
	select {
	case <-time.After(after):
	case err := <-ended:
		stop()
		return err // the load ends by itself only when something is wrong
	}
	err = s.kill()
	stop()
	<-ended // with the error of a connection that broke
	if err != nil {
		return err
	}
	acked := uint64(l.acked.Load())
	s, err = b.startServer(ctx, 5*time.Minute)
	if err != nil {
		return err
	}
	defer func() { _ = s.kill() }() // where an error ends it; else it has ended
	there, _, err := s.logSizes(ctx)
	if err != nil {
		return err
	}
	used, err := s.usage()
	if err != nil {
		return err
	}
	if there < before+acked {
		return hansard.Errorf(hansard.KindCorrupt, "%d events were acknowledged before the crash, %d of them are there after it", acked, there-before)
	}
	if _, err := s.stop(); err != nil {
		return err
	}
	b.stored = int(there)
	b.add(MeasureCrash, "ready after a crash", s.ready.Seconds(), "s", atMost(10, 2),
		"%d events, killed under full load; all %d acknowledged since the start are there; peak memory %d MB; %.2f s after a stop in order", there, acked, used.Peak/mb, clean.Seconds())
	return nil
}
