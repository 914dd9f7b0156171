package lake_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/part"
)

// crowd makes the events of 50 agents with 40 tools at work on 200 traces at
// once: 5 to 35 events each, of 10 types, about 600 bytes as JSON, in words of
// which few are common and most are rare.
type crowd struct {
	*source
	zipf *rand.Zipf
	open []*openTrace
	made uint64 // traces
}

// openTrace is a trace that goes on.
type openTrace struct {
	id, task, session, agent, env string
	left                          int
	last, call, tool              string
}

func newCrowd(seed uint64, perDay int64) *crowd {
	c := &crowd{source: newSource(seed)}
	c.step = day / perDay
	c.zipf = rand.NewZipf(c.r, 1.2, 8, 30_000)
	for range 200 {
		c.open = append(c.open, c.begin())
	}
	return c
}

func (c *crowd) begin() *openTrace {
	c.made++
	return &openTrace{
		id: traceName(c.made), task: "task-" + strconv.FormatUint(c.made/3, 10), session: "session-" + strconv.FormatUint(c.made/5, 10),
		agent: "agent-" + strconv.Itoa(c.r.IntN(50)), env: pick(c.r, []string{"prod", "prod", "prod", "staging"}), left: 5 + c.r.IntN(31),
	}
}

// traceName is the id of the n-th trace, 32 hexadecimal digits as OpenTelemetry's.
func traceName(n uint64) string {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, n))
	return fmt.Sprintf("%x", sum[:16])
}

// words returns n words.
func (c *crowd) words(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(word(c.zipf.Uint64()))
	}
	return b.String()
}

// word is the n-th word of a language of its own: "rare" for a few that no text
// of words has.
func word(n uint64) string {
	syllables := []string{"ba", "ke", "di", "lo", "mu", "ra", "se", "ti", "vo", "nu", "pa", "re", "gi", "so", "du", "ma"}
	var b strings.Builder
	for n += 17; n > 0; n /= 16 {
		b.WriteString(syllables[n%16])
	}
	return b.String()
}

var crowdTypes = []string{
	hansard.TypeToolCall, hansard.TypeToolResult, hansard.TypeToolCall, hansard.TypeToolResult, hansard.TypeToolCall, hansard.TypeToolResult,
	hansard.TypeReasoning, hansard.TypeDecision, hansard.TypeLLMResponse, hansard.TypeLLMResponse, hansard.TypeTokenUsage, hansard.TypeInvocation,
	hansard.TypeGeneric, hansard.TypeHandoff, hansard.TypeError,
}

// next makes one event with its place.
func (c *crowd) next1() *hansard.Entry {
	i := c.r.IntN(len(c.open))
	t := c.open[i]
	if t.left--; t.left == 0 {
		c.open[i] = c.begin()
	}
	r := c.r
	e := &hansard.Entry{}
	e.EventID = fmt.Sprintf("01JD%010d%08x", c.position, r.Uint32())
	e.TraceID, e.TaskID, e.SessionID, e.ParentEventID = t.id, t.task, t.session, t.last
	t.last = e.EventID
	e.SpanID = fmt.Sprintf("%016x", r.Uint64())
	e.AgentName, e.AgentVersion, e.Service, e.Environment = t.agent, "1.4.2", "orders", t.env
	e.Timestamp = epoch + int64(c.position)*c.step - r.Int64N(2e6)*100
	e.TimeSource, e.Dialect = hansard.TimeFromSender, "flat"
	e.EventType = pick(r, crowdTypes)
	if t.call != "" {
		e.EventType = hansard.TypeToolResult
	} else if e.EventType == hansard.TypeToolResult {
		e.EventType = hansard.TypeToolCall
	}
	c.fill(e, t)
	if c.position%1_000_003 == 77 {
		e.Reasoning = "the order was quarantined by xylograph policy"
	}
	return c.seal(e, crowdTier(e))
}

func (c *crowd) fill(e *hansard.Entry, t *openTrace) {
	r := c.r
	switch e.EventType {
	case hansard.TypeToolCall:
		t.call, t.tool = fmt.Sprintf("call_%08x", r.Uint32()), "tool_"+strconv.Itoa(min(r.IntN(40), r.IntN(40)))
		e.ToolCallID, e.ToolName, e.Action, e.SideEffect = t.call, t.tool, "tool_call:"+t.tool, pick(r, hansard.SideEffects)
		e.Params = json.RawMessage(fmt.Sprintf(`{"order_id":%d,"customer":"c-%d","note":%q,"amount":%d.25}`, r.IntN(1e6), r.IntN(1e5), c.words(14), r.IntN(500)))
	case hansard.TypeToolResult:
		e.ToolCallID, e.ToolName = t.call, t.tool
		t.call = ""
		e.Status = "ok"
		if n := r.IntN(50); n == 0 {
			e.Status, e.ErrorType, e.Error = "error", "IOError", "connection reset by peer: "+c.words(4)
		} else if n == 1 {
			e.Status = "timeout"
		}
		e.DurationUS = hansard.Some(int64(r.ExpFloat64() * 200_000))
		e.Result = json.RawMessage(fmt.Sprintf(`{"ok":true,"items":[{"id":%d,"text":%q}]}`, r.IntN(1e6), c.words(22)))
	case hansard.TypeLLMResponse, hansard.TypeTokenUsage:
		e.Model, e.Provider = "model-"+strconv.Itoa(r.IntN(6)), "provider-"+strconv.Itoa(r.IntN(3))
		e.InputTokens, e.OutputTokens = hansard.Some(r.Int64N(9000)), hansard.Some(r.Int64N(900))
		e.CostNanoUSD, e.CostSource = hansard.Some(r.Int64N(40_000_000)), "reported"
		e.DurationUS = hansard.Some(int64(r.ExpFloat64() * 1_500_000))
		if e.EventType == hansard.TypeLLMResponse {
			e.Response = json.RawMessage(fmt.Sprintf(`{"role":"assistant","content":%q}`, c.words(30)))
		}
	case hansard.TypeReasoning, hansard.TypeDecision:
		e.Reasoning, e.Confidence = c.words(40), hansard.Some(float64(r.IntN(1000))/1000)
		if e.EventType == hansard.TypeDecision {
			e.Decision = pick(r, []string{"refund", "escalate", "reply", "wait"})
		}
	case hansard.TypeError:
		e.Status, e.ErrorType, e.Error = "error", "ValueError", c.words(8)
	default:
		e.Attributes = json.RawMessage(fmt.Sprintf(`{"http.route":"/v1/%d","note":%q}`, r.IntN(40), c.words(12)))
	}
}

