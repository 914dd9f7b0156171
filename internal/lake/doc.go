// Package lake answers questions about the record. It knows the live parts of
// every log and the rows that are in no part yet, lets DuckDB read both as one
// table, and plans the reads that have to be quick: a page of events, one event,
// one trace.
//
// The engine groups, sorts and searches texts. What it does badly is done here: few
// rows of all columns are read from the pages that hold them (part.Lookup), and
// what belongs together in a trace is found in a pass over the columns, trace by
// trace (tracePass), because a join of millions of events takes more memory than
// there is. Sums over parts are kept from one question to the next (fold). A search
// for a text leaves out row groups by the filters in the indexes.
//
// The ledger owns the files and tells the lake what changed: Committed, Sealed.
// A read pins a snapshot, so that it sees every entry exactly once however the
// ledger moves it meanwhile. All SQL is in this package; values are parameters,
// never text in a statement.
//
// Two precisions matter. The lake compares and orders by nanoseconds, so a part
// must keep its times as Parquet nanoseconds that DuckDB reads as TIMESTAMP_NS.
// Entries must have their timestamp and their trace id filled in, as the record
// keeps them: the receipt time and the event id where the sender gave none.
//
// Statements that users write run in a child process with an engine of its own
// (SQL, Worker), which sees one tenant and can open no other file. Some children are
// started ahead and wait; each runs one statement and ends.
package lake
