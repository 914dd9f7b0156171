package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/hansardhq/hansard"
)

// peerRounds is how often the peer and we take the events in turn.
const peerRounds = 3

// What an event may cost us at most beside what it costs VictoriaLogs: our target and aim
// are 90,000 and 160,000 events a second of processor time where that takes 61,000.
const (
	peerWorst = 61_000.0 / 90_000
	peerAim   = 61_000.0 / 160_000
)

// measurePeer sends the same events to VictoriaLogs and to us, in turn and over again,
// each to a folder of its own. Both have Settle for what they do behind the answers, and
// are stopped, which writes what they hold. The ratio is what can be compared: a
// machine's speed is not in it, and of its changes little.
func (b *bench) measurePeer(ctx context.Context) error {
	var ours, theirs []float64 // microseconds an event, by round
	for round := range peerRounds {
		own, err := b.takes(ctx, fmt.Sprintf("hansard-%d", round+1), func(ctx context.Context, s *server) (int, error) {
			return b.cfg.Events, errors.Join(b.flat(s, b.cfg.Events).run(ctx), b.rest(ctx))
		})
		if err != nil {
			return err
		}
		other, err := b.peerTakes(ctx, round)
		if err != nil {
			return err
		}
		ours, theirs = append(ours, own.micros), append(theirs, other)
	}
	micros := func(v float64) string { return fmt.Sprintf("%.2f", v) }
	b.add(MeasurePeer, "cost of an event to what it costs VictoriaLogs", sum(ours)/sum(theirs), "x", atMost(peerWorst, peerAim),
		"us an event, in turn: ours %s; VictoriaLogs, which acknowledges before a sync and proves nothing, %s", list(ours, micros), list(theirs, micros))
	return nil
}

// flat is a load of the workload's first events, of which no steps are noted.
func (b *bench) flat(s *server, events int) *load {
	return &load{bench: b, server: s, workload: b.workload, total: events, quiet: true}
}

// rest waits for as long as a server has for sealing and merging.
func (b *bench) rest(ctx context.Context) error {
	if wait(ctx, time.Now().Add(b.cfg.Settle)) {
		return ctx.Err()
	}
	return nil
}

func sum(values []float64) (total float64) {
	for _, v := range values {
		total += v
	}
	return total
}

// peerTakes starts VictoriaLogs, has it take the events, and returns how many
// microseconds of processor time an event took. That it holds all of them is checked,
// and not counted.
func (b *bench) peerTakes(ctx context.Context, round int) (float64, error) {
	own, err := b.within(fmt.Sprintf("victorialogs-%d", round+1))
	if err != nil {
		return 0, err
	}
	s, err := own.startPeer(ctx)
	if err != nil {
		return 0, err
	}
	used, err := own.peerLoad(ctx, s)
	if err != nil {
		return 0, errors.Join(err, s.kill())
	}
	stopped, err := s.stop()
	return micros(stopped-used) / float64(b.cfg.Events), err
}

// startPeer starts VictoriaLogs on the run's folder.
func (b *bench) startPeer(ctx context.Context) (*server, error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	s, err := b.launch(b.cfg.Peer, []string{
		"-storageDataPath", filepath.Join(b.dir, "data"), "-httpListenAddr", address,
		"-retentionPeriod", "100y", // the workload's events have a date
		"-loggerLevel", "WARN",
	})
	if err != nil {
		return nil, err
	}
	s.url = "http://" + address
	if err := s.await(ctx, time.Now().Add(time.Minute), func() bool { return s.answers(ctx, "/health") }); err != nil {
		return nil, errors.Join(err, s.kill())
	}
	return s, nil
}

// freeAddress returns a loopback address at which nobody listens.
func freeAddress(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// peerPath is where VictoriaLogs takes NDJSON. Without fields that tell streams apart it
// took the least processor time, so the comparison is with its best.
const peerPath = "/insert/jsonline?_time_field=timestamp&_msg_field=reasoning,action"

// peerLoad sends the events, lets the server rest and checks that it holds them. It
// returns the processor time that is not to be counted: of the start and of the check.
func (b *bench) peerLoad(ctx context.Context, s *server) (time.Duration, error) {
	start, err := s.usage()
	if err != nil {
		return 0, err
	}
	l := b.flat(s, b.cfg.Events)
	l.send = (*client).sendToPeer
	if err := errors.Join(l.run(ctx), b.rest(ctx)); err != nil {
		return 0, err
	}
	before, err := s.usage()
	if err != nil {
		return 0, err
	}
	if err := b.peerHolds(ctx, s); err != nil {
		return 0, err
	}
	after, err := s.usage()
	return start.CPU + after.CPU - before.CPU, err
}

// sendToPeer sends events to VictoriaLogs.
func (c *client) sendToPeer(ctx context.Context, lines []byte, _ int) (busy int, err error) {
	status, answer, err := c.do(ctx, http.MethodPost, peerPath, "application/x-ndjson", lines)
	return 0, checked("VictoriaLogs", status, answer, err)
}

// peerHolds waits until VictoriaLogs counts all events; what it has taken in is in its
// answers some time later.
func (b *bench) peerHolds(ctx context.Context, s *server) error {
	c := newClient(s.url)
	defer c.close()
	path := "/select/logsql/query?query=" + url.QueryEscape("* | stats count() n")
	for deadline := time.Now().Add(30 * time.Second); ; {
		answer, err := c.get(ctx, path)
		if err != nil {
			return err
		}
		var counted struct {
			N json.Number `json:"n"`
		}
		if err := json.Unmarshal(bytes.TrimSpace(answer), &counted); err != nil {
			return hansard.Errorf(hansard.KindInternal, "VictoriaLogs counts %q: %w", strings.TrimSpace(string(answer)), err)
		}
		if counted.N.String() == fmt.Sprint(b.cfg.Events) {
			return nil
		}
		if time.Now().After(deadline) {
			return hansard.Errorf(hansard.KindInternal, "VictoriaLogs holds %s events of %d", counted.N, b.cfg.Events)
		}
		if wait(ctx, time.Now().Add(200*time.Millisecond)) {
			return ctx.Err()
		}
	}
}
