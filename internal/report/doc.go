// Package report turns the record into reports: figures about a period that can
// be computed again and checked, and their renderings.
//
// Every report says which period, tenant, filter and checkpoints it was computed
// at, and up to which position; each of its figures carries the search that
// selects its entries. A figure that cannot be computed is null in JSON and
// "unknown" or "unpriced" elsewhere, never 0.
//
// There is one renderer per format, and all of them read the same layout, so
// that a report is written once. What senders wrote (names of agents, types,
// models, searches) is neutralised for the format that it goes into.
package report
