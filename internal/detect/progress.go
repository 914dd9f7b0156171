package detect

import "sync"

// Progress tells how far detections are. The zero Progress knows of no tenant; it is
// safe for concurrent use.
type Progress struct {
	mu   sync.Mutex
	next map[string]uint64
}

// Next returns the first position of a tenant that the detectors have not looked at;
// false: they have not begun with it.
func (p *Progress) Next(tenant string) (position uint64, begun bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	position, begun = p.next[tenant]
	return position, begun
}

func (p *Progress) set(tenant string, next uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next == nil {
		p.next = map[string]uint64{}
	}
	p.next[tenant] = next
}
