package dialect_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/otlp"
)

// TestLend holds what is lent against what Map gives, for all fixtures in turn, from
// several goroutines at once: memory that is used again must hold nothing of the
// batch before, nor of anybody else's.
func TestLend(t *testing.T) {
	files, err := filepath.Glob("testdata/otel/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no fixtures", err)
	}
	var bodies [][]byte
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, b)
	}
	mapper := dialect.OTel{LeftOver: true}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 2 * len(bodies) {
				n := (i + g*7) % len(bodies)
				signal, enc := otlp.Sniff(bodies[n])
				_, err := otlp.Decode(signal, enc, bodies[n], otlp.Limits{}, func(b *otlp.Batch) error {
					want := describe(mapper.Map(&b.Batch))
					return mapper.Lend(&b.Batch, func(readings []dialect.Reading) error {
						if got := describe(readings); got != want {
							t.Errorf("%s: lent\n%s\nwant\n%s", files[n], got, want)
						}
						return nil
					})
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
