// Package otlp receives OpenTelemetry: traces and logs by OTLP over gRPC and HTTP,
// as protobuf and as JSON. Metrics are counted, and the sender is told that they
// are not kept.
//
// It decodes requests itself, because one bad span must not cost the good ones
// beside it, and because what a request may cost has to be bounded while it is
// read: a record that is malformed, too large, too deep or of too many attributes
// is refused by itself, by OTLP's partial_success, and named by its place. What
// spans and logs mean is for package dialect; here they are bytes.
//
// An answer is sent when the events are durable. Under pressure it is 429 or 503
// with Retry-After, and RESOURCE_EXHAUSTED with RetryInfo over gRPC. What was
// durable before a sender has to try again is a duplicate the second time, because
// the ids of events follow from those of spans and logs.
package otlp
