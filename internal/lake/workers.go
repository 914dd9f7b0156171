package lake

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/hansardhq/hansard"
)

// Bounds of the children.
const (
	// maxWorkers is how many run at once; each may use its own limit of memory.
	maxWorkers = 2
	// maxWait is how long a statement waits for others to end.
	maxWait = 5 * time.Second
	// processorsOfOne is for how many processors one child waits for a statement;
	// at least one does, at most maxWorkers do.
	processorsOfOne = 4
	// maxIdle is how long children wait after the last statement.
	maxIdle = 10 * time.Minute
	// maxKept is how many that have answered wait for more of their tenant, and keepFor
	// for how long: what the engine keeps of a statement, it keeps no longer.
	maxKept = maxWorkers
	keepFor = time.Minute
	// maxAnswers is how many statements one child answers.
	maxAnswers = 100
	// endIn is how long a child may take to end before it is killed.
	endIn = time.Second
)

// A worker has a memory file for its tenant's fresh rows of events, and one for those of
// statements, under descriptors from firstFresh on.
const (
	freshFiles = 2
	firstFresh = 3
)

// freshPath returns the path under which a worker opens a memory file of its own.
func freshPath(i int) string { return "/proc/self/fd/" + strconv.Itoa(firstFresh+i) }

// workers are the child processes that run users' statements, each those of one tenant.
// Starting a process and the engine in it takes longer than most statements do, so some
// are started ahead and wait; they know of no tenant. One that has answered waits a
// while for more of its tenant, and never works for another.
type workers struct {
	config Config
	engine *engine // of this process, which knows the functions
	ahead  int
	room   chan struct{} // for those that run at once

	mu      sync.Mutex // guards what follows; never held while a process starts or ends
	waiting []*worker
	kept    []*worker      // that have answered, by the time since when they wait
	forgot  map[string]int // tenant: how often something of it was to be forgotten
	filling bool           // somebody starts those that are to wait
	closed  bool
	idle    *time.Timer    // ends those that wait
	busy    sync.WaitGroup // with starting and ending processes
}

func newWorkers(config Config, en *engine) *workers {
	ws := &workers{config: config, engine: en, room: make(chan struct{}, maxWorkers), forgot: map[string]int{}}
	if config.WorkersAhead && len(config.WorkerCommand) > 0 {
		ws.ahead = min(max(config.Threads/processorsOfOne, 1), maxWorkers)
	}
	return ws
}

// take returns a worker for a statement of a tenant that may use so much memory, when
// few enough others run; the caller releases it. Where anew is set it has answered
// nothing before. The place of one that waited is filled in the background.
func (ws *workers) take(ctx context.Context, tenant string, memory int64, anew bool) (*worker, error) {
	select {
	case ws.room <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(maxWait):
		err := hansard.Errorf(hansard.KindBusy, "other statements are running")
		return nil, hansard.WithHint(err, "ask again in a moment")
	}
	w := ws.next(tenant, memory, anew)
	if w == nil {
		var err error
		if w, err = ws.start(ctx); err != nil {
			<-ws.room
			return nil, err
		}
	}
	if w.answered == 0 {
		w.tenant, w.memory, w.forgot = tenant, memory, ws.forgotten(tenant)
	}
	return w, nil
}

// release takes a worker back: it waits for more of its tenant where it answered well,
// and is ended in the background otherwise.
func (ws *workers) release(w *worker, well bool) {
	w.answered++
	if well && w.answered < maxAnswers && ws.keep(w) {
		<-ws.room
		return
	}
	ws.busy.Go(func() {
		w.end()
		<-ws.room
	})
}

// next returns one of the workers that wait, one of the tenant's own if possible; nil:
// none does.
func (ws *workers) next(tenant string, memory int64, anew bool) *worker {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	var w *worker
	if !anew {
		w = ws.nextKept(tenant, memory)
	}
	for w == nil && len(ws.waiting) > 0 {
		w, ws.waiting = ws.waiting[0], ws.waiting[1:]
		if w.ended() { // the system may have needed its memory
			w.closeFiles()
			w = nil
		}
	}
	ws.refill()
	return w
}

