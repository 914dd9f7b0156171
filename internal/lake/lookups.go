package lake

import (
	"sync"

	"github.com/hansardhq/hansard/internal/part"
)

// maxLookups is how many parts are kept open for looking up single traces and
// events. An open one holds a file descriptor and its footer, some 300 KB.
const maxLookups = 64

// lookups keeps parts open between look-ups: to read a footer costs more than
// to find a trace by it.
type lookups struct {
	enc *part.Encoder

	mu   sync.Mutex // guards what follows; never held over a read
	open map[string]*openPart
	used uint64 // counts uses, for the age of each
}

// openPart is a part that is open. It is closed by whoever uses it last after it
// was forgotten.
type openPart struct {
	*part.Lookup
	users     int
	last      uint64
	forgotten bool
}

func newLookups(enc *part.Encoder) *lookups {
	return &lookups{enc: enc, open: map[string]*openPart{}}
}

// use calls f with the part open.
func (ls *lookups) use(p *livePart, f func(*part.Lookup) error) error {
	o, err := ls.take(p)
	if err != nil {
		return err
	}
	err = f(o.Lookup)
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if o.users--; o.users == 0 && o.forgotten {
		_ = o.Close() // it was only read
	}
	return err
}

// take returns the part, open and in use.
func (ls *lookups) take(p *livePart) (*openPart, error) {
	ls.mu.Lock()
	o := ls.touch(p.path)
	ls.mu.Unlock()
	if o != nil {
		return o, nil
	}
	l, err := ls.enc.OpenLookup(p.path, p.Log)
	if err != nil {
		return nil, err
	}
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if o := ls.touch(p.path); o != nil { // another read was quicker
		_ = l.Close()
		return o, nil
	}
	for len(ls.open) >= maxLookups {
		ls.drop(ls.oldest())
	}
	ls.open[p.path] = &openPart{Lookup: l}
	return ls.touch(p.path), nil
}

// touch returns the part if it is open, in use. mu is held.
func (ls *lookups) touch(path string) *openPart {
	o := ls.open[path]
	if o != nil {
		ls.used++
		o.users++
		o.last = ls.used
	}
	return o
}

// oldest returns the part that was used longest ago. mu is held.
func (ls *lookups) oldest() string {
	var path string
	least := ls.used + 1
	for p, o := range ls.open {
		if o.last < least {
			path, least = p, o.last
		}
	}
	return path
}

// drop forgets a part. mu is held.
func (ls *lookups) drop(path string) {
	o := ls.open[path]
	if o == nil {
		return
	}
	delete(ls.open, path)
	if o.forgotten = true; o.users == 0 {
		_ = o.Close()
	}
}

// forget closes parts that are live no more, so that their space can be freed.
func (ls *lookups) forget(paths []string) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for _, p := range paths {
		ls.drop(p)
	}
}

// close closes all parts.
func (ls *lookups) close() {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for p := range ls.open {
		ls.drop(p)
	}
}
