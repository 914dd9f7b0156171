package price

import (
	"fmt"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/hansardhq/hansard"
)

// file is a table as YAML.
type file struct {
	Prices []entry `yaml:"prices"`
}

// entry is the price of some models of a provider from a day on.
type entry struct {
	Provider string   `yaml:"provider"`
	Models   []string `yaml:"models"`
	From     string   `yaml:"from"`    // 2006-01-02
	Source   string   `yaml:"source"`  // where it was read
	Checked  string   `yaml:"checked"` // when, as 2006-01-02
	// Secondary says that the source is not the provider's own.
	Secondary bool `yaml:"secondary"`
	rates     `yaml:",inline"`
	Long      *struct {
		Above int64 `yaml:"above"` // tokens of the prompt
		rates `yaml:",inline"`
	} `yaml:"long"`

	line int
}

// rates are dollars for a million tokens.
type rates struct {
	Input      Dollars `yaml:"input"`
	Output     Dollars `yaml:"output"`
	CacheRead  Dollars `yaml:"cache_read"`
	CacheWrite Dollars `yaml:"cache_write"`
}

// Dollars is an exact amount of money in nano-dollars; not set: none is named. In
// YAML it is a number of dollars.
type Dollars hansard.Opt[int64]

// UnmarshalYAML implements yaml.Unmarshaler. It reads a decimal without going through a float.
func (d *Dollars) UnmarshalYAML(n *yaml.Node) error {
	nano, err := parseDollars(n.Value)
	if err != nil || n.Kind != yaml.ScalarNode {
		return fmt.Errorf("line %d: a price is a number of dollars with at most 9 decimals, such as 2.50", n.Line)
	}
	*d = Dollars{V: nano, Set: true}
	return nil
}

// maxDollars bounds a price for a million tokens.
const maxDollars = 1_000_000

// parseDollars reads a decimal of dollars as nano-dollars.
func parseDollars(s string) (nano int64, err error) {
	whole, frac, _ := strings.Cut(s, ".")
	if whole == "" || len(whole) > 7 || len(frac) > 9 {
		return 0, fmt.Errorf("not a price")
	}
	for _, c := range whole + frac {
		if c < '0' || c > '9' {
			return 0, fmt.Errorf("not a price")
		}
		nano = nano*10 + int64(c-'0')
	}
	for range 9 - len(frac) {
		nano *= 10
	}
	if nano > maxDollars*1_000_000_000 {
		return 0, fmt.Errorf("not a price")
	}
	return nano, nil
}

// UnmarshalYAML notes the line of an entry.
func (e *entry) UnmarshalYAML(n *yaml.Node) error {
	type plain entry
	if err := known(n); err != nil {
		return err
	}
	if err := n.Decode((*plain)(e)); err != nil {
		return err
	}
	e.line = n.Line
	return nil
}

// known refuses keys that an entry does not have: a decoder of a node does not.
func known(n *yaml.Node) error {
	allowed := " provider models from source secondary checked input output cache_read cache_write long "
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if !strings.Contains(allowed, " "+key.Value+" ") {
			return fmt.Errorf("line %d: a price has no field of this name; it has%s", key.Line, strings.TrimRight(allowed, " "))
		}
		if long := n.Content[i+1]; key.Value == "long" && long.Kind == yaml.MappingNode {
			for k := 0; k+1 < len(long.Content); k += 2 {
				if name := long.Content[k].Value; name != "above" && (name == "long" || !strings.Contains(" input output cache_read cache_write ", " "+name+" ")) {
					return fmt.Errorf("line %d: long has above, input, output, cache_read and cache_write", long.Content[k].Line)
				}
			}
		}
	}
	return nil
}

// prices returns a price for each model of the entry.
func (e *entry) prices() ([]Price, error) {
	if e.Provider == "" || len(e.Models) == 0 {
		return nil, fmt.Errorf("a price needs a provider and models")
	}
	from, err := time.Parse(time.DateOnly, e.From)
	if err != nil || from.Year() < 2000 || from.Year() > 2200 {
		return nil, fmt.Errorf("from: want the day that the price began, such as 2026-11-23")
	}
	if _, err := time.Parse(time.DateOnly, e.Checked); e.Checked != "" && err != nil {
		return nil, fmt.Errorf("checked: want the day that the source was read, such as 2026-11-23")
	}
	p := Price{Provider: e.Provider, From: from, Source: e.Source, Secondary: e.Secondary, Checked: e.Checked, Rates: e.rates.nano()}
	if p.Rates == (Rates{}) {
		return nil, fmt.Errorf("a price needs one of input, output, cache_read and cache_write")
	}
	if e.Long != nil {
		if p.Above, p.Long = e.Long.Above, e.Long.nano(); p.Above <= 0 {
			return nil, fmt.Errorf("long: above must be a number of tokens")
		}
	}
	var all []Price
	for _, model := range e.Models {
		if model == "" {
			return nil, fmt.Errorf("a model's name is empty")
		}
		p.Model = model
		all = append(all, p)
	}
	return all, nil
}

func (r rates) nano() Rates {
	return Rates{hansard.Opt[int64](r.Input), hansard.Opt[int64](r.Output), hansard.Opt[int64](r.CacheRead), hansard.Opt[int64](r.CacheWrite)}
}
