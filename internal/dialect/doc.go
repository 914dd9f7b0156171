// Package dialect turns what senders send into hansard Events: one file per
// dialect, and the splitter that cuts a request body into its events with
// bounded memory.
//
// # The flat form
//
// Flat reads the flat JSON form of EVENT.md, which is also our own form.
// Nothing that a sender said is lost:
//
//   - A field that we do not know, or that only we may set (position, tier and
//     so on), goes to the attributes under its name. A valid tier also raises
//     the event's tier.
//   - A value of the wrong type, outside its range or outside its enumeration
//     goes to the attributes under its field's name, as it was sent. Only a
//     bad event_id, event_type or timestamp rejects the event.
//   - If the attributes have that key already, with another value, the new
//     one gets a suffix: "name~2", "name~3".
//   - A field sent twice: the last one counts, the earlier ones go to the
//     attributes.
//   - A value longer than its bound goes whole to the attribute
//     "overflow.<field>"; the field keeps its head and Truncated is set.
//
// In known fields an empty string, null and an empty list mean absent, and so
// does 0 in confidence, duration_ms and token_count. A \u escape of half a
// surrogate pair becomes U+FFFD in a text field and keeps its spelling in the
// fields that hold any JSON.
package dialect
