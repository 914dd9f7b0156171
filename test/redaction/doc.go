// Package redaction compares the secrets that Hansard finds with those that
// gitleaks finds, on the same texts: what is generated from the rules of both,
// and clean text. Each difference is listed with its reason; a new one fails. It
// is a module of its own, so that what gitleaks needs does not become what
// Hansard needs.
package redaction
