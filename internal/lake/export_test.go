package lake

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

// Answer reads the lines of a worker.
var Answer = answer

// Quicker returns the statement that a worker runs in the place of a user's; empty: it
// runs that one.
func Quicker(ctx context.Context, functions []string, statement string) (string, error) {
	d, err := newDesk(ctx, &setup{Memory: DefaultMemoryLimit, Functions: functions})
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

// Kept returns the numbers of the processes that wait for more statements of a tenant.
func (l *Lake) Kept(tenant string) (pids []int) {
	l.workers.mu.Lock()
	defer l.workers.mu.Unlock()
	for _, w := range l.workers.kept {
		if w.tenant == tenant {
			pids = append(pids, w.cmd.Process.Pid)
		}
	}
	return pids
}

// MaxAnswers is how many statements a process answers.
const MaxAnswers = maxAnswers

// Locked returns what a worker's engine that has answered a statement of a tenant says
// to one that nobody has checked.
func (l *Lake) Locked(ctx context.Context, tenant string) (ask func(statement string) error, closed func(), err error) {
	functions, err := l.engine.functions(ctx)
	if err != nil {
		return nil, nil, err
	}
	d, err := newDesk(ctx, &setup{Memory: DefaultMemoryLimit, Functions: functions})
	if err != nil {
		return nil, nil, err
	}
	j := &job{Tenant: tenant, Query: "SELECT count(*) FROM events", Folders: l.folders(tenant), Memory: DefaultMemoryLimit, Threads: 1, MaxRows: 1, MaxBytes: 100}
	if err := d.run(ctx, j, json.NewEncoder(io.Discard)); err != nil {
		d.close()
		return nil, nil, err
	}
	return func(statement string) error {
		_, err := d.conn.ExecContext(ctx, statement)
		return err
	}, d.close, nil
}

// Dismiss ends the processes that wait, as after a time without statements.
func (l *Lake) Dismiss() { l.workers.dismiss() }

// DecodeSums reads the bytes of a file of sums as those of every kind, and writes what
// it could read again: the second time the bytes must be the same.
func DecodeSums(b []byte) error {
	for kind, again := range map[string]func([]byte) []byte{
		"tables":      func(b []byte) []byte { return recode(b, tableCode()) },
		"tools":       func(b []byte) []byte { return recode(b, toolCode()) },
		"tokens":      func(b []byte) []byte { return recode(b, tokenCode()) },
		"invocations": func(b []byte) []byte { return recode(b, invocationCode()) },
	} {
		if once := again(b); once != nil && !bytes.Equal(again(once), once) {
			return fmt.Errorf("%s: what was written cannot be read", kind)
		}
	}
	return nil
}

func recode[S any](b []byte, code sumCode[S]) []byte {
	s, err := decodeSums(b, code)
	if err != nil {
		return nil
	}
	return s.encode(code)
}

// StoredSums returns what the files of a tenant's sums hold, by their names.
func (l *Lake) StoredSums(tenant string) map[string][]byte {
	all := map[string][]byte{}
	for _, name := range l.sums.files(tenant) {
		if b, err := l.sums.read(tenant, name, maxSumsRaw); err == nil {
			all[name] = b
		}
	}
	return all
}

// SeedSums returns a small file of each kind.
func SeedSums() [][]byte {
	own := &numbers{}
	names := own.of([]string{"refund", "lookup"})
	head := func(kind string) sumsHead {
		return sumsHead{
			"this", kind, "acme\x00*", map[hansard.Tier]uint64{"info": 256}, map[hansard.Tier]int64{"info": 999, "debug": -1},
			[]summedPart{{"info", part.Name{First: 256, End: 1024, Rewrite: 1}, hansard.Hash{1, 2, 3}, span{-5, 7_000_000}}},
		}
	}
	covered := spans{{-3, 4}, {9, 9}}
	run := tokenRun(nil).with([]byte("m\x01a"), &tokenSums{events: 2, calls: 1, sums: [tokenClasses + 1]wideSum{{n: 1, lo: 700}, {n: 2, hi: 3, lo: 1}}})
	tools := map[int32]*toolFigures{names[1]: {2, 1, 30, []int64{10, 20}}}
	return [][]byte{
		(&storedSums[*tableSum]{head("tables"), covered, own, map[int64]*tableSum{2: {names, []int64{1, -2, 3, 4}}, -3: {}}}).encode(tableCode()),
		(&storedSums[*toolSum]{head("tools"), covered, nil, map[int64]*toolSum{4: {own, tools}}}).encode(toolCode()),
		(&storedSums[*tokenSum]{head("tokens"), covered, nil, map[int64]*tokenSum{9: {[]tokenRun{run, nil}}}}).encode(tokenCode()),
		(&storedSums[*invocationSum]{head("invocations"), covered, nil, map[int64]*invocationSum{1: {map[string]invocationFigures{"a": {1, 2, 3, 4, 5}}}}}).encode(invocationCode()),
	}
}

// FreshByTrace returns the fresh rows of a log by trace, for a snapshot of a moment at
// which there were n of them.
func (l *Lake) FreshByTrace(log hansard.LogID, n int) ([]*part.Row, error) {
	snap := l.pin(log.Tenant)
	defer snap.release()
	snap.fresh[log.Tier] = snap.fresh[log.Tier][:n]
	return l.byTrace(snap, log.Tier)
}
