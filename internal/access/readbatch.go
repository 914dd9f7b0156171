package access

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// readBatch is a tenant's reads on their way into statements.
type readBatch struct {
	log    *ReaderLog
	tenant string
	from   []*Read // those in the statement being filled
	list   []ReadOnRecord
	groups []ReadsNotListed
	bytes  int
	fill   []*statementOfReads
}

// statementOfReads is one statement.
type statementOfReads struct {
	from   []*Read
	list   []ReadOnRecord
	groups []ReadsNotListed
}

func newReadBatch(l *ReaderLog, tenant string) *readBatch { return &readBatch{log: l, tenant: tenant} }

// add redacts a read and adds it.
func (b *readBatch) add(r *Read) {
	text, err := b.log.cfg.Spell(b.tenant, r.Asked)
	if err != nil {
		text = "(could not be redacted, and is left out)"
	}
	on := ReadOnRecord{At: r.At.UTC().Format(readTime), Query: oneLine(text, maxListedQuery), Reader: oneLine(r.Reader, 64), Route: oneLine(r.Route, 128), Status: r.Status}
	if r.Rows.Set {
		on.Rows = &r.Rows.V
	}
	b.room(160 + 2*len(on.Query) + len(on.Reader) + len(on.Route))
	b.from, b.list = append(b.from, r), append(b.list, on)
}

// readTime is how a read's time is written.
const readTime = "2006-01-02T15:04:05.000Z"

// addGroup adds reads that are counted only.
func (b *readBatch) addGroup(g group, n int64) {
	b.room(64 + len(g.reader) + len(g.route))
	b.groups = append(b.groups, ReadsNotListed{N: n, Reader: oneLine(g.reader, 64), Route: oneLine(g.route, 128)})
}

// room begins another statement when n bytes more would be too many.
func (b *readBatch) room(n int) {
	if b.bytes+n > maxListedBytes {
		b.cut()
	}
	b.bytes += n
}

func (b *readBatch) cut() {
	if len(b.list)+len(b.groups) > 0 {
		b.fill = append(b.fill, &statementOfReads{b.from, b.list, b.groups})
	}
	b.from, b.list, b.groups, b.bytes = nil, nil, nil, 0
}

// state puts the statements on record, one after the other.
func (b *readBatch) state() error {
	b.cut()
	for len(b.fill) > 0 {
		s := b.fill[0]
		slices.SortFunc(s.groups, func(x, y ReadsNotListed) int {
			return cmp.Or(cmp.Compare(x.Reader, y.Reader), cmp.Compare(x.Route, y.Route))
		})
		count := int64(len(s.list))
		for _, g := range s.groups {
			count += g.N
		}
		members := map[string]any{"count": count, "reads": s.list}
		if s.list == nil {
			members["reads"] = []ReadOnRecord{}
		}
		if len(s.groups) > 0 {
			members["not_listed"] = s.groups
		}
		if err := b.log.cfg.State(b.tenant, members); err != nil {
			return err
		}
		b.fill = b.fill[1:]
	}
	return nil
}

// putBack lets what could not be stated wait on.
func (b *readBatch) putBack() {
	l := b.log
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range b.fill {
		for _, r := range s.from {
			if n := r.size(); len(l.waiting) < maxWaiting && l.bytes+n <= maxWaitingBytes {
				l.waiting, l.bytes = append(l.waiting, *r), l.bytes+n
			} else {
				l.count(group{r.Tenant, r.Reader, r.Route}, 1)
			}
		}
		for _, g := range s.groups {
			l.count(group{b.tenant, g.Reader, g.Route}, g.N)
		}
	}
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// oneLine returns a text without what does not print and cut to n bytes, with a
// mark where it was cut. It holds no character that JSON encoders disagree on.
func oneLine(s string, n int) string {
	s = strings.Map(func(c rune) rune {
		if c == utf8.RuneError || !unicode.IsPrint(c) {
			return ' '
		}
		return c
	}, s)
	s = strings.TrimSpace(s)
	if len(s) <= n {
		return s
	}
	for n -= len("…"); n > 0 && !utf8.RuneStart(s[n]); n-- {
	}
	return s[:n] + "…"
}
