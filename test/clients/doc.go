// Package clients runs real OpenTelemetry SDKs and real agent frameworks, with
// models that answer from a script on this machine, against the built program,
// and holds the events that come of it against what the agents did. It is a
// module of its own: what it needs does not become what Hansard needs. It has
// tests only.
//
// The Python and Node.js packages are pinned (python/requirements.txt,
// node/package-lock.json) and installed once into .cache, a folder per lock.
package clients
