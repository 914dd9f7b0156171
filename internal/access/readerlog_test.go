package access_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/access"
)

// metaLog collects statements, and fails when it is told to.
type metaLog struct {
	mu         sync.Mutex
	statements []string
	tenants    []string
	broken     bool
	failures   int
}

func (m *metaLog) state(tenant string, members map[string]any) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken {
		return errors.New("no room")
	}
	b, err := json.Marshal(members)
	if err != nil {
		return err
	}
	m.statements, m.tenants = append(m.statements, string(b)), append(m.tenants, tenant)
	return nil
}

// said returns what was stated so far.
func (m *metaLog) said() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.statements)
}

// breaks makes statements fail, or work again; it returns how often they failed.
func (m *metaLog) breaks(broken bool) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken = broken
	return m.failures
}

func (m *metaLog) failed(error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failures++
}

func (m *metaLog) log() *access.ReaderLog {
	return access.NewReaderLog(access.ReaderLogConfig{
		Has: func(tenant string) bool { return tenant != "nobody" }, State: m.state,
		Failed: m.failed,
		Spell: func(_ string, asked []access.Asked) (string, error) {
			var words []string
			for _, a := range asked {
				if a.Value == "secret" {
					return "", errors.New("cannot be redacted")
				}
				words = append(words, a.Name+"="+strings.ReplaceAll(a.Value, "ada@example.com", "pii:email"))
			}
			return strings.Join(words, " "), nil
		},
	})
}

func read(n int, asked ...access.Asked) access.Read {
	return access.Read{Tenant: "acme", Reader: "desk", At: time.Date(2026, 11, 23, 14, 0, n, 0, time.UTC), Route: "GET /v1/events", Asked: asked, Rows: hansard.Some(int64(n)), Status: 200}
}

func TestReaderLogBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &metaLog{}
		l := m.log()
		l.Note(read(1, access.Asked{Name: "q", Value: "agent:billing ada@example.com"}))
		l.Note(read(2))
		synctest.Wait()
		if len(m.said()) != 0 {
			t.Fatalf("a statement before a second is over: %s", m.said())
		}
		time.Sleep(time.Second)
		synctest.Wait()
		want := `{"count":2,"reads":[` +
			`{"at":"2026-11-23T14:00:01.000Z","query":"q=agent:billing pii:email","reader":"desk","route":"GET /v1/events","rows":1,"status":200},` +
			`{"at":"2026-11-23T14:00:02.000Z","reader":"desk","route":"GET /v1/events","rows":2,"status":200}]}`
		if len(m.said()) != 1 || m.said()[0] != want {
			t.Errorf("stated %s\nwant %s", m.said(), want)
		}
		time.Sleep(time.Minute)
		if len(m.said()) != 1 {
			t.Errorf("statements without reads: %s", m.said())
		}
		// What waits when the server stops is stated.
		l.Note(read(3))
		l.Count("acme", "public", "GET /log/")
		l.Count("acme", "public", "GET /log/")
		if err := l.Close(); err != nil || len(m.said()) != 2 || !strings.Contains(m.said()[1], `"not_listed":[{"n":2,"reader":"public","route":"GET /log/"}]`) || !strings.Contains(m.said()[1], `"count":3`) {
			t.Errorf("at the end %v %s", err, m.said())
		}
	})
}

func TestReaderLogTenants(t *testing.T) {
	m := &metaLog{}
	l := m.log()
	other, nobody := read(1), read(2)
	other.Tenant, nobody.Tenant = "other", "nobody"
	for _, r := range []access.Read{read(0), other, nobody} {
		l.Note(r)
	}
	if err := l.Close(); err != nil || fmt.Sprint(m.tenants) != "[acme other]" {
		t.Errorf("%v: stated for %s", err, m.tenants)
	}
	var none *access.ReaderLog // a server that puts nothing on record
	none.Note(read(1))
	none.Count("acme", "desk", "x")
	if err := none.Close(); err != nil {
		t.Error(err)
	}
}

// TestReaderLogIsBounded floods the log: each read is listed or counted, no
// statement is too large for a leaf, and what cannot be redacted is left out.
func TestReaderLogIsBounded(t *testing.T) {
	m := &metaLog{}
	l := m.log()
	const n = 20_000
	for i := range n {
		r := read(i%60, access.Asked{Name: "q", Value: strings.Repeat("ä\"\u2028\x00", 900)})
		if i%100 == 0 {
			r.Asked = []access.Asked{{Name: "q", Value: "secret"}}
		}
		l.Note(r)
	}
	for i := range 1000 {
		l.Count("acme", fmt.Sprintf("token-%d", i), "GET /log/")
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	listed, counted := 0, 0
	for _, s := range m.said() {
		var body struct {
			Count     int
			Reads     []access.ReadOnRecord
			NotListed []access.ReadsNotListed `json:"not_listed"`
		}
		if err := json.Unmarshal([]byte(s), &body); err != nil || len(s) > 60_000 || strings.ContainsAny(s, "\u2028\x00") || strings.Contains(s, "secret") {
			t.Fatalf("a statement of %d bytes, %v", len(s), err)
		}
		listed += len(body.Reads)
		sum := len(body.Reads)
		for _, g := range body.NotListed {
			sum += int(g.N)
		}
		if counted += sum; sum != body.Count {
			t.Errorf("the statement counts %d and holds %d", body.Count, sum)
		}
	}
	if counted != n+1000 || listed < 500 || listed > 9000 {
		t.Errorf("%d reads on record, %d of them listed; want %d", counted, listed, n+1000)
	}
}

// TestReaderLogWaits holds that reads wait while the meta log takes nothing, and
// that this is said once.
func TestReaderLogWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &metaLog{broken: true}
		l := m.log()
		l.Note(read(1))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		failures := m.breaks(false)
		l.Note(read(2))
		time.Sleep(3 * time.Second)
		synctest.Wait()
		all := strings.Join(m.said(), "\n")
		if strings.Count(all, `"rows":1`) != 1 || strings.Count(all, `"rows":2`) != 1 || failures != 1 {
			t.Errorf("%d failures told; stated\n%s", failures, all)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}
