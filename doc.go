// Package hansard holds the nouns of Hansard, the record of what a team of AI
// agents said, decided, did and spent. It imports the standard library only;
// every other package speaks in these words.
//
// # Glossary
//
//   - Event: what happened, in our words. A dialect makes it from what a sender
//     sent.
//   - Record: an Event redacted and classified, ready to be appended. Only
//     internal/redact and internal/classify together can make one.
//   - Entry: a Record with its place: log, index, position and receipt time.
//   - Log: one append-only Merkle tree (RFC 6962). There is one per tenant and
//     tier, and one meta log per tenant.
//   - Position: the one order over all logs of a tenant.
//   - Tier: how long an entry is kept: debug, info, compliance, critical.
//   - Checkpoint: the signed size and root of a log (C2SP tlog-checkpoint).
//   - Trace: all events with one trace id.
//   - Part: one Parquet file with a contiguous range of a log's entries.
//   - Tenant: a folder of its own, with keys of its own.
//
// # Content and envelope
//
// An entry has two halves. The envelope (ids, names, times, numbers) is in the
// Merkle leaf as it stands. The content (prompts, arguments, results, clear
// names of persons) is committed to by a salted digest only, so that it can be
// erased later without breaking a proof.
package hansard
