package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// disk mounts a small file system in memory, or skips the test.
func disk(t *testing.T, megabytes int) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=0700", megabytes)); err != nil {
		t.Skipf("a file system of its own is needed, and mounting one is not permitted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// answer is what a server answers to events.
type answer struct {
	status               int
	retry                string
	Accepted, Duplicates int
	Detail, Hint         string
	text                 string
}

// post sends a body of events once.
func post(url, body string) (answer, error) {
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Post(url+"/v1/events", "application/x-ndjson", strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	a := answer{status: res.StatusCode, retry: res.Header.Get("Retry-After"), text: string(b)}
	_ = json.Unmarshal(b, &a)
	return a, err
}

// events returns the ids in the record.
func (s *server) events() map[string]int {
	s.t.Helper()
	got := map[string]int{}
	for line := range strings.Lines(must(s.t, "events", "--server", s.url, "-o", "ndjson", "--limit", "0")) {
		var e struct {
			EventID string `json:"event_id"`
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			s.t.Fatal(err)
		}
		got[e.EventID]++
	}
	return got
}

// wantOnce wants each id in the record, once.
func (s *server) wantOnce(ids []string) {
	s.t.Helper()
	got := s.events()
	for _, id := range ids {
		if got[id] != 1 {
			s.t.Fatalf("%s was acknowledged and is there %d times", id, got[id])
		}
	}
}

// TestFullDisk fills a real, small file system under a running server. Senders
// are told why nothing is taken; when there is room it goes on; nothing that was
// acknowledged is lost.
func TestFullDisk(t *testing.T) {
	unraced(t)
	root := disk(t, 24)
	config := filepath.Join(t.TempDir(), "config.yaml")
	settings := "ledger: {journal_bytes: 262144, seal_after: 300ms, seal_rows: 2000}\n"
	if err := os.WriteFile(config, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "data")
	s := start(t, dir, "--config", config)
	var acked []string
	number := 0
	send := func() answer {
		t.Helper()
		number++
		body, ids := batch(1, number, 100)
		a, err := post(s.url, body)
		if err != nil {
			t.Fatalf("the server is gone: %v\n%s", err, tail(s.logs.String()))
		}
		if a.Accepted == len(ids) {
			acked = append(acked, ids...)
		}
		return a
	}
	if a := send(); a.status != 200 {
		t.Fatalf("at first: %+v", a)
	}
	for round := range 2 {
		ballast := filepath.Join(root, "ballast")
		if err := fill(ballast); err != nil {
			t.Fatal(err)
		}
		var refused answer
		for deadline := time.Now().Add(60 * time.Second); refused.status == 0 && time.Now().Before(deadline); {
			if a := send(); a.status != 200 {
				refused = a
			}
		}
		if refused.status != 503 || refused.retry == "" || !strings.Contains(refused.text, "the disk is full") || !strings.Contains(refused.text, "make room") {
			t.Fatalf("round %d, on a full disk: %+v\n%s", round, refused, tail(s.logs.String()))
		}
		if len(s.events()) < len(acked) {
			t.Error("readers do not see what was acknowledged while the disk is full")
		}
		if round == 1 {
			s.kill() // and the next start is on a full disk too
			if out, code := startFails(t, dir, nil, "--config", config); code != 0 && !strings.Contains(out, "make room") {
				t.Errorf("a start on a full disk: exit code %d\n%s", code, tail(out))
			}
		}
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		if round == 1 {
			s = start(t, dir, "--config", config)
		}
		var a answer
		for deadline := time.Now().Add(30 * time.Second); a.status != 200 && time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
			a = send()
		}
		if a.status != 200 {
			t.Fatalf("round %d, with room again: %+v\n%s", round, a, tail(s.logs.String()))
		}
	}
	s.wantOnce(acked)
	s.stop()
	verified(t, dir)
	t.Logf("%d events acknowledged", len(acked))
}

// fill takes all room that is left on a disk.
func fill(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	for b := make([]byte, 1<<16); len(b) > 0; {
		if _, err := f.Write(b); err != nil {
			b = b[:len(b)/2]
		}
	}
	return f.Close()
}

// startFails runs a server that has to refuse to start, and returns what it says
// and its exit code. One that starts all the same is stopped after a while: code
// 0.
func startFails(t *testing.T, dir string, change func(*exec.Cmd), args ...string) (string, int) {
	t.Helper()
	cmd := exec.Command(program(t), append([]string{"serve", "--data", dir, "--listen", "127.0.0.1:0"}, args...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if change != nil {
		change(cmd)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Signal(os.Interrupt) })
	defer timer.Stop()
	_ = cmd.Wait()
	return out.String(), cmd.ProcessState.ExitCode()
}

// refusal wants a server not to start, with an exit code, and to say why and what
// to do.
func refusal(t *testing.T, code int, dir string, change func(*exec.Cmd), want ...string) {
	t.Helper()
	out, got := startFails(t, dir, change)
	if got != code {
		t.Errorf("exit code %d, want %d", got, code)
	}
	for _, w := range append(want, "hint: ") {
		if !strings.Contains(out, w) {
			t.Errorf("it does not say %q:\n%s", w, tail(out))
		}
	}
}

// made returns a data folder with some events in it, below dir.
func made(t *testing.T, dir string) string {
	t.Helper()
	data := filepath.Join(dir, "data")
	s := start(t, data)
	body, _ := batch(1, 1, 10)
	if a, err := post(s.url, body); err != nil || a.Accepted != 10 {
		t.Fatal(a, err)
	}
	s.stop()
	return data
}

// TestRefusals starts servers where none can run. Each says why, and what to do.
func TestRefusals(t *testing.T) {
	unraced(t)
	t.Run("two servers", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "data")
		s := start(t, dir)
		refusal(t, 1, dir, nil, "another process has it open", "stop it first")
		if a, err := post(s.url, `{"event_type":"agent.error","agent_name":"a"}`); err != nil || a.Accepted != 1 {
			t.Errorf("the first one: %+v %v", a, err)
		}
		s.stop()
	})
	t.Run("port in use", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		dir := filepath.Join(t.TempDir(), "data")
		address := func(c *exec.Cmd) { c.Args[len(c.Args)-1] = l.Addr().String() }
		refusal(t, 1, dir, address, "address already in use", "--listen")
		if _, err := os.Stat(dir); err == nil {
			t.Error("it made a data folder all the same")
		}
	})
	t.Run("a file", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "data")
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		refusal(t, 2, path, nil, "not a directory", "--data")
		refusal(t, 2, filepath.Join(path, "below"), nil, "not a directory", "--data")
	})
	t.Run("newer format", func(t *testing.T) {
		dir := t.TempDir()
		text := "hansard data 2\nname x\n"
		sum := crc32.Checksum([]byte(text), crc32.MakeTable(crc32.Castagnoli))
		if err := os.WriteFile(filepath.Join(dir, "FORMAT"), fmt.Appendf(nil, "%scrc32c %08x\n", text, sum), 0o600); err != nil {
			t.Fatal(err)
		}
		refusal(t, 2, dir, nil, "format 2, this program knows 1", "use a newer hansard")
		for _, verb := range []string{"verify", "events"} {
			if _, code := run(t, verb, "--data", dir); code != 2 {
				t.Errorf("%s: exit code %d, want 2", verb, code)
			}
		}
		if entries, _ := os.ReadDir(dir); len(entries) > 2 { // FORMAT and LOCK
			t.Errorf("it made %v", entries)
		}
	})
	t.Run("few files", func(t *testing.T) {
		few := func(c *exec.Cmd) {
			c.Args = append([]string{"sh", "-c", `ulimit -n 40 && exec "$0" "$@"`}, c.Args...)
			c.Path, _ = exec.LookPath("sh")
		}
		refusal(t, 1, filepath.Join(t.TempDir(), "data"), few, "limit of open files is 40", "ulimit -n")
	})
}

