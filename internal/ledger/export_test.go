package ledger

// Freeze keeps the sealer and the publisher from changing the folder until the
// returned function is called. Locks are taken in the order of publish1.
func (l *Ledger) Freeze() func() {
	l.sealMu.Lock()
	var logs []*log
	l.mu.Lock()
	for _, t := range l.tenants {
		for _, lg := range t.logs {
			logs = append(logs, lg)
		}
	}
	l.mu.Unlock()
	for _, lg := range logs {
		lg.publishing.Lock()
	}
	l.mu.Lock()
	return func() {
		l.mu.Unlock()
		for _, lg := range logs {
			lg.publishing.Unlock()
		}
		l.sealMu.Unlock()
	}
}
