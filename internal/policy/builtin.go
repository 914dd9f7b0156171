package policy

import (
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hansardhq/hansard"
)

// packs holds the packs that come with the program. It is never changed.
//
//go:embed packs/*.yaml
var packs embed.FS

// BasePack is the pack that is judged when no other is named.
const BasePack = "base"

// Choice names a pack that is switched on, and what is set of it.
type Choice struct {
	// Pack is the name of one that comes with the program, or the path of a
	// file.
	Pack string `yaml:"pack" json:"pack"`
	// Parameters are its parameters: "25%", "12h", "5000000".
	Parameters map[string]string `yaml:"parameters" json:"parameters,omitempty"`
}

// Builtin lists the names of the packs that come with the program.
func Builtin() []string {
	entries, err := packs.ReadDir("packs")
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}

// ReadFile returns the file of a pack: one that comes with the program, or one at a
// path, which has a slash or ends in .yaml or .yml.
func ReadFile(pack string) ([]byte, error) {
	if !strings.ContainsRune(pack, filepath.Separator) && !strings.HasSuffix(pack, ".yaml") && !strings.HasSuffix(pack, ".yml") {
		b, err := packs.ReadFile("packs/" + pack + ".yaml")
		if err != nil {
			err := hansard.Errorf(hansard.KindNotFound, "there is no pack %q", pack)
			return nil, hansard.WithHint(err, "the packs are "+strings.Join(Builtin(), ", ")+"; another one is named by the path of its file")
		}
		return b, nil
	}
	info, err := os.Stat(pack)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, hansard.Errorf(hansard.KindNotFound, "there is no file %s", pack)
	case err != nil:
		return nil, hansard.Errorf(hansard.KindInvalid, "read a pack: %w", err)
	case info.Size() > maxPack:
		return nil, hansard.Errorf(hansard.KindTooLarge, "pack %s: at most %d bytes", pack, maxPack)
	}
	b, err := os.ReadFile(pack)
	if err != nil {
		return nil, hansard.Errorf(hansard.KindInvalid, "read a pack: %w", err)
	}
	return b, nil
}

// Load reads the packs that are chosen; none: the base pack. Controls of different
// packs must have different names.
func Load(choices []Choice) ([]*Pack, error) {
	if len(choices) == 0 {
		choices = []Choice{{Pack: BasePack}}
	}
	var all []*Pack
	owner := map[string]string{}
	for _, c := range choices {
		b, err := ReadFile(c.Pack)
		if err != nil {
			return nil, err
		}
		p, err := Parse(b, c.Parameters)
		if err != nil {
			return nil, fmt.Errorf("pack %s:%w", c.Pack, err)
		}
		if slices.ContainsFunc(all, func(other *Pack) bool { return other.ID == p.ID }) {
			return nil, hansard.Errorf(hansard.KindInvalid, "pack %q is switched on twice", p.ID)
		}
		for _, control := range p.Controls {
			if other := owner[control.ID]; other != "" {
				return nil, hansard.Errorf(hansard.KindInvalid, "the packs %q and %q both have a control %q", other, p.ID, control.ID)
			}
			owner[control.ID] = p.ID
		}
		all = append(all, p)
	}
	return all, nil
}

// Need is how long a pack needs the entries of a tier to be kept.
type Need struct {
	Days int
	Pack string // its id
	Why  string
}

// RequiredRetention returns the longest time that the packs need the entries of
// each tier to be kept. A tier that none of them needs is absent.
func RequiredRetention(packs []*Pack) map[hansard.Tier]Need {
	needs := map[hansard.Tier]Need{}
	for _, p := range packs {
		for _, t := range p.Retention.Tiers {
			if p.Retention.Days > needs[t].Days {
				needs[t] = Need{p.Retention.Days, p.ID, p.Retention.Why}
			}
		}
	}
	return needs
}
