package client

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// OTLPConfig names an OpenTelemetry collector, or anything else that takes logs
// by OTLP over HTTP.
type OTLPConfig struct {
	// Name is the sink's name; default "otlp".
	Name string
	// URL is the base URL, to which "/v1/logs" is added; default
	// http://127.0.0.1:4318.
	URL string
	// Headers go with each request, for example for a token of the collector.
	Headers map[string]string
	// Service is the resource's service.name; default: that of the first event
	// of a batch, else "unknown_service".
	Service string
	// Timeout bounds one request; default 60 s.
	Timeout time.Duration
	// HTTPClient sends the requests; default: one with a transport of its own,
	// which follows no redirect.
	HTTPClient *http.Client
}

// otlp is the sink of a collector.
type otlp struct {
	name    string
	url     string
	service string
	headers http.Header
	timeout time.Duration
	http    *http.Client
	own     *http.Transport
	body    []byte
}

// NewOTLP returns a sink that sends events as OpenTelemetry log records, in
// Protocol Buffers over HTTP. A record's event name is the event's type, its trace
// and span ids are the event's where they have W3C's form, and each field of the
// event is an attribute "hansard.<name>"; the event's own attributes keep their
// names. A Hansard server reads the same events from it. Errors are KindInvalid.
func NewOTLP(cfg OTLPConfig) (Sink, error) {
	if cfg.Name == "" {
		cfg.Name = "otlp"
	}
	if cfg.URL == "" {
		cfg.URL = "http://127.0.0.1:4318"
	}
	base, err := parseBase(cfg.URL, "", false)
	if err != nil {
		return nil, err
	}
	s := &otlp{name: cfg.Name, url: base + "/v1/logs", service: cfg.Service, timeout: cfg.Timeout, http: cfg.HTTPClient, headers: http.Header{}}
	if s.timeout <= 0 {
		s.timeout = time.Minute
	}
	if s.http == nil {
		s.http, s.own = newHTTPClient()
	}
	for name, value := range cfg.Headers {
		if strings.ContainsAny(name+value, "\r\n") {
			return nil, hansard.Errorf(hansard.KindInvalid, "a header for %s holds a line break", cfg.Name)
		}
		s.headers.Set(name, value)
	}
	s.headers.Set("Content-Type", "application/x-protobuf")
	return s, nil
}

// Name implements Sink.
func (s *otlp) Name() string { return s.name }

// Close implements Sink.
func (s *otlp) Close() error {
	if s.own != nil {
		s.own.CloseIdleConnections()
	}
	return nil
}

// Write implements Sink. A collector answers for the batch as a whole.
func (s *otlp) Write(ctx context.Context, events []Encoded) (Receipt, error) {
	s.body = appendLogs(s.body[:0], s.service, events, time.Now())
	status, header, body, err := post(ctx, s.http, s.url, s.headers, s.body, s.timeout)
	switch {
	case err != nil:
		return Receipt{}, err
	case status >= 200 && status < 300:
		return partialSuccess(body, len(events)), nil
	}
	return Receipt{}, failure(status, header, statusMessage(body))
}

// partialSuccess reads an ExportLogsServiceResponse.
func partialSuccess(body []byte, n int) Receipt {
	var rec Receipt
	eachField(body, func(field int, _ uint64, partial []byte) {
		if field != 1 {
			return
		}
		eachField(partial, func(field int, v uint64, text []byte) {
			switch field {
			case 1:
				rec.Unnamed = int(min(v, uint64(n)))
			case 2:
				rec.Reason = string(text)
			}
		})
	})
	return rec
}

// statusMessage reads the message of a google.rpc.Status.
func statusMessage(body []byte) string {
	message := ""
	eachField(body, func(field int, _ uint64, text []byte) {
		if field == 2 {
			message = strings.ToValidUTF8(string(text[:min(len(text), 500)]), "")
		}
	})
	return message
}

// appendLogs appends an ExportLogsServiceRequest.
func appendLogs(dst []byte, service string, events []Encoded, now time.Time) []byte {
	if service == "" {
		service = "unknown_service"
		if len(events) > 0 {
			if v := rawjson.Get(events[0].JSON, "service"); len(v) > 2 && v[0] == '"' {
				service = string(rawjson.Unquote(nil, v))
			}
		}
	}
	return appendMessage(dst, 1, func(b []byte) []byte { // resource_logs
		b = appendMessage(b, 1, func(b []byte) []byte { return appendTextAttr(b, 1, "service.name", service) })
		return appendMessage(b, 2, func(b []byte) []byte { // scope_logs
			b = appendMessage(b, 1, func(b []byte) []byte { return appendString(b, 1, "github.com/hansardhq/hansard/client") })
			for i := range events {
				b = appendMessage(b, 2, func(b []byte) []byte { return appendLog(b, events[i].JSON, now) })
			}
			return b
		})
	})
}

