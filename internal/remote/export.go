package remote

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/reading"
)

// Export writes all that a question selects to w, and returns the manifest, which
// fits what was written. An error means that it is not whole. The question is the
// body of a POST, so that no person's value stands in a URL.
func (c *Client) Export(ctx context.Context, w io.Writer, q reading.Question, format reading.ExportFormat) (*reading.Manifest, error) {
	k, err := post("/v1/export", struct {
		Format string `json:"format"`
		search
	}{string(format), search{Q: q.Search, Value: q.Value, Since: q.Since, Until: q.Until}})
	if err != nil {
		return nil, err
	}
	resp, err := c.do(ctx, k)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		b, err := c.read(ctx, resp)
		if err != nil {
			return nil, err
		}
		return nil, problem(resp, b)
	}
	sum, to := sha256.New(), &sink{w: w}
	n, err := io.Copy(io.MultiWriter(to, sum), resp.Body)
	switch {
	case to.err != nil:
		return nil, hansard.Errorf(hansard.KindInternal, "write the export: %w", to.err)
	case err != nil:
		return nil, c.unreachable(ctx, err)
	}
	var m reading.Manifest
	if err := json.Unmarshal([]byte(resp.Trailer.Get("Hansard-Manifest")), &m); err != nil {
		err := hansard.Errorf(hansard.KindCorrupt, "the export has no manifest at its end: it is not whole")
		return nil, hansard.WithHint(err, "export again; a proxy in between must pass on trailers")
	}
	if m.Bytes != n || m.SHA256 != hex.EncodeToString(sum.Sum(nil)) {
		return nil, hansard.Errorf(hansard.KindCorrupt, "the export does not fit its manifest: %d bytes came, %d were sent", n, m.Bytes)
	}
	return &m, nil
}
