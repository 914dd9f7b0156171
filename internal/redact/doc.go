// Package redact removes personal data and secrets from an event before its
// first byte reaches a disk. It fails closed: without a key, or when anything
// goes wrong, there is no redacted event, only an error.
//
// # How it works
//
// An Engine walks every string of an event, decoded. One pass over the text
// looks up each four bytes in a row in a table; only those that may be a part of
// something (two digits in a run, an @ before a domain, a rule's keyword, the end
// of a key's name before its value) wake a detector. JSON in which none wakes is
// not taken apart, and an id of the envelope is judged by which of its bytes are
// digits, hyphens and slashes. Stretches that may be base64, hexadecimal, percent-encoding or
// UTF-16 are decoded and looked through as well. What the detectors hit is
// replaced by a pseudonym,
//
//	pii:<kind>:<key id>:<16 hex digits>
//
// a keyed hash (HMAC-SHA256, cut to 64 bits) of the normalised value. The same
// address written in another way has the same pseudonym, so that a record can
// still be searched and joined by someone who knows the value and has the key.
// A text that had a hit is scanned again until nothing more is found; therefore
// redacting a redacted event changes nothing.
//
// A string without hits keeps its spelling byte for byte. A string whose text
// is itself JSON is walked as JSON.
package redact
