// Package query is the search language of Hansard: it parses a search into a
// small tree that a store compiles to its own query, and it evaluates the same
// tree in Go for the live tail. Both must select the same entries, so the
// meaning of every construct is fixed here.
//
//	agent:billing tool:process_refund error:* -tier:debug cost:>0.5
//	duration:>2s has:approval (status:error OR status:timeout) "free text"
//
// # Grammar
//
//	search  = [ or ]
//	or      = and { "OR" and }
//	and     = unary { [ "AND" ] unary }
//	unary   = ( "NOT" | "-" ) unary | primary
//	primary = "(" or ")" | "*" | word | phrase | key ":" what | "has:" key
//	what    = "*" | ( ">" | ">=" | "<" | "<=" ) value | value ".." value
//	        | value { "," value } | "(" value { "OR" value } ")"
//
// The operators are written in capitals. White space separates terms; none may
// follow a colon or a comparison. A phrase or a value in double quotes is taken
// literally; in quotes \" is a quote and \\ a backslash. "*" alone and the empty
// search match every entry. What the grammar does not allow is refused with the
// position of the mistake (SyntaxError), never ignored.
//
// # Meaning
//
// A term is true or false of an entry, never unknown; NOT is plain negation, so
// -tier:debug also matches an entry without a tier. An absent field (empty
// string, empty list, unset number) satisfies no comparison.
//
//   - String, person: equality is exact, byte by byte, for every field. In a
//     value without quotes "*" stands for any run of characters, also none and
//     line ends. Persons are compared by pseudonym (ResolvePersons) and take no
//     "*" unless the value begins with "pii:".
//   - List: some element is equal. resources.kind and its sisters are the lists
//     of that member over all resources; redactions is the list of its kinds.
//   - Int: exact comparison of integers: durations in microseconds, money in
//     nano-dollars, all others plain. Float: comparison of IEEE doubles. A range
//     a..b includes both ends.
//   - Time: Unix nanoseconds. A date is the whole day in the reader's zone, a
//     month the whole month: "timestamp:2026-11-23" is a range, ">" means after
//     its end and "<" before its begin. An RFC 3339 time is an instant.
//   - Bool: equality; has means true.
//   - Text (error, reasoning, ...): the value is part of the text, case folded.
//   - JSON without a path: as full text over that field.
//   - JSON with a path (attributes.x.y): the member named by the whole path
//     ("x.y", as OpenTelemetry spells its keys) if there is one, else the member
//     reached by walking the path through objects. null is absent; of members
//     with one key the first counts. A value that is a JSON number is equal to a
//     number of the same double and to a string of the same text; any other
//     value, also with "*", is compared with strings and with true and false.
//     Comparisons and ranges hold for numbers only, as doubles. Objects and
//     arrays can be tested with has only.
//   - has: the field is not absent. Position, index, tier, timestamp and trace_id
//     are never absent.
//   - Full text (bare words and phrases): the text is part of one of the fields
//     of TextFields, case folded. In JSON fields any of JSONSpellings is looked
//     for in the JSON as stored.
//
// Case folding (Fold) maps each rune to its simple lower case, as DuckDB's
// lower and ILIKE do: "STRASSE" is not "straße".
//
// Two fields are read through a rule of the record: the timestamp of an entry
// without one is its receipt time, and the trace id of an entry without one is
// its event id.
package query