func crowdTier(e *hansard.Entry) hansard.Tier {
	switch {
	case e.Status == "error" || e.Status == "timeout":
		return hansard.TierCritical
	case e.EventType == hansard.TypeDecision || e.EventType == hansard.TypeHandoff:
		return hansard.TierCompliance
	case e.EventType == hansard.TypeReasoning:
		return hansard.TierDebug
	}
	return hansard.TierInfo
}

// bigWorld is a lake of events of some days in parts as merges leave them, and
// the newest 8,000 fresh. The parts stay in the folder that HANSARD_BENCH_DIR
// names, if it is set.
type bigWorld struct {
	*lake.Lake
	events int
	perDay int64
	last   int64 // receipt of the last event
}

func newBigWorld(b *testing.B, events int, perDay int64) *bigWorld {
	b.Helper()
	dir := b.TempDir()
	if root := os.Getenv("HANSARD_BENCH_DIR"); root != "" {
		dir = filepath.Join(root, fmt.Sprintf("lake-%d", events))
	}
	l, err := lake.New(lake.Config{Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = l.Close() })
	w := &bigWorld{Lake: l, events: events, perDay: perDay, last: epoch + int64(events-1)*(day/perDay)}
	if !w.load(b, dir) {
		w.build(b, dir)
		w.load(b, dir)
	}
	return w
}

const fresh = 8000

// build writes the parts and their indexes, and the fresh entries as a part of
// their own.
func (w *bigWorld) build(b *testing.B, dir string) {
	c := newCrowd(9, w.perDay)
	logs := map[hansard.Tier][]*hansard.Entry{}
	write := func(tier hansard.Tier, entries []*hansard.Entry) { writePart(b, c.enc, dir, entries) }
	for i := range w.events {
		e := c.next1()
		if l := logs[e.Tier]; len(l) > 0 && (len(l) == part.MaxRows || part.Date(l[0].ReceivedAt) != part.Date(e.ReceivedAt) || i == w.events-fresh) {
			write(e.Tier, l)
			logs[e.Tier] = nil
		}
		if i == w.events-fresh {
			for tier, l := range logs {
				if len(l) > 0 {
					write(tier, l)
				}
				logs[tier] = nil
			}
		}
		logs[e.Tier] = append(logs[e.Tier], e)
	}
	f, err := os.Create(filepath.Join(dir, "fresh"))
	if err != nil {
		b.Fatal(err)
	}
	bw := bufio.NewWriter(f)
	for _, l := range logs {
		for _, e := range l {
			row := c.enc.AppendRow(nil, e)
			bw.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(row))))
			bw.Write(row)
		}
	}
	if err := bw.Flush(); err != nil {
		b.Fatal(err)
	}
	_ = f.Close()
}

// load tells the lake what is in the folder; false if there is nothing.
func (w *bigWorld) load(b *testing.B, dir string) bool {
	f, err := os.Open(filepath.Join(dir, "fresh"))
	if err != nil {
		return false
	}
	defer f.Close()
	rows := map[hansard.Tier][]*hansard.Entry{}
	enc, r := part.NewEncoder(), bufio.NewReader(f)
	for {
		var n [4]byte
		if _, err := io.ReadFull(r, n[:]); err != nil {
			break
		}
		row := make([]byte, binary.LittleEndian.Uint32(n[:]))
		if _, err := io.ReadFull(r, row); err != nil {
			b.Fatal(err)
		}
		e, err := enc.ParseRow(row)
		if err != nil {
			b.Fatal(err)
		}
		e.Log = hansard.LogID{Tenant: tenant, Tier: e.Tier}
		rows[e.Tier] = append(rows[e.Tier], e)
	}
	for _, tier := range hansard.Tiers {
		paths, err := filepath.Glob(filepath.Join(dir, "tenants", tenant, string(tier), "parts", "*", "*.index"))
		if err != nil {
			b.Fatal(err)
		}
		var infos []part.Info
		for _, p := range paths {
			f, err := os.Open(p)
			if err != nil {
				b.Fatal(err)
			}
			x, err := part.OpenIndex(f)
			if err != nil {
				b.Fatal(err)
			}
			_ = f.Close()
			infos = append(infos, x.Info)
		}
		w.Load(hansard.LogID{Tenant: tenant, Tier: tier}, infos, part.NewEncoder().RowsOf(rows[tier]))
	}
	return true
}