// nextKept returns a worker that waits for more of the tenant; nil: none does. mu is
// held.
func (ws *workers) nextKept(tenant string, memory int64) *worker {
	for i := len(ws.kept) - 1; i >= 0; i-- {
		w := ws.kept[i]
		if w.tenant != tenant || w.memory != memory {
			continue
		}
		ws.kept = slices.Delete(ws.kept, i, i+1)
		w.expiry.Stop()
		if !w.ended() {
			return w
		}
		w.closeFiles()
	}
	return nil
}

// keep has a worker wait for more of its tenant, unless it could tell what was to be
// forgotten meanwhile.
func (ws *workers) keep(w *worker) bool {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.ahead == 0 || ws.closed || ws.forgot[w.tenant] != w.forgot {
		return false
	}
	ws.kept = append(ws.kept, w)
	if len(ws.kept) > maxKept {
		ws.part(ws.kept[0])
	}
	w.expiry = time.AfterFunc(keepFor, func() {
		ws.mu.Lock()
		defer ws.mu.Unlock()
		ws.part(w)
	})
	return true
}

// part ends a worker in the background if it waits for more of its tenant. mu is held.
func (ws *workers) part(w *worker) {
	if i := slices.Index(ws.kept, w); i >= 0 && !ws.closed {
		ws.kept = slices.Delete(ws.kept, i, i+1)
		ws.busy.Go(w.end)
	}
}

// forget ends those that have answered statements of a tenant, as soon as they have
// answered the one that they are at: what was erased or pruned must not be told any more.
func (ws *workers) forget(tenant string) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.forgot[tenant]++
	for _, w := range slices.Clone(ws.kept) {
		if w.tenant == tenant {
			ws.part(w)
		}
	}
}

func (ws *workers) forgotten(tenant string) int {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return ws.forgot[tenant]
}

// refill has the places of those that wait filled, and sets the time after which they
// wait no longer. mu is held.
func (ws *workers) refill() {
	if ws.ahead == 0 || ws.closed {
		return
	}
	if ws.idle == nil {
		ws.idle = time.AfterFunc(maxIdle, ws.dismiss)
	} else {
		ws.idle.Reset(maxIdle)
	}
	if !ws.filling && len(ws.waiting) < ws.ahead {
		ws.filling = true
		ws.busy.Go(ws.fill)
	}
}

func (ws *workers) fill() {
	for {
		w, err := ws.start(context.Background())
		ws.mu.Lock()
		if err == nil && !ws.closed {
			ws.waiting = append(ws.waiting, w)
			w = nil
		}
		more := err == nil && !ws.closed && len(ws.waiting) < ws.ahead
		ws.filling = more
		ws.mu.Unlock()
		if err != nil { // a statement will start its own, and say what is wrong
			ws.config.Logger.Warn("no sql worker can be started ahead", "error", err)
		} else if w != nil {
			w.end()
		}
		if !more {
			return
		}
	}
}

// dismiss ends those that wait.
func (ws *workers) dismiss() {
	ws.mu.Lock()
	gone := append(ws.waiting, ws.kept...)
	ws.waiting, ws.kept = nil, nil
	ws.mu.Unlock()
	for _, w := range gone {
		w.end()
	}
}

// close ends those that wait; none is started any more. Statements must have ended.
func (ws *workers) close() {
	ws.mu.Lock()
	ws.closed = true
	if ws.idle != nil {
		ws.idle.Stop()
	}
	ws.mu.Unlock()
	ws.busy.Wait()
	ws.dismiss()
}

// worker is a child process.
type worker struct {
	cmd       *exec.Cmd
	requests  io.WriteCloser
	answers   *os.File
	fresh     [freshFiles]*os.File
	diagnosis tail
	done      chan struct{} // closed when the process has ended
	state     error         // what it ended with, then
	config    Config

	// What it works for, from its first statement on.
	tenant   string
	memory   int64       // bytes, of the engine
	forgot   int         // how often something of the tenant had been to be forgotten
	answered int         // statements
	expiry   *time.Timer // ends it where it is kept
}

