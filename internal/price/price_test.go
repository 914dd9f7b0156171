package price_test

import (
	"math"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/price"
)

func some(n int64) hansard.Opt[int64] { return hansard.Some(n) }

func parse(t *testing.T, text string) *price.Table {
	t.Helper()
	table, err := price.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

const two = `prices:
  - {provider: openai, models: [big, "big-2"], from: 2026-01-01, input: 3, output: 15, cache_read: 0.3, source: here, checked: 2026-11-26}
  - {provider: openai, models: [big], from: 2026-06-01, input: 2, output: 10}
  - {provider: azure, models: [big-2], from: 2026-01-01, input: 4, output: 16}
  - {provider: google, models: [long], from: 2026-01-01, input: 1, output: 2, long: {above: 1000, input: 2, output: 4}}
  - {provider: openai, models: [tiny], from: 2026-01-01, input: 0.0375}
`

func at(day string) int64 {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err)
	}
	return t.UnixNano()
}

func TestCost(t *testing.T) {
	table := parse(t, two)
	f := func(provider, model, day string, tokens price.Tokens, want int64) {
		t.Helper()
		got := int64(-1)
		if m := table.Model(provider, model); m != nil {
			if p := m.At(at(day)); p != nil {
				if nano, ok := p.Cost(tokens); ok {
					got = nano
				}
			}
		}
		if got != want {
			t.Errorf("%s %s on %s: %d, want %d", provider, model, day, got, want)
		}
	}
	call := price.Tokens{Input: some(1000), Output: some(100)}
	f("openai", "big", "2026-03-01", call, 1000*3000+100*15_000)
	f("openai", "big", "2026-06-01", call, 1000*2000+100*10_000) // a new price begins
	f("openai", "big", "2025-12-31", call, -1)                   // none had begun
	f("OpenAI", "BIG-2026-02-03", "2026-03-01", call, 4_500_000)
	f("openai", "big-20260203", "2026-03-01", call, 4_500_000)
	f("", "openai/big-latest", "2026-03-01", call, 4_500_000)
	f("", "big", "2026-03-01", call, 4_500_000)
	f("", "big-2", "2026-03-01", call, -1) // of two providers
	f("azure", "big-2", "2026-03-01", call, 5_600_000)
	f("azure", "big", "2026-03-01", call, -1)
	f("openai", "bigger", "2026-03-01", call, -1)
	f("openai", "big", "2026-03-01", price.Tokens{Input: some(1000), CacheRead: some(1000)}, 3_300_000)
	f("openai", "big", "2026-07-01", price.Tokens{Input: some(1000), CacheRead: some(1000)}, -1) // no price of the cache
	f("openai", "big", "2026-07-01", price.Tokens{Input: some(1000), CacheRead: some(0)}, 2_000_000)
	f("openai", "big", "2026-03-01", price.Tokens{}, -1)
	f("openai", "big", "2026-03-01", price.Tokens{Input: some(-1)}, -1)
	f("gemini", "long", "2026-03-01", price.Tokens{Input: some(1000), Output: some(1)}, 1_002_000)
	f("gemini", "long", "2026-03-01", price.Tokens{Input: some(1001), Output: some(1)}, 2_006_000)
	f("openai", "tiny", "2026-03-01", price.Tokens{Input: some(1)}, 38) // 37.5, half up
	f("openai", "big", "2026-03-01", price.Tokens{Input: some(math.MaxInt64), Output: some(math.MaxInt64)}, -1)
}

func TestWith(t *testing.T) {
	table, err := parse(t, two).With(parse(t, "prices:\n  - {provider: openai, models: [big], from: 2026-09-01, input: 1, output: 1}\n  - {provider: own, models: [mine], from: 2026-01-01, input: 0}\n"))
	if err != nil {
		t.Fatal(err)
	}
	f := func(provider, model, day string, want int64) {
		t.Helper()
		nano, ok := table.Model(provider, model).At(at(day)).Cost(price.Tokens{Input: some(1)})
		if !ok || nano != want {
			t.Errorf("%s on %s: %d %t, want %d", model, day, nano, ok, want)
		}
	}
	f("openai", "big", "2026-08-31", 2000)
	f("openai", "big", "2026-09-01", 1000)
	f("openai", "big-2", "2026-09-01", 3000)
	f("own", "mine", "2026-09-01", 0) // free is a price
	if table.ID() == parse(t, two).ID() {
		t.Error("another table has the same id")
	}
}

func TestParseRefuses(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		_, err := price.Parse("x.yaml", []byte(text))
		if hansard.KindOf(err) != hansard.KindInvalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	const ok = "provider: a, models: [b], from: 2026-01-01, input: 1"
	f("prices: [{provider: a, models: [b], from: 2026-01-01, input: 1, inputs: 2}]", "no field")
	f("prices: [{"+ok+", long: {above: 5, in: 2}}]", "long has")
	f("prices: [{"+ok+", long: {input: 2}}]", "above")
	f("prices: [{models: [b], from: 2026-01-01, input: 1}]", "line 1: a price needs a provider")
	f("prices: [{provider: a, models: [b], input: 1}]", "from")
	f("prices: [{provider: a, models: [b], from: 2026-01-01}]", "needs one of")
	f("prices: [{provider: a, models: [b], from: 2026-01-01, input: -1}]", "number of dollars")
	f("prices: [{provider: a, models: [b], from: 2026-01-01, input: 1e3}]", "number of dollars")
	f("prices: [{provider: a, models: [b], from: 2026-01-01, input: 0.0000000001}]", "number of dollars")
	f("prices: [{"+ok+"}, {"+ok+"}]", "two prices")
	f("price: []", "field price")
	f("prices: [{"+ok+", checked: soon}]", "checked")
	f("- 1", "prices x.yaml")
}

// own are the hosts of providers' own pages.
func own() []string {
	return []string{"platform.claude.com", "openai.com", "platform.openai.com", "developers.openai.com", "ai.google.dev", "cloud.google.com", "api-docs.deepseek.com"}
}

// TestDefault holds that each price of the table says where and when it was read,
// and whether that was the provider's own page.
func TestDefault(t *testing.T) {
	table, err := price.Default()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range table.Prices() {
		if !strings.HasPrefix(p.Source, "https://") || p.Checked == "" || !p.Input.Set {
			t.Errorf("%s of %s: source %q, checked %q, input %v", p.Model, p.Provider, p.Source, p.Checked, p.Input)
		}
		source, err := url.Parse(p.Source)
		if err != nil || p.Secondary == slices.Contains(own(), source.Host) {
			t.Errorf("%s of %s is from %s, and secondary is %t", p.Model, p.Provider, p.Source, p.Secondary)
		}
		if table.Model(p.Provider, p.Model) == nil || p.From.After(time.Now()) {
			t.Errorf("%s of %s is not found, or begins later", p.Model, p.Provider)
		}
	}
	if table.Model("anthropic", "claude-sonnet-4-5-20250929") == nil || table.Model("openai", "gpt-4o-2024-08-06") == nil {
		t.Error("a model with a date is not found")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(two))
	f.Add([]byte("prices: [{provider: a, models: [b], from: 2026-01-01, input: 1, long: {above: 1, input: 2}}]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		table, err := price.Parse("fuzz", text)
		if err != nil {
			if k := hansard.KindOf(err); k != hansard.KindInvalid && k != hansard.KindTooLarge {
				t.Fatalf("%v: %v", k, err)
			}
			return
		}
		for _, p := range table.Prices() {
			p.Cost(price.Tokens{Input: some(1 << 60), Output: some(1 << 60), CacheRead: some(3), CacheWrite: some(1)})
		}
	})
}
