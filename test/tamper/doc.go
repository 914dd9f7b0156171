// Package tamper writes parts of a real record anew with the tools that are at
// hand, DuckDB and another Parquet writer, and wants verification to find it. It
// has tests only; most mutations are in package ledger's own.
package tamper
