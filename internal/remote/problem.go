package remote

import (
	"encoding/json"
	"mime"
	"net/http"
	"strings"

	"github.com/hansardhq/hansard"
)

// problemType is the media type of a problem.
const problemType = "application/problem+json"

// kindOf returns the kind of error that an HTTP status stands for. A
// server's 500 may also be a record that is corrupt, which the title says.
func kindOf(status int, title string) hansard.Kind {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return hansard.KindDenied
	case http.StatusNotFound, http.StatusGone:
		return hansard.KindNotFound
	case http.StatusRequestEntityTooLarge:
		return hansard.KindTooLarge
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return hansard.KindBusy
	}
	switch {
	case status >= 400 && status < 500:
		return hansard.KindInvalid
	case title == hansard.KindCorrupt.String():
		return hansard.KindCorrupt
	}
	return hansard.KindInternal
}

// problem returns the error that an answer of status 300 or above stands for.
func problem(resp *http.Response, body []byte) error {
	var p struct{ Title, Detail, Hint string }
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if media != problemType || json.Unmarshal(body, &p) != nil {
		err := hansard.Errorf(kindOf(resp.StatusCode, ""), "the server answered %s", resp.Status)
		return hansard.WithHint(err, "is it a Hansard server? --server URL names another one")
	}
	text := p.Detail
	if text == "" {
		text = strings.ToLower(p.Title)
	}
	if text == "" {
		text = "the server answered " + resp.Status
	}
	err := hansard.Errorf(kindOf(resp.StatusCode, p.Title), "%s", text)
	hint := p.Hint
	if hint == "" && resp.StatusCode == http.StatusUnauthorized {
		hint = "put the token into a file and give --token-file FILE, or set HANSARD_TOKEN"
	}
	if hint == "" {
		return err
	}
	return hansard.WithHint(err, hint)
}
