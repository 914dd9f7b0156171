package reading

import (
	"slices"
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/policy"
)

// facts returns what is not in the record, and packs judge by.
func (r *Reading) facts(tenant string) policy.Facts {
	if r.cfg.Facts == nil {
		return policy.Facts{}
	}
	return r.cfg.Facts(tenant)
}

// packs returns packs by name, those that are switched on as they are set; none
// named: all that are switched on. A name that is none of these is one of the packs
// that come with the program; the path of a file is not read.
func (r *Reading) packs(names []string) ([]*policy.Pack, error) {
	switch {
	case len(names) == 0 && len(r.cfg.Packs) > 0:
		return r.cfg.Packs, nil
	case len(names) == 0:
		return policy.Load(nil)
	}
	var all []*policy.Pack
	for _, name := range names {
		if slices.ContainsFunc(all, func(p *policy.Pack) bool { return p.ID == name }) {
			continue
		}
		if i := slices.IndexFunc(r.cfg.Packs, func(p *policy.Pack) bool { return p.ID == name }); i >= 0 {
			all = append(all, r.cfg.Packs[i])
			continue
		}
		if !slices.Contains(policy.Builtin(), name) {
			err := hansard.Errorf(hansard.KindNotFound, "there is no pack %q", name)
			return nil, hansard.WithHint(err, "the packs are "+strings.Join(policy.Builtin(), ", ")+"; one of your own is switched on in the configuration (packs:)")
		}
		more, err := policy.Load([]policy.Choice{{Pack: name}})
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	return all, nil
}
