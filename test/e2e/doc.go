// Package e2e tests the real program as its users run it: a server process,
// real agent runs, kill -9, damaged files. It has tests only.
package e2e
