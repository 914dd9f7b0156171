package api

import (
	"net/url"
	"time"

	"github.com/hansardhq/hansard/internal/reading"
)

// ByPeriod is the validity of answers about a search and a period, for tests.
func ByPeriod(asked url.Values, now time.Time) reading.Validity { return byPeriod(asked, now) }

// NewTagger returns a function that makes tags of what a tenant asks at a time, by a
// key of its own, for tests.
func NewTagger() func(tenant string, asked url.Values, valid reading.Validity, now time.Time) string {
	k := newTagKey()
	return func(tenant string, asked url.Values, valid reading.Validity, now time.Time) string {
		return k.tag(tenant, "/v1/events", asked, valid, "", now)
	}
}
