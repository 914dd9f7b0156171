package remote

import (
	"context"
	"time"

	"github.com/hansardhq/hansard/internal/report"
)

// Incident returns the forensics of the traces that an id stands for, written in
// a format by the server. zone is that of the times, if it has a name.
func (c *Client) Incident(ctx context.Context, id string, zone *time.Location, format report.Format) ([]byte, error) {
	name := ""
	if zone != nil && zone != time.Local {
		name = zone.String()
	}
	b, _, err := c.bytes(ctx, get("/v1/traces/"+segment(id)+"/incident", values("format", string(format), "tz", name)))
	return b, err
}