// TestNoAccess starts servers on what they may not write or read.
func TestNoAccess(t *testing.T) {
	unraced(t)
	if os.Getuid() != 0 {
		t.Skip("another user is needed, and only root may become one")
	}
	nobody := func(c *exec.Cmd) {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	// The folder of the test and the program must be open to the other user.
	open := func(path string) {
		for ; path != "/" && path != os.TempDir(); path = filepath.Dir(path) {
			if info, err := os.Stat(path); err == nil {
				_ = os.Chmod(path, info.Mode().Perm()|0o055)
			}
		}
	}
	open(filepath.Dir(program(t)))
	give := func(path string, uid int) {
		t.Helper()
		if out, err := exec.Command("chown", "-R", fmt.Sprint(uid), path).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	t.Run("data folder of somebody else", func(t *testing.T) {
		dir := t.TempDir()
		data := made(t, dir)
		open(dir)
		refusal(t, 4, data, nobody, "permission denied", "run as the owner")
		if _, code := run(t, "verify", "--data", data); code != 0 {
			t.Errorf("verify by the owner: exit code %d", code)
		}
	})
	t.Run("key folder of somebody else", func(t *testing.T) {
		dir := t.TempDir()
		data := made(t, dir)
		open(dir)
		give(data, 65534)
		refusal(t, 4, data, nobody, "data.keys: permission denied", "its key folder")
	})
	t.Run("key folder open to others", func(t *testing.T) {
		data := made(t, t.TempDir())
		if err := os.Chmod(data+".keys", 0o750); err != nil {
			t.Fatal(err)
		}
		refusal(t, 4, data, nil, "may be read by others", "chmod 700")
	})
	t.Run("read-only disk", func(t *testing.T) {
		root := disk(t, 128)
		data := made(t, root)
		if err := syscall.Mount("", root, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
			t.Skipf("the disk cannot be mounted anew: %v", err)
		}
		refusal(t, 4, data, nil, "read-only file system", "mount the disk writable")
		verified(t, data)
		if out := must(t, "events", "--data", data, "-o", "ndjson"); strings.Count(out, "\n") != 10 {
			t.Errorf("events --data:\n%s", tail(out))
		}
	})
}

// TestTooManyFiles takes all file descriptors of a server away by connections
// that say nothing. It may refuse events meanwhile, and goes on when they end.
func TestTooManyFiles(t *testing.T) {
	unraced(t)
	dir := filepath.Join(t.TempDir(), "data")
	var limited bool
	s := startWith(t, dir, func(c *exec.Cmd) {
		c.Args = append([]string{"sh", "-c", `ulimit -n 256 && exec "$0" "$@"`}, c.Args...)
		c.Path, _ = exec.LookPath("sh")
		limited = c.Path != ""
	})
	if !limited {
		t.Skip("no sh to lower the limit with")
	}
	var acked []string
	send := func(number int) answer {
		body, ids := batch(2, number, 50)
		a, err := post(s.url, body)
		if err == nil && a.Accepted == len(ids) {
			acked = append(acked, ids...)
		}
		return a
	}
	if a := send(0); a.status != 200 {
		t.Fatalf("at first: %+v", a)
	}
	var idle []net.Conn
	for range 300 {
		c, err := net.DialTimeout("tcp", strings.TrimPrefix(s.url, "http://"), time.Second)
		if err != nil {
			break
		}
		idle = append(idle, c)
	}
	busy := make(chan struct{})
	go func() { // these wait for a connection, and get none until some end
		defer close(busy)
		for i := range 3 {
			send(100 + i)
		}
	}()
	time.Sleep(500 * time.Millisecond)
	for _, c := range idle {
		c.Close()
	}
	<-busy
	var a answer
	for deadline := time.Now().Add(30 * time.Second); a.status != 200 && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		a = send(200 + len(acked))
	}
	if a.status != 200 {
		t.Fatalf("after the connections ended: %+v\n%s", a, tail(s.logs.String()))
	}
	s.wantOnce(acked)
	s.stop()
	verified(t, dir)
	t.Logf("%d connections, %d events acknowledged", len(idle), len(acked))
}
