package otlp

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"sync"

	"google.golang.org/grpc/codes"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/access"
	"github.com/hansardhq/hansard/internal/body"
	"github.com/hansardhq/hansard/internal/intake"
)

// prefixes are the paths under which others serve OTLP: none, Langfuse's, Opik's,
// LangSmith's. Whoever sends to one of those changes the host only.
var prefixes = [...]string{"", "/api/public/otel", "/api/v1/private/otel", "/otel"}

// Routes adds the paths of OTLP/HTTP to a mux: /v1/traces, /v1/logs and
// /v1/metrics, also under the prefixes of other servers. The handler in front has
// authenticated the caller.
func (r *Receiver) Routes(mux *http.ServeMux) {
	ingest := access.Require(access.RoleIngest)
	for _, prefix := range prefixes {
		for _, signal := range []Signal{Traces, Logs, Metrics} {
			mux.Handle("POST "+prefix+"/v1/"+signal.String(), ingest(r.handler(signal)))
		}
	}
	// LangSmith's for the logs of Claude Code.
	mux.Handle("POST /otel/v1/claude_code", ingest(r.handler(Logs)))
}

// handler answers the requests of one signal.
func (r *Receiver) handler(signal Signal) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		enc, err := encodingOf(req.Header.Get("Content-Type"))
		if err != nil {
			r.fail(w, req, JSON, err)
			return
		}
		b, release, err := r.read(w, req)
		defer release()
		if err != nil {
			r.fail(w, req, enc, err)
			return
		}
		id, _ := access.IdentityOf(req.Context())
		out, err := r.Receive(req.Context(), intake.Source{Tenant: id.Tenant, SubmittedBy: id.TokenID}, signal, enc, b)
		if err != nil {
			r.fail(w, req, enc, err)
			return
		}
		answer(w, enc, http.StatusOK, out.response(enc))
	})
}

// encodingOf returns the encoding that a Content-Type announces.
func encodingOf(contentType string) (Encoding, error) {
	media, _, _ := mime.ParseMediaType(contentType)
	switch media {
	case "application/x-protobuf", "application/protobuf", "application/octet-stream":
		return Protobuf, nil
	case "application/json":
		return JSON, nil
	}
	err := hansard.Errorf(hansard.KindInvalid, "this content type is none of OTLP's")
	return 0, hansard.WithHint(err, "send application/x-protobuf or application/json")
}

// step is by how much a body grows before the room for it is reserved.
const step = 1 << 20

// buffers are those whose body has been taken, for use again.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// read reads the whole body, within what may be worked on at a time. release gives
// the room and the memory of the body back, whatever the error.
func (r *Receiver) read(w http.ResponseWriter, req *http.Request) (b []byte, release func(), err error) {
	var reserved int64
	buf := buffers.Get().(*bytes.Buffer)
	release = func() {
		r.release(reserved)
		if buf.Reset(); buf.Cap() <= 2*step {
			buffers.Put(buf)
		}
	}
	body.Patient(w, req)
	from, err := body.Decoded(req, r.cfg.MaxBody)
	if err != nil {
		return nil, release, err
	}
	defer from.Close()
	if n := req.ContentLength; n > 0 && n <= step {
		buf.Grow(int(n) + bytes.MinRead)
	}
	for {
		if !r.reserve(step) {
			return nil, release, errPressure()
		}
		reserved += step
		n, err := io.CopyN(buf, from, step)
		switch {
		case errors.Is(err, io.EOF):
			return buf.Bytes(), release, nil
		case err != nil:
			return nil, release, body.Error(err)
		case n < step:
			return buf.Bytes(), release, nil
		}
	}
}

// maxDrain is how much of a refused body is read, so that its sender comes to
// read the answer.
const maxDrain = 64 << 20

// fail answers with an error: 429 when this receiver has too much to do, 503 when
// the ledger has, both with Retry-After.
func (r *Receiver) fail(w http.ResponseWriter, req *http.Request, enc Encoding, err error) {
	if req.Context().Err() != nil {
		return // the caller is gone; what was durable stays
	}
	_, _ = io.CopyN(io.Discard, req.Body, maxDrain)
	p := access.ProblemOf(req.Context(), err)
	status, code := p.Status, codes.Internal
	switch hansard.KindOf(err) {
	case hansard.KindInvalid:
		code = codes.InvalidArgument
	case hansard.KindTooLarge:
		code = codes.InvalidArgument
	case hansard.KindDenied:
		code = codes.PermissionDenied
	case hansard.KindBusy:
		code = codes.ResourceExhausted
		w.Header().Set("Retry-After", "1")
		if r.inFlight.Load() >= r.cfg.MaxInFlight-step {
			status = http.StatusTooManyRequests
		}
	}
	message := p.Detail
	if p.Hint != "" {
		message += " (" + p.Hint + ")"
	}
	answer(w, enc, status, statusBody(enc, int(code), message))
}

func answer(w http.ResponseWriter, enc Encoding, status int, b []byte) {
	w.Header().Set("Content-Type", "application/x-protobuf")
	if enc == JSON {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(status)
	w.Write(b) // the caller may be gone; there is nobody to tell
}
