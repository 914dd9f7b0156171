package reading

import (
	"context"

	"github.com/hansardhq/hansard"
)

// holdingPage is how many events Holding reads at a time.
const holdingPage = 1000

// Holding calls f for every event that holds a personal value, such as an e-mail
// address: by its pseudonyms, in the fields of persons and in any text.
func (r *Reading) Holding(ctx context.Context, tenant, value string, f func(*hansard.Entry)) error {
	q := Question{Value: value, Limit: holdingPage, Oldest: true}
	for {
		page, err := r.Events(ctx, tenant, q)
		if err != nil {
			return err
		}
		for _, e := range page.Events {
			f(e)
		}
		if page.NextCursor == "" {
			return nil
		}
		q.Cursor = page.NextCursor
	}
}
