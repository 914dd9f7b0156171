package ledger

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"path/filepath"
	"regexp"
	"sort"
	"strings"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/part"
)

// Version is the version of the data folder that this program writes. A newer
// one is refused.
const Version = 1

// TenantPattern is what a tenant may be called: it is a folder's name.
var TenantPattern = regexp.MustCompile(`^[a-z0-9-]{1,63}$`)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// layout knows where everything lies below the data folder.
type layout struct {
	fs  durable.FS
	dir string
}

func (l layout) format() string  { return filepath.Join(l.dir, "FORMAT") }
func (l layout) lock() string    { return filepath.Join(l.dir, "LOCK") }
func (l layout) journal() string { return filepath.Join(l.dir, "journal") }
func (l layout) tenants() string { return filepath.Join(l.dir, "tenants") }

// SumsFolder is the folder, below the data folder, of what reports came to. It is no
// part of the record: nothing here reads it.
const SumsFolder = "sums"

// sumsPattern is what its files are called, by tenant.
var sumsPattern = regexp.MustCompile(`^[a-z0-9-]{1,63}/[a-z]+-[0-9a-f]{24}\.sums$`)

// isSums reports whether a file is one of the sums of reports.
func (l layout) isSums(path string) bool {
	rel, err := filepath.Rel(filepath.Join(l.dir, SumsFolder), path)
	return err == nil && sumsPattern.MatchString(filepath.ToSlash(rel))
}

func (l layout) journalVKey() string {
	return filepath.Join(l.dir, "journal.vkey")
}
func (l layout) log(id hansard.LogID) string {
	return filepath.Join(l.dir, "tenants", id.Tenant, string(id.Tier))
}
func (l layout) checkpoint(id hansard.LogID) string { return filepath.Join(l.log(id), "checkpoint") }
func (l layout) vkey(id hansard.LogID) string       { return filepath.Join(l.log(id), "vkey") }
func (l layout) parts(id hansard.LogID) string      { return filepath.Join(l.log(id), "parts") }
func (l layout) tiles(id hansard.LogID) string      { return filepath.Join(l.log(id), "tiles") }

// IndexSuffix ends the name of the index beside a part.
const IndexSuffix = ".index"

// readName returns the server's name from the FORMAT file.
func (l layout) readName() (string, error) {
	b, err := durable.ReadFile(l.fs, l.format(), 4096)
	if err != nil {
		return "", err
	}
	body, sum, ok := strings.Cut(string(b), "crc32c ")
	if !ok || sum != fmt.Sprintf("%08x\n", crc32.Checksum([]byte(body), castagnoli)) {
		return "", hansard.Errorf(hansard.KindCorrupt, "FORMAT is damaged: its checksum does not match")
	}
	var version int
	var name string
	if _, err := fmt.Sscanf(body, "hansard data %d\nname %s\n", &version, &name); err != nil {
		return "", hansard.Errorf(hansard.KindCorrupt, "FORMAT is malformed")
	}
	if version < 1 || version <= Version && body != formatBody(version, name) {
		return "", hansard.Errorf(hansard.KindCorrupt, "FORMAT is malformed")
	}
	if version > Version {
		err := hansard.Errorf(hansard.KindInvalid, "the data has format %d, this program knows %d", version, Version)
		return "", hansard.WithHint(err, "use a newer hansard")
	}
	if body != formatBody(version, name) {
		return "", hansard.Errorf(hansard.KindCorrupt, "FORMAT is malformed")
	}
	return name, nil
}

func formatBody(version int, name string) string {
	return fmt.Sprintf("hansard data %d\nname %s\n", version, name)
}

func (l layout) writeName(name string) error {
	body := formatBody(Version, name)
	return durable.WriteFile(l.fs, l.format(), func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%scrc32c %08x\n", body, crc32.Checksum([]byte(body), castagnoli))
		return err
	})
}

// logs lists the logs on disk.
func (l layout) logs() ([]hansard.LogID, error) {
	tenants, err := l.list(l.tenants())
	if err != nil {
		return nil, err
	}
	var ids []hansard.LogID
	for _, t := range tenants {
		tiers, err := l.list(filepath.Join(l.tenants(), t))
		if err != nil {
			return nil, err
		}
		for _, tier := range tiers {
			id := hansard.LogID{Tenant: t, Tier: hansard.Tier(tier)}
			if !TenantPattern.MatchString(t) || !id.Tier.Valid() {
				return nil, hansard.Errorf(hansard.KindCorrupt, "unexpected folder tenants/%s/%s", t, tier)
			}
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// unbegun reports whether a log's folder is all that a crash left of its begin:
// it has no verifier key, no part and no checkpoint.
func (l layout) unbegun(id hansard.LogID) bool {
	names, err := l.list(l.log(id))
	if err != nil {
		return false
	}
	for _, n := range names {
		if !strings.HasSuffix(n, durable.TempSuffix) {
			return false
		}
	}
	return true
}

// justMade reports whether the folder is all that a crash left of its first start:
// the journal's verifier key comes before the first commit and the first log.
func (l layout) justMade(journal []uint64) bool {
	logs, err := l.logs()
	_, missing := l.fs.Stat(l.journalVKey())
	return err == nil && len(logs) == 0 && len(journal) == 0 && errors.Is(missing, fs.ErrNotExist)
}

// list returns the names in a folder, none if it does not exist.
func (l layout) list(dir string) ([]string, error) {
	entries, err := l.fs.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}

// removeUnfinishedIn removes the unfinished files in a folder.
func (l layout) removeUnfinishedIn(dir string) error {
	names, err := l.list(dir)
	if err != nil {
		return err
	}
	for _, n := range names {
		if strings.HasSuffix(n, durable.TempSuffix) {
			if err := l.fs.Remove(filepath.Join(dir, n)); err != nil {
				return err
			}
		}
	}
	return nil
}

// partFiles lists a log's parts in the order of their indexes, those that
// others have superseded apart. Two parts of one range may stand side by side
// after a crash between a rename and an unlink.
func (l layout) partFiles(id hansard.LogID) (live, superseded []part.Info, err error) {
	dates, err := l.list(l.parts(id))
	if err != nil {
		return nil, nil, err
	}
	var all []part.Info
	for _, date := range dates {
		names, err := l.list(filepath.Join(l.parts(id), date))
		if err != nil {
			return nil, nil, err
		}
		for _, s := range names {
			if n, ok := part.ParseName(s); ok {
				all = append(all, part.Info{Log: id, Date: date, Name: n})
			}
		}
	}
	live, superseded = supersede(all)
	return live, superseded, nil
}

// supersede splits parts into the live ones, in the order of their indexes, and
// those that another one covers.
func supersede(all []part.Info) (live, superseded []part.Info) {
	sort.Slice(all, func(i, j int) bool {
		a, b := all[i].Name, all[j].Name
		if a.First != b.First {
			return a.First < b.First
		}
		if a.End != b.End {
			return a.End > b.End
		}
		return a.Rewrite > b.Rewrite
	})
	for _, p := range all {
		if n := len(live); n > 0 && live[n-1].Name.Covers(p.Name) {
			superseded = append(superseded, p)
			continue
		}
		live = append(live, p)
	}
	return live, superseded
}
