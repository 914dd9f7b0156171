// Package policy holds rules as code: packs of controls that say what must be
// true of the record, and judges a record by them.
//
// A pack is one YAML file and nothing else: its controls, thresholds, citations,
// the retention that it needs, recommendations and tests (docs/POLICY.md). What a
// control looks at is said in CEL, over the fields of an event by their names in
// EVENT.md; expressions are type-checked when the pack is read and have a cost
// limit. How events belong together in time is said by operators: is, exists,
// absent, precedes, within, count, rate, sequence, and any, all, not of them.
//
// One machine evaluates the operators, fed with marks of events in the order of
// time: for a report over the record, for live events, and for the tests in a
// pack. For a report an expression is compiled to the nodes of the search
// language, which the lake evaluates over columns; what cannot be said in them is
// narrowed by what can, and the rest is evaluated event by event. What controls came
// to in an hour is kept where it says all that other hours need (hourly); the other
// controls see the whole period each time (evaluation.pass).
//
// A control is judged honestly: an un-instrumented system has insufficient
// evidence, never a pass. Where events may or may not belong to what is judged,
// both bounds of the figure count.
package policy
