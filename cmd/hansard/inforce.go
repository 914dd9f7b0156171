package main

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/api"
	"github.com/hansardhq/hansard/internal/policy"
	"github.com/hansardhq/hansard/internal/report"
	"github.com/hansardhq/hansard/internal/retention"
	"github.com/hansardhq/hansard/internal/trace"
)

// The origins of a setting.
const (
	fromDefault = "default"
	fromFile    = "file"
	fromFlag    = "flag"
	fromEnv     = "environment"
	fromPack    = "pack"
)

// defaults are what a setting of the configuration file is where it is absent, by
// its dotted key, as valueText writes it. A test holds it against serverConfig and
// docs/CONFIGURATION.md.
var defaults = map[string]string{
	"listen": defaultListen, "token_file": "none", "tls_cert": "none", "tls_key": "none", "allowed_hosts": "none", "public_log": "false",
	"limits.body_bytes": "4 GiB", "limits.event_bytes": "1 MiB", "limits.depth": "64", "limits.fields": "1024",
	"otlp.grpc": defaultOTLPGRPC, "otlp.http": defaultOTLPHTTP, "otlp.body_bytes": "64 MiB", "otlp.message_bytes": "16 MiB",
	"otlp.in_flight_bytes": "256 MiB", "otlp.record_bytes": "8 MiB", "otlp.attributes": "4096",
	"ledger.journal_bytes": "16 MiB", "ledger.seal_rows": "32768", "ledger.read_back_all": "false", "ledger.seal_after": "1m0s",
	"ledger.checkpoint_every": "1s", "ledger.pending_bytes": "64 MiB", "ledger.unsealed_bytes": "128 MiB", "ledger.dedup_window": "720h0m0s",
	"query_memory": "256 MiB", "memory_limit": "1 GiB", "classify.max_field": "1 MiB",
}

// settings says by what configuration the server runs, for an admin to read: what
// is in force, and who says so. It holds no secret and no personal value, and what
// it does not know it leaves out.
func (p *program) settings(cfg *serverConfig, f *serveFlags, st *store, sc storeConfig) []api.Section {
	root := scalars("", reflect.ValueOf(*cfg))
	flags := map[string]bool{
		"listen": f.listen != "", "token_file": f.tokenFile != "", "tls_cert": f.tlsCert != "", "tls_key": f.tlsKey != "",
		"public_log": f.publicLog, "allowed_hosts": len(f.allowedHosts) > 0, "otlp.grpc": f.otlpGRPC != "", "otlp.http": f.otlpHTTP != "",
	}
	for i, s := range root {
		switch {
		case flags[s.Name]:
			root[i].From = fromFlag
		case s.Name == "listen" && p.env["HANSARD_LISTEN"] != "":
			root[i].From = fromEnv
		}
	}
	for _, name := range []string{"GOMEMLIMIT", "GOGC"} {
		if v := p.env[name]; v != "" {
			root = append(root, api.Setting{Name: name, Value: v, From: fromEnv})
		}
	}
	sections := []api.Section{{Name: "server", Settings: []api.Setting{
		{Name: "data", Value: p.global.data, From: p.from(p.global.data, defaultData, "HANSARD_DATA")},
		{Name: "config", Value: cmp.Or(f.config, p.env["HANSARD_CONFIG"], "none"), From: p.from(f.config, "", "HANSARD_CONFIG")},
		{Name: "log-level", Value: f.logLevel, From: p.from(f.logLevel, "info", "")},
		{Name: "demo", Value: strconv.FormatBool(f.demo), From: p.from(strconv.FormatBool(f.demo), "false", "")},
	}}}
	for _, s := range root {
		section, name, nested := strings.Cut(s.Name, ".")
		if !nested {
			section, name = "server", s.Name
		}
		s.Name = name
		i := slices.IndexFunc(sections, func(x api.Section) bool { return x.Name == section })
		if i < 0 {
			i, sections = len(sections), append(sections, api.Section{Name: section})
		}
		sections[i].Settings = append(sections[i].Settings, s)
	}
	return append(sections,
		api.Section{Name: "retention", Settings: retentionSettings(cfg.Retention, st.keeping)},
		api.Section{Name: "packs", Settings: packSettings(cfg.Packs, st.packs)},
		api.Section{Name: "prices and budgets", Settings: spendingSettings(cfg, sc.Spending)},
		api.Section{Name: "redaction", Settings: redactSettings(cfg)},
	)
}

