package otlp

import (
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/hansardhq/hansard/internal/rawjson"
)

// response returns an Export…ServiceResponse: partial_success with how many
// records were refused and a message; empty when there is nothing to say.
func (o *Outcome) response(enc Encoding) []byte {
	if o.Refused == 0 && o.Message == "" {
		if enc == JSON {
			return []byte("{}")
		}
		return nil
	}
	if enc == JSON {
		b := append([]byte(`{"partialSuccess":{`), '"')
		b = append(b, [...]string{"rejectedSpans", "rejectedLogRecords", "rejectedDataPoints"}[o.Signal]...)
		b = append(append(b, `":"`...), strconv.Itoa(o.Refused)...)
		b = rawjson.AppendQuote(append(b, `","errorMessage":`...), o.Message)
		return append(b, "}}"...)
	}
	var partial []byte
	if o.Refused > 0 {
		partial = protowire.AppendVarint(protowire.AppendTag(partial, 1, protowire.VarintType), uint64(o.Refused))
	}
	partial = protowire.AppendString(protowire.AppendTag(partial, 2, protowire.BytesType), o.Message)
	return protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), partial)
}

// statusBody returns a google.rpc.Status, which OTLP wants in the body of an
// answer that is an error.
func statusBody(enc Encoding, code int, message string) []byte {
	if enc == JSON {
		b := strconv.AppendInt([]byte(`{"code":`), int64(code), 10)
		return append(rawjson.AppendQuote(append(b, `,"message":`...), message), '}')
	}
	b := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(code))
	return protowire.AppendString(protowire.AppendTag(b, 2, protowire.BytesType), message)
}
