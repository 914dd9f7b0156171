// Package interop shows that tools which know nothing of Hansard accept what it
// writes and serves: its logs are read and checked by stock transparency-log
// clients over HTTP, its parts by a stock Parquet reader. It is a module of its
// own, so that what these tests need does not become what Hansard needs.
package interop
