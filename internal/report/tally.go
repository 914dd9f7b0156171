package report

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/trace"
)

// Tally is how many entries have a name.
type Tally struct {
	Name string
	N    int64
}

// Ranking is tallies in order; in JSON [["billing",12],["support",7]].
type Ranking []Tally

// MarshalJSON writes a list of pairs.
func (r Ranking) MarshalJSON() ([]byte, error) {
	pairs := make([][2]any, len(r))
	for i, t := range r {
		pairs[i] = [2]any{t.Name, t.N}
	}
	return json.Marshal(pairs)
}

// Tallies is tallies in order; in JSON {"billing":12,"support":7}.
type Tallies []Tally

// MarshalJSON writes an object with its members in order.
func (ts Tallies) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, t := range ts {
		if i > 0 {
			b = append(b, ',')
		}
		name, err := json.Marshal(t.Name)
		if err != nil {
			return nil, err
		}
		b = append(append(b, name...), ':')
		b = strconv.AppendInt(b, t.N, 10)
	}
	return append(b, '}'), nil
}

// ranked returns the counts, the largest first, then by name.
func ranked(counts map[string]int64) []Tally {
	tallies := make([]Tally, 0, len(counts))
	for name, n := range counts {
		tallies = append(tallies, Tally{name, n})
	}
	slices.SortFunc(tallies, func(a, b Tally) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Name, b.Name))
	})
	return tallies
}

// byTier returns the counts in the order of the tiers.
func byTier(counts map[string]int64) []Tally {
	tallies := ranked(counts)
	slices.SortStableFunc(tallies, func(a, b Tally) int {
		return cmp.Compare(hansard.Tier(a.Name).Rank(), hansard.Tier(b.Name).Rank())
	})
	return tallies
}

// percent writes part of whole with one decimal: "3.9%"; "0%" of nothing.
func percent(part, whole int64) string {
	if whole == 0 {
		return "0%"
	}
	return strconv.FormatFloat(100*float64(part)/float64(whole), 'f', 1, 64) + "%"
}

// number writes a figure as JSON; null when it is unknown.
func number(n hansard.Opt[int64]) json.RawMessage {
	if !n.Set {
		return json.RawMessage("null")
	}
	return strconv.AppendInt(nil, n.V, 10)
}

// dollars writes nano-dollars as a JSON number of dollars; null when unknown.
func dollars(n hansard.Opt[int64]) json.RawMessage {
	if !n.Set {
		return json.RawMessage("null")
	}
	return json.RawMessage(plainDollars(n.V))
}

func plainDollars(nano int64) string { return strings.Replace(trace.USD(nano), "$", "", 1) }
