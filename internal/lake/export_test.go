package lake

import "context"

// Answer reads the lines of a worker.
var Answer = answer

// Quicker returns the statement that a worker runs in the place of a user's; empty: it
// runs that one.
func Quicker(ctx context.Context, functions []string, statement string) (string, error) {
	d, err := newDesk(ctx, &setup{Memory: DefaultMemoryLimit, Threads: 1, Functions: functions})
	if err != nil {
		return "", err
	}
	defer d.close()
	a, err := d.ask(ctx, statement)
	if err != nil {
		return "", err
	}
	return d.quicker(ctx, a), nil
}

// Waiting returns the numbers of the processes that wait for a statement.
func (l *Lake) Waiting() (pids []int) {
	l.workers.mu.Lock()
	defer l.workers.mu.Unlock()
	for _, w := range l.workers.waiting {
		pids = append(pids, w.cmd.Process.Pid)
	}
	return pids
}

// Dismiss ends the processes that wait, as after a time without statements.
func (l *Lake) Dismiss() { l.workers.dismiss() }
