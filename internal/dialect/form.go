package dialect

import (
	"strings"

	"github.com/hansardhq/hansard"
)

// Form says how events follow each other in a request body.
type Form uint8

const (
	// FormAuto finds out from the start of the body: "[" begins a JSON array;
	// otherwise a first line that is a whole JSON value makes it NDJSON, and
	// anything else FormJSON.
	FormAuto Form = iota
	// FormJSON is a JSON array of events, or one event, which may be printed
	// over many lines. More events may follow a single one, with or without
	// white space between them.
	FormJSON
	// FormNDJSON is one event per line.
	FormNDJSON
)

// FormOf returns the form that a Content-Type announces. Types that say
// nothing about the form, and an empty one, are FormAuto; one that announces
// something else is an error of KindInvalid.
func FormOf(contentType string) (Form, error) {
	media, _, _ := strings.Cut(contentType, ";")
	switch media = strings.ToLower(strings.TrimSpace(media)); media {
	case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonl",
		"application/jsonlines", "application/x-jsonlines", "text/x-ndjson":
		return FormNDJSON, nil
	case "application/json", "text/json":
		return FormJSON, nil
	case "", "text/plain", "application/octet-stream", "application/x-www-form-urlencoded":
		// The last is what curl -d sends.
		return FormAuto, nil
	}
	if strings.HasPrefix(media, "application/") && strings.HasSuffix(media, "+json") {
		return FormJSON, nil
	}
	return 0, hansard.WithHint(
		hansard.Errorf(hansard.KindInvalid, "content type is not JSON"),
		"send application/json or application/x-ndjson")
}