// from says where a value that is no matter of the file comes from.
func (p *program) from(value, usual, variable string) string {
	switch env := p.env[variable]; {
	case env != "" && (value == env || value == ""):
		return fromEnv
	case value == usual:
		return fromDefault
	}
	return fromFlag
}

// scalars lists the settings below a struct that are one value, by the keys of the
// file. Lists and maps, which may hold anything, are for those who know them.
func scalars(prefix string, v reflect.Value) (list []api.Setting) {
	for i := range v.NumField() {
		key, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		if key == "" || slices.Contains([]string{"retention", "packs", "budgets", "redact", "prices"}, key) {
			continue
		}
		key = prefix + key
		if field := v.Field(i); field.Kind() == reflect.Struct {
			list = append(list, scalars(key+".", field)...)
		} else if text, ok := valueText(key, field); ok {
			s := api.Setting{Name: key, Value: text, From: fromFile}
			if d := defaults[key]; field.IsZero() || text == d {
				s.Value, s.From = d, fromDefault
			}
			list = append(list, s)
		}
	}
	return list
}

// valueText writes a setting: sizes and spans with their units.
func valueText(key string, v reflect.Value) (string, bool) {
	if d, ok := v.Interface().(time.Duration); ok {
		return d.String(), true
	}
	size := strings.HasSuffix(key, "_bytes") || strings.HasSuffix(key, "memory") || key == "memory_limit" || strings.HasSuffix(key, "max_field")
	switch v.Kind() {
	case reflect.String:
		return v.String(), true
	case reflect.Bool:
		return strconv.FormatBool(v.Bool()), true
	case reflect.Int, reflect.Int64:
		if size {
			return sizeText(v.Int()), true
		}
		return strconv.FormatInt(v.Int(), 10), true
	case reflect.Slice:
		if names, ok := v.Interface().([]string); ok {
			return strings.Join(names, ", "), true
		}
	}
	return "", false
}

