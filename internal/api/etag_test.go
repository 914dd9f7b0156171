package api_test

import (
	"fmt"
	"testing"
)

func TestEventETag(t *testing.T) {
	s := start(t, nil)
	s.post("/v1/events", fmt.Sprintf(flat, 1))
	status, body, h := s.call("GET", "/v1/events/e1", "", nil)
	tag := h.Get("ETag")
	if status != 200 || len(tag) < 66 || len(body) == 0 {
		t.Fatalf("%d, ETag %s", status, tag)
	}
	f := func(header string, want int) {
		t.Helper()
		status, body, h := s.call("GET", "/v1/events/e1", "", nil, "If-None-Match", header)
		if status != want || (len(body) == 0) != (want == 304) || h.Get("ETag") != tag {
			t.Errorf("If-None-Match %s: %d with %d bytes, ETag %s", header, status, len(body), h.Get("ETag"))
		}
	}
	f(tag, 304)
	f(`"x", W/`+tag, 304)
	f("*", 304)
	f(`"x"`, 200)
	if status, _, _ := s.call("GET", "/v1/events/none", "", nil, "If-None-Match", "*"); status != 404 {
		t.Errorf("an event that is not there: %d", status)
	}
}
