package otlp

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/access"
	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/intake"
)

// Intake takes events in and answers when they are durable. They and what they
// point to, strings excepted, are its own only until then.
type Intake interface {
	Events(ctx context.Context, src intake.Source, events []*hansard.Event) (*intake.Receipt, error)
}

// Config says what a Receiver does.
type Config struct {
	Intake Intake
	Limits Limits
	// MaxBody is how many bytes a request over HTTP may have after
	// decompression, default 64 MiB; MaxMessage the same over gRPC, where a
	// request stands in memory before anyone has looked at it, default 16 MiB.
	MaxBody    int64
	MaxMessage int
	// MaxInFlight is how many bytes of requests are worked on at a time; more
	// are told to come again. Default 256 MiB.
	MaxInFlight int64
	// Tokens are whom gRPC answers. nil: callers on this machine only. Over HTTP
	// that is for the handler in front.
	Tokens *access.Tokens
	// Observe, if not nil, is told what became of each request.
	Observe func(Outcome)
}

// Receiver receives OTLP. It is safe for concurrent use.
type Receiver struct {
	cfg      Config
	inFlight atomic.Int64 // bytes of requests that are worked on
}

// New returns a receiver.
func New(cfg Config) *Receiver {
	cfg.Limits = cfg.Limits.withDefaults()
	if cfg.MaxBody <= 0 {
		cfg.MaxBody = 64 << 20
	}
	if cfg.MaxMessage <= 0 {
		cfg.MaxMessage = 16 << 20
	}
	if cfg.MaxInFlight <= 0 {
		cfg.MaxInFlight = 256 << 20
	}
	if cfg.Observe == nil {
		cfg.Observe = func(Outcome) {}
	}
	return &Receiver{cfg: cfg}
}

// Outcome says what became of a request.
type Outcome struct {
	Signal  Signal
	Records int // spans, logs or metrics that it held
	Points  int // of metrics
	Refused int // records that were not taken
	Receipt intake.Receipt
	// Message is for the sender: why records were refused, or what else it
	// should know. "" when there is nothing to say.
	Message string
}

// errPressure says that too much is being worked on.
func errPressure() error {
	err := hansard.Errorf(hansard.KindBusy, "the server is busy with other requests")
	return hansard.WithHint(err, "send it again after the time given")
}

// reserve takes n bytes of what may be worked on at a time; false when there is
// no room. A request of any size is let in when nothing else is there.
func (r *Receiver) reserve(n int64) bool {
	if now := r.inFlight.Add(n); now > r.cfg.MaxInFlight && now != n {
		r.inFlight.Add(-n)
		return false
	}
	return true
}

func (r *Receiver) release(n int64) { r.inFlight.Add(-n) }

// Receive takes a request in. The outcome is valid on an error too.
func (r *Receiver) Receive(ctx context.Context, src intake.Source, signal Signal, enc Encoding, body []byte) (Outcome, error) {
	out := Outcome{Signal: signal}
	var otel dialect.OTel
	refused := ""
	decoded, err := Decode(signal, enc, body, r.cfg.Limits, func(b *Batch) error {
		why, err := r.batch(ctx, src, &otel, b, &out)
		if refused == "" {
			refused = why
		}
		return err
	})
	out.Records, out.Points = decoded.Records, decoded.Points
	out.Refused += decoded.Refused
	out.Message = or(decoded.String(), refused)
	switch {
	case signal == Metrics:
		out.Message = fmt.Sprintf("metrics are counted and not kept: %d data points", decoded.Points)
	case out.Refused == 0 && len(out.Receipt.Conflicts) > 0:
		out.Message = fmt.Sprintf("%d events were there already with other content; the first ones stay", len(out.Receipt.Conflicts))
	}
	r.cfg.Observe(out)
	return out, err
}

// batch takes the events of a batch in. It returns why the first of those that
// intake refuses was.
func (r *Receiver) batch(ctx context.Context, src intake.Source, otel *dialect.OTel, b *Batch, out *Outcome) (why string, err error) {
	err = otel.Lend(&b.Batch, func(readings []dialect.Reading) error {
		why, err = r.readings(ctx, src, readings, b.Places, out)
		return err
	})
	return why, err
}

func (r *Receiver) readings(ctx context.Context, src intake.Source, readings []dialect.Reading, places []int, out *Outcome) (string, error) {
	events := make([]*hansard.Event, 0, 2*len(readings))
	records := make([]int, 0, 2*len(readings)) // by event: the place of its record in the request
	for i := range readings {
		for _, e := range readings[i].Events {
			events = append(events, e)
			records = append(records, places[readings[i].Index])
		}
	}
	receipt, err := r.cfg.Intake.Events(ctx, src, events)
	out.Receipt.Accepted += receipt.Accepted
	out.Receipt.Duplicates += receipt.Duplicates
	out.Receipt.Conflicts = append(out.Receipt.Conflicts, receipt.Conflicts...)
	out.Receipt.Rejected = append(out.Receipt.Rejected, receipt.Rejected...)
	out.Receipt.Unlisted += receipt.Unlisted
	why, last := "", 0
	for _, no := range receipt.Rejected {
		record := records[no.Line-1]
		if why == "" {
			why = fmt.Sprintf("record %d: %s", record, no.Error)
		}
		if record != last {
			out.Refused++
			last = record
		}
	}
	return why, err
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
