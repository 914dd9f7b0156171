// Package integrations holds the code of docs/integrations/go.md, so that it is
// compiled and run with the libraries that it is about, and a check of what the
// client sends to an OpenTelemetry collector by the collector's own decoder. It is
// a module of its own: what it needs does not become what Hansard needs. It has
// tests only.
package integrations
