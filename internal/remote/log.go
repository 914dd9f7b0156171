package remote

import (
	"context"
	"fmt"
)

// Checkpoint returns the signed checkpoint of a log, named "tenant/tier", as the
// server shows it to everybody.
func (c *Client) Checkpoint(ctx context.Context, log string) ([]byte, error) {
	b, _, err := c.bytes(ctx, get("/log/"+log+"/checkpoint", nil))
	return b, err
}

// Tile returns a hash tile of a log (C2SP tlog-tiles): width hashes of the given
// tile level, from the n-th tile on.
func (c *Client) Tile(ctx context.Context, log string, level int, n int64, width int) ([]byte, error) {
	path := fmt.Sprintf("%03d", n%1000)
	for n /= 1000; n > 0; n /= 1000 {
		path = fmt.Sprintf("x%03d/%s", n%1000, path)
	}
	path = fmt.Sprintf("/log/%s/tile/%d/%s", log, level, path)
	if width < 256 {
		path += fmt.Sprintf(".p/%d", width)
	}
	b, _, err := c.bytes(ctx, get(path, nil))
	return b, err
}
