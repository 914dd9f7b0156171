package price

import (
	"math"
	"math/bits"

	"github.com/hansardhq/hansard"
)

// Cost returns what a call costs in nano-dollars, rounded half up. ok is false when
// the price of a class that the call used is not known, when the call states no
// class, or when the sum is larger than 64 bits.
func (p *Price) Cost(t Tokens) (nano int64, ok bool) {
	rates := p.Rates
	if p.Above > 0 && max(0, t.Input.V)+max(0, t.CacheRead.V)+max(0, t.CacheWrite.V) > p.Above {
		rates = p.Long
	}
	var hi, lo uint64
	stated := false
	for _, c := range [4]struct{ n, rate hansard.Opt[int64] }{
		{t.Input, rates.Input}, {t.Output, rates.Output}, {t.CacheRead, rates.CacheRead}, {t.CacheWrite, rates.CacheWrite},
	} {
		stated = stated || c.n.Set
		switch {
		case !c.n.Set || c.n.V == 0:
			continue
		case c.n.V < 0 || !c.rate.Set:
			return 0, false
		}
		h, l := bits.Mul64(uint64(c.n.V), uint64(c.rate.V))
		var carry uint64
		lo, carry = bits.Add64(lo, l, 0)
		hi, carry = bits.Add64(hi, h, carry)
		if carry != 0 {
			return 0, false
		}
	}
	const million = 1_000_000
	var carry uint64
	lo, carry = bits.Add64(lo, million/2, 0)
	hi += carry
	if hi >= million {
		return 0, false
	}
	quotient, _ := bits.Div64(hi, lo, million)
	if quotient > math.MaxInt64 {
		return 0, false
	}
	return int64(quotient), stated
}