// start starts a worker. A context that ends does not end it.
func (ws *workers) start(ctx context.Context) (*worker, error) {
	functions, err := ws.engine.functions(ctx)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, hansard.Errorf(hansard.KindInternal, "sql: %w", err)
	}
	w := &worker{cmd: exec.Command(self, ws.config.WorkerCommand...), done: make(chan struct{}), config: ws.config}
	for i := range w.fresh {
		if w.fresh[i], err = memoryFile(); err != nil {
			w.closeFiles()
			return nil, hansard.Errorf(hansard.KindInternal, "sql: %w", err)
		}
	}
	if err := w.begin(); err != nil {
		w.closeFiles()
		return nil, hansard.Errorf(hansard.KindInternal, "sql: start the worker: %w", err)
	}
	// The process reads it before all else.
	if err := json.NewEncoder(w.requests).Encode(setup{Memory: DefaultMemoryLimit, Functions: functions}); err != nil {
		w.end()
		return nil, hansard.Errorf(hansard.KindInternal, "sql: start the worker: %w", err)
	}
	return w, nil
}

// begin starts the process. It has nothing of ours but the program, its pipes and its
// memory files.
func (w *worker) begin() error {
	w.cmd.Env, w.cmd.Dir = []string{}, "/"
	w.cmd.ExtraFiles, w.cmd.Stderr, w.cmd.WaitDelay = w.fresh[:], &w.diagnosis, endIn
	var err error
	if w.requests, err = w.cmd.StdinPipe(); err != nil {
		return err
	}
	answers, theirs, err := os.Pipe()
	if err != nil {
		return errors.Join(err, w.requests.Close())
	}
	defer theirs.Close()
	w.answers, w.cmd.Stdout = answers, theirs
	if err := w.cmd.Start(); err != nil {
		return errors.Join(err, w.requests.Close())
	}
	go func() {
		w.state = w.cmd.Wait()
		close(w.done)
	}()
	return nil
}

// ended reports whether the process has ended.
func (w *worker) ended() bool {
	select {
	case <-w.done:
		return true
	default:
		return false
	}
}

// end ends the process, which ends by itself when it has answered or nobody can ask
// it any more, and waits for that.
func (w *worker) end() {
	_ = w.requests.Close() // the process may be gone
	select {
	case <-w.done:
	case <-time.After(endIn):
		_ = w.cmd.Process.Kill()
		<-w.done
	}
	w.closeFiles()
}

func (w *worker) closeFiles() {
	for _, f := range append(w.fresh[:], w.answers) {
		if f != nil {
			_ = f.Close() // nothing of it is kept
		}
	}
}

// work has the worker do its job and reads the answer. A worker that did not answer
// well is killed.
func (w *worker) work(ctx context.Context, j *job) (*Result, error) {
	request, err := json.Marshal(j)
	if err != nil {
		return nil, hansard.Errorf(hansard.KindInternal, "sql: %w", err)
	}
	stop := context.AfterFunc(ctx, w.kill)
	defer stop()
	if _, err := w.requests.Write(request); err != nil && ctx.Err() == nil {
		w.kill()
		return nil, hansard.Errorf(hansard.KindInternal, "sql: ask the worker: %w", errNotAsked)
	}
	// Twice the limit: names and framing come on top of the values.
	limit := 2*int64(j.MaxBytes) + int64(j.MaxRows)*64 + 1<<20
	result, err := answer(bufio.NewReader(io.LimitReader(w.answers, limit)))
	if err != nil && hansard.KindOf(err) != hansard.KindInvalid {
		w.kill()
	}
	if errors.Is(err, errNoAnswer) {
		<-w.done
		w.config.Logger.Warn("sql worker died", "state", fmt.Sprint(w.state), "stderr_bytes", w.diagnosis.n)
		return nil, hansard.Errorf(hansard.KindInternal, "sql: the worker ended without an answer: %w", errors.Join(w.state, ctx.Err()))
	}
	return result, err
}

func (w *worker) kill() { _ = w.cmd.Process.Kill() }

// tail swallows what a dying child says: it may hold content, so only its
// length is kept.
type tail struct{ n int }

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.n += len(p)
	return len(p), nil
}
