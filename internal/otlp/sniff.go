package otlp

import (
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/hansardhq/hansard/internal/rawjson"
)

// Sniff says of a request that comes without a path and a content type, such as
// one in a file, what it holds and how it is written.
func Sniff(b []byte) (Signal, Encoding) {
	if i := rawjson.SkipSpace(b, 0); i < len(b) && b[i] == '{' {
		return sniffJSON(b), JSON
	}
	signal := Traces
	_ = eachField(b, func(resource wireField) error {
		return eachField(resource.bytes, func(scope wireField) error {
			if scope.num != 2 {
				return nil
			}
			return eachField(scope.bytes, func(record wireField) error {
				if !record.is(2) {
					return nil
				}
				signal = sniffRecord(record.bytes)
				return errStop
			})
		})
	})
	return signal, Protobuf
}

var errStop = invalid("enough was seen")

// sniffRecord tells a span, a log record and a metric apart by a field that only
// one of them has with this number and type. Fields may come in any order.
func sniffRecord(b []byte) Signal {
	signal := Traces
	_ = eachField(b, func(f wireField) error {
		fixed := f.typ == protowire.Fixed64Type
		switch {
		case fixed && (f.num == 1 || f.num == 11), f.is(6), f.is(12):
			signal = Logs
		case fixed && (f.num == 7 || f.num == 8), f.is(1) && len(f.bytes) == 16:
			signal = Traces
		case f.is(1):
			signal = Metrics // its name
		default:
			return nil
		}
		return errStop
	})
	return signal
}

func sniffJSON(b []byte) Signal {
	signal := Traces
	if rawjson.Valid(b, 1000) != nil {
		return signal
	}
	_ = rawjson.Object(b, func(k, _ []byte) error {
		switch string(k) {
		case `"resourceLogs"`, `"resource_logs"`:
			signal = Logs
		case `"resourceMetrics"`, `"resource_metrics"`:
			signal = Metrics
		}
		return nil
	})
	return signal
}