// appendLog appends a LogRecord.
func appendLog(dst, event []byte, now time.Time) []byte {
	text := func(name string) string {
		if v := rawjson.Get(event, name); len(v) >= 2 && v[0] == '"' {
			return string(rawjson.Unquote(nil, v))
		}
		return ""
	}
	at := now
	if t, err := time.Parse(time.RFC3339Nano, text("timestamp")); err == nil {
		at = t
	}
	typ, status, trace, span := text("event_type"), text("status"), text("trace_id"), text("span_id")
	dst = appendFixed64(dst, 1, uint64(at.UnixNano()))
	dst = appendFixed64(dst, 11, uint64(now.UnixNano()))
	number, name := severity(typ, status, len(rawjson.Get(event, "error")) > 0)
	dst = appendVarint(dst, 2, number)
	dst = appendString(dst, 3, name)
	dst = appendMessage(dst, 5, func(b []byte) []byte { return appendString(b, 1, text("action")) })
	placed := isHex(trace, traceIDLen)
	if placed {
		id, _ := hex.DecodeString(trace)
		dst = appendString(dst, 9, id)
		if isHex(span, spanIDLen) {
			id, _ := hex.DecodeString(span)
			dst = appendString(dst, 10, id)
		}
	}
	dst = appendString(dst, 12, typ)
	return appendFields(dst, event, placed)
}

// severity returns the severity number and text of an event.
func severity(typ, status string, erred bool) (uint64, string) {
	switch {
	case typ == hansard.TypeError || erred || status == "error" || status == "timeout":
		return 17, "ERROR"
	case hansard.TierOf(typ, false, false) == hansard.TierDebug:
		return 5, "DEBUG"
	}
	return 9, "INFO"
}

// appendFields appends the attributes of a log record.
func appendFields(dst, event []byte, placed bool) []byte {
	// The event is JSON of ours, so there is nothing in it to fail.
	_ = rawjson.Object(event, func(key, value []byte) error {
		name := string(rawjson.Unquote(nil, key))
		switch {
		case name == "timestamp", placed && (name == "trace_id" || name == "span_id"):
		case name == "attributes":
			return rawjson.Object(value, func(key, value []byte) error {
				dst = appendAttr(dst, 6, string(rawjson.Unquote(nil, key)), value)
				return nil
			})
		default:
			dst = appendAttr(dst, 6, "hansard."+name, value)
		}
		return nil
	})
	return dst
}

func appendTextAttr(dst []byte, field int, name, value string) []byte {
	return appendMessage(dst, field, func(b []byte) []byte {
		b = appendString(b, 1, name)
		return appendMessage(b, 2, func(b []byte) []byte { return appendString(b, 1, value) })
	})
}

// appendAttr appends a KeyValue.
func appendAttr(dst []byte, field int, name string, value []byte) []byte {
	return appendMessage(dst, field, func(b []byte) []byte {
		b = appendString(b, 1, name)
		return appendMessage(b, 2, func(b []byte) []byte { return appendAny(b, value) })
	})
}

// appendAny appends the JSON value v as the fields of an AnyValue; null is an
// empty one.
func appendAny(dst, v []byte) []byte {
	if len(v) == 0 {
		return dst
	}
	switch v[0] {
	case '"':
		return appendString(dst, 1, rawjson.Unquote(nil, v))
	case 't':
		return appendVarint(dst, 2, 1)
	case 'f':
		return appendVarint(dst, 2, 0)
	case 'n':
		return dst
	case '[':
		return appendMessage(dst, 5, func(b []byte) []byte {
			_ = rawjson.Array(v, func(item []byte) error {
				b = appendMessage(b, 1, func(b []byte) []byte { return appendAny(b, item) })
				return nil
			})
			return b
		})
	case '{':
		return appendMessage(dst, 6, func(b []byte) []byte {
			_ = rawjson.Object(v, func(key, value []byte) error {
				b = appendAttr(b, 1, string(rawjson.Unquote(nil, key)), value)
				return nil
			})
			return b
		})
	}
	return appendNumber(dst, v)
}

// appendNumber appends an integer as one where it fits, any other number as a
// double.
func appendNumber(dst, v []byte) []byte {
	if n, err := strconv.ParseInt(string(v), 10, 64); err == nil {
		return appendVarint(dst, 3, uint64(n))
	}
	x, err := strconv.ParseFloat(string(v), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return appendString(dst, 1, v)
	}
	return appendDouble(dst, 4, x)
}
