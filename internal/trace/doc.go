// Package trace makes the story of one trace out of its entries: a timeline in
// the order in which things happened, the nesting of events under the events
// that caused them, and the figures that head it. All functions are pure; they
// neither change the entries nor keep them longer than their results.
//
// Entries may come in any order, twice, with parents missing or in a circle:
// what can be said is said, and what is wrong is listed. The work grows with
// the number of entries times its logarithm, however deep they are nested.
//
// # Rules
//
//   - Order is timestamp, then position. An entry without a timestamp stands at
//     its receipt time. Of entries with the same event id the first counts.
//   - An entry erred when it has an error, an error type, or the status error or
//     timeout. Errors counts the entries that erred or are of type agent.error.
//   - A tool result belongs to the call with its tool_call_id, the n-th to the
//     n-th where several share one (retries), else to the call that is its
//     parent event. A call erred when it or a result of it did, and counts once;
//     its latency is the call's, else the result's.
//   - A token_usage belongs to the llm_response with its span id, or of which it
//     is the parent or the child. Its tokens count only where that response has
//     none, and so does its cost.
//   - Entries labelled "aggregate" repeat what others say and are never summed.
//   - A figure that nothing states is unknown, never 0.
package trace
