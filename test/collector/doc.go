// Package collector runs the OpenTelemetry Collector, built from its own modules
// as its distributions are, between senders and the built program, with the
// configuration that docs/integrations/collector.md gives. It is a module of its
// own, because a collector is large: "make collector" runs it. It has tests only.
package collector