// sizeText writes bytes in the greatest unit that says them exactly.
func sizeText(n int64) string {
	for _, u := range []struct {
		size int64
		name string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n != 0 && n%u.size == 0 {
			return fmt.Sprintf("%d %s", n/u.size, u.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}

// retentionSettings say how long entries are kept, tenants that differ included,
// and what raised it.
func retentionSettings(file retention.Config, in *retention.Policy) []api.Setting {
	tiers := func(tenant, prefix string, own retention.Tiers) (list []api.Setting) {
		for _, t := range []struct {
			tier hansard.Tier
			set  retention.Days
		}{{hansard.TierDebug, own.Debug}, {hansard.TierInfo, own.Info}, {hansard.TierCompliance, own.Compliance}, {hansard.TierCritical, own.Critical}} {
			keep := in.Keep(tenant, t.tier)
			s := api.Setting{Name: prefix + string(t.tier), Value: keep.String(), From: fromFile}
			switch usual, _ := retention.NewPolicy(retention.Config{}); {
			case t.set == keep:
			case t.set == 0 && (tenant != "" || keep == usual.Keep("", t.tier)):
				s.From = fromDefault
			default:
				s.From = fromPack // it needs a longer one than is usual
			}
			if tenant == "" || t.set != 0 {
				list = append(list, s)
			}
		}
		return list
	}
	list := tiers("", "", file.Tiers)
	for _, name := range slices.Sorted(maps.Keys(file.Tenants)) {
		list = append(list, tiers(name, name+": ", file.Tenants[name])...)
	}
	said := func(zero bool) string {
		if zero {
			return fromDefault
		}
		return fromFile
	}
	prune := "off"
	if in.Daily() {
		prune = "daily"
	}
	return append(list,
		api.Setting{Name: "rollups", Value: in.Rollups().String(), From: said(file.Rollups == 0)},
		api.Setting{Name: "prune", Value: prune, From: said(file.Prune == "")},
	)
}

// packSettings list the compliance packs that are switched on.
func packSettings(chosen []policy.Choice, packs []*policy.Pack) []api.Setting {
	from := fromFile
	if len(chosen) == 0 {
		from = fromDefault
	}
	list := make([]api.Setting, len(packs))
	for i, k := range packs {
		list[i] = api.Setting{Name: k.ID, Value: fmt.Sprintf("version %s, %d controls", k.Version, len(k.Controls)), From: from}
		if i < len(chosen) {
			for _, name := range slices.Sorted(maps.Keys(chosen[i].Parameters)) {
				list[i].Value += fmt.Sprintf("; %s %s", name, chosen[i].Parameters[name])
			}
		}
	}
	return list
}

// spendingSettings say which table prices tokens, and how many budgets bound them.
func spendingSettings(cfg *serverConfig, s spending) []api.Setting {
	var newest time.Time
	for _, x := range s.prices.Prices() {
		if x.From.After(newest) {
			newest = x.From
		}
	}
	text := fmt.Sprintf("%s: %d prices, the newest from %s", s.prices.ID(), len(s.prices.Prices()), newest.Format(time.DateOnly))
	list := []api.Setting{{Name: "prices", Value: text, From: fromDefault}}
	if cfg.Prices != "" {
		list[0].From = fromFile
	}
	for _, b := range cfg.Budgets {
		list = append(list, api.Setting{Name: "budget " + b.Name, Value: budgetText(b), From: fromFile})
	}
	return list
}

func budgetText(b report.Budget) string {
	var parts []string
	if b.USD.Set {
		parts = append(parts, "$"+trace.Decimal(b.USD.V, 9))
	}
	if b.Tokens > 0 {
		parts = append(parts, strconv.FormatInt(b.Tokens, 10)+" tokens")
	}
	if b.Per != "" {
		parts = append(parts, "per "+b.Per)
	}
	if b.Agent != "" {
		parts = append(parts, "agent "+b.Agent)
	}
	return strings.Join(parts, ", ")
}

// redactSettings say what redaction does. Values that are let through may be
// personal: it counts them.
func redactSettings(cfg *serverConfig) []api.Setting {
	r := cfg.Redact
	list := []api.Setting{}
	for _, kind := range slices.Sorted(maps.Keys(r.Detectors)) {
		d := r.Detectors[kind]
		text := string(d.Action)
		if text == "" {
			text = "hash"
		}
		if n := len(d.Allow) + len(d.AllowDomains); n > 0 {
			text += fmt.Sprintf(", %d values or domains let through", n)
		}
		list = append(list, api.Setting{Name: "detector " + kind, Value: text, From: fromFile})
	}
	if len(list) == 0 {
		list = append(list, api.Setting{Name: "detectors", Value: "all but ip, as pseudonyms", From: fromDefault})
	}
	for _, x := range []struct {
		name string
		n    int
	}{{"key_names", len(r.KeyNames)}, {"ignore_key_names", len(r.IgnoreKeyNames)}, {"disable_rules", len(r.DisableRules)}} {
		if x.n > 0 {
			list = append(list, api.Setting{Name: x.name, Value: fmt.Sprintf("%d of its own", x.n), From: fromFile})
		}
	}
	if r.RulesFile != "" {
		list = append(list, api.Setting{Name: "rules_file", Value: r.RulesFile, From: fromFile})
	}
	return list
}
