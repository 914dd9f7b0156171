package price

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed" // the table is a file of its own
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/hansardhq/hansard"
)

// defaults is the table that comes with the program. It is never changed.
//
//go:embed prices.yaml
var defaults []byte

// maxFile bounds a file of prices, in bytes, and maxModels the models that it may
// name.
const (
	maxFile   = 4 << 20
	maxModels = 20_000
)

// Table is a set of prices. It is never changed, and safe for concurrent use.
type Table struct {
	id     string
	models map[modelKey]*Model
	// providers of a model's name, to find it where a call names none.
	providers map[string][]string
	prices    []Price
}

type modelKey struct{ provider, model string }

// Model is what the prices of one model have been.
type Model struct {
	layers [][]Price // those that override first; each by From, the latest first
}

// Price is what one model costs from a day on, until another price begins. Rates
// are nano-dollars for a million tokens.
type Price struct {
	Provider string
	Model    string
	From     time.Time // in UTC
	Source   string    // where the price was read
	Checked  string    // when, as 2006-01-02
	// Secondary says that the source is somebody else's account of the price, not
	// the provider's own page.
	Secondary bool
	Rates
	// Long are the rates of calls whose prompt, input and both cache classes,
	// has more tokens than Above; Above 0: there are none.
	Above int64
	Long  Rates
}

// Rates are nano-dollars for a million tokens of each class; not set: unknown.
type Rates struct {
	Input, Output, CacheRead, CacheWrite hansard.Opt[int64]
}

// Tokens are those of a call by class; a class that is not set counts as none.
type Tokens struct {
	Input, Output, CacheRead, CacheWrite hansard.Opt[int64]
}

// Default returns the table that comes with the program.
func Default() (*Table, error) { return Parse("prices.yaml", defaults) }

// Parse reads a table from YAML; name is the file's, for errors, which are of
// KindInvalid and name the line.
func Parse(name string, text []byte) (*Table, error) {
	if len(text) > maxFile {
		return nil, hansard.Errorf(hansard.KindTooLarge, "prices %s: larger than %d bytes", name, maxFile)
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	var f file
	if err := d.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		err := hansard.Errorf(hansard.KindInvalid, "prices %s: %w", name, err)
		return nil, hansard.WithHint(err, "docs/COST.md says how a file of prices looks")
	}
	var prices []Price
	for _, e := range f.Prices {
		p, err := e.prices()
		if err != nil {
			return nil, hansard.Errorf(hansard.KindInvalid, "prices %s, line %d: %w", name, e.line, err)
		}
		if prices = append(prices, p...); len(prices) > maxModels {
			return nil, hansard.Errorf(hansard.KindTooLarge, "prices %s: more than %d models", name, maxModels)
		}
	}
	sum := sha256.Sum256(text)
	return newTable(hex.EncodeToString(sum[:8]), [][]Price{prices})
}

// newTable makes a table of layers of prices, the one that overrides first.
func newTable(id string, layers [][]Price) (*Table, error) {
	t := &Table{id: id, models: map[modelKey]*Model{}, providers: map[string][]string{}}
	for i, prices := range layers {
		for _, p := range prices {
			k := modelKey{canonicalProvider(p.Provider), strings.ToLower(p.Model)}
			m := t.models[k]
			if m == nil {
				m = &Model{layers: make([][]Price, len(layers))}
				t.models[k] = m
				t.providers[k.model] = append(t.providers[k.model], k.provider)
			}
			for _, other := range m.layers[i] {
				if other.From.Equal(p.From) {
					return nil, hansard.Errorf(hansard.KindInvalid, "prices: %s of %s has two prices from %s on", p.Model, p.Provider, p.From.Format(time.DateOnly))
				}
			}
			m.layers[i] = append(m.layers[i], p)
			t.prices = append(t.prices, p)
		}
	}
	for _, m := range t.models {
		for _, layer := range m.layers {
			slices.SortFunc(layer, func(a, b Price) int { return b.From.Compare(a.From) })
		}
	}
	slices.SortStableFunc(t.prices, func(a, b Price) int {
		return cmp.Or(strings.Compare(a.Provider, b.Provider), strings.Compare(a.Model, b.Model), a.From.Compare(b.From))
	})
	return t, nil
}

// With returns a table in which the prices of another one win: from the day on that
// it gives a model its first price.
func (t *Table) With(over *Table) (*Table, error) {
	if over == nil {
		return t, nil
	}
	return newTable(over.id+"+"+t.id, [][]Price{over.prices, t.prices})
}

// ID is the same for tables of the same prices.
func (t *Table) ID() string { return t.id }

// Prices lists all prices by provider, model and day.
func (t *Table) Prices() []Price { return slices.Clone(t.prices) }

// Model finds a model by the names that a call states: as they are, or without a
// date, "-latest" or a provider in front of the model's name. A call without a
// provider is of the one provider that has such a model. nil: not in the table.
func (t *Table) Model(provider, model string) *Model {
	provider, model = canonicalProvider(provider), strings.ToLower(model)
	if before, after, ok := strings.Cut(model, "/"); ok && (provider == "" || provider == canonicalProvider(before)) {
		provider, model = canonicalProvider(before), after
	}
	for _, name := range []string{model, undated(model)} {
		if m := t.models[modelKey{provider, name}]; m != nil {
			return m
		}
		if of := t.providers[name]; provider == "" && len(of) == 1 {
			return t.models[modelKey{of[0], name}]
		}
	}
	return nil
}

// At returns the price at a time in Unix nanoseconds; nil if none had begun.
func (m *Model) At(ns int64) *Price {
	for _, layer := range m.layers {
		for i := range layer {
			if layer[i].From.UnixNano() <= ns {
				return &layer[i]
			}
		}
	}
	return nil
}

// canonicalProvider returns the name of a provider that the table uses, for the
// names that instrumentations give it.
func canonicalProvider(name string) string {
	switch name = strings.ToLower(name); name {
	case "gcp.gemini", "gcp.gen_ai", "gemini", "google_genai", "google-genai", "google_ai_studio":
		return "google"
	case "mistral_ai", "mistralai":
		return "mistral"
	}
	return name
}

// undated returns a model's name without a date or "-latest" at its end.
func undated(model string) string {
	model = strings.TrimSuffix(model, "-latest")
	if at := strings.IndexByte(model, '@'); at > 0 {
		model = model[:at]
	}
	for _, shape := range []string{"-dddd-dd-dd", "-dddddddd"} {
		if cut := len(model) - len(shape); cut > 0 && fits(model[cut:], shape) {
			return model[:cut]
		}
	}
	return model
}

// fits reports whether a text has a shape, in which d is a digit.
func fits(s, shape string) bool {
	for i := range len(shape) {
		digit := s[i] >= '0' && s[i] <= '9'
		if shape[i] == 'd' && !digit || shape[i] != 'd' && s[i] != shape[i] {
			return false
		}
	}
	return true
}
