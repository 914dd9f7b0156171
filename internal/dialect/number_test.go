package dialect_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/arena"
	"github.com/hansardhq/hansard/internal/dialect"
)

// TestNumbersBothWays decodes numbers of all lengths twice in every kind of field: as
// they are mostly written, and behind a tab, where they are read as decimals.
func TestNumbersBothWays(t *testing.T) {
	var memory arena.Arena
	d := dialect.Decoder{Arena: &memory}
	rng := rand.New(rand.NewPCG(9, 9))
	most := 30_000
	if testing.Short() {
		most = 1000 // the race run: one goroutine reads numbers
	}
	for range most {
		in := fmt.Sprint(rng.Uint64() >> rng.IntN(64))
		switch rng.IntN(4) {
		case 0:
			in += "."
			for range 1 + rng.IntN(12) {
				in += string('0' + byte(rng.IntN(10)*rng.IntN(2)))
			}
		case 1:
			in = "0." + in
		case 2:
			if i := rng.IntN(len(in)); i > 0 {
				in = in[:i] + "." + in[i:]
			}
		}
		checkNumber(t, &d, in)
		memory.Reset()
	}
	for _, in := range []string{
		"0", "0.0", "7.0", "7.5", "0.0004", "0.0005", "0.0004999", "1.9994", "1.9995", "9007199254740991", "9007199254740992",
		"9007199254740.9914", "9007199254740.9915", "9007199.254740991", "9007199.254740992", "9999999999999999999",
		"99999999999999999999", "0.1234567890123456789", "1e3", "1.5E-2", "-1", "-0", "-0.0", "00", "1.", "18446744073709551616",
		"0.30000000000000004", "9223372035.999999999", "9223372036", "1000000000000", "0.999999999999999999",
	} {
		checkNumber(t, &d, in)
	}
}

func checkNumber(t *testing.T, d *dialect.Decoder, in string) {
	t.Helper()
	for _, name := range []string{"attempt", "duration_ms", "cost_usd", "confidence", "rating", "token_count", "timestamp", "task_id", "result"} {
		var e, want hansard.Event
		err := d.Decode(&e, fmt.Appendf(nil, `{"%s":%s}`, name, in))
		werr := d.Decode(&want, fmt.Appendf(nil, `{"%s":	%s}`, name, in))
		if (err == nil) != (werr == nil) || err == nil && !reflect.DeepEqual(e, want) {
			t.Fatalf("%s %s: %v, want %v; %s", name, in, err, werr, cmp.Diff(want, e))
		}
	}
}
