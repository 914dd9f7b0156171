package remote

import (
	"context"
	"fmt"
	"strconv"
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
	b, _, err := c.bytes(ctx, get(tilePath(log, strconv.Itoa(level), n, width), nil))
	return b, err
}

// tilePath returns the path of a tile or a bundle.
func tilePath(log, row string, n int64, width int) string {
	path := fmt.Sprintf("%03d", n%1000)
	for n /= 1000; n > 0; n /= 1000 {
		path = fmt.Sprintf("x%03d/%s", n%1000, path)
	}
	path = fmt.Sprintf("/log/%s/tile/%s/%s", log, row, path)
	if width < 256 {
		path += fmt.Sprintf(".p/%d", width)
	}
	return path
}

// Bundle returns an entry bundle of a log (C2SP tlog-tiles): width leaves from the
// n-th bundle on.
func (c *Client) Bundle(ctx context.Context, log string, n int64, width int) ([]byte, error) {
	b, _, err := c.bytes(ctx, get(tilePath(log, "entries", n, width), nil))
	return b, err
}
