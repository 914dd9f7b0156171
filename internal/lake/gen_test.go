package lake_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/part"
)

const (
	tenant = "acme"
	day    = int64(24 * 60 * 60 * 1e9)
	epoch  = int64(1763907781250000000) // 2025-11-23T14:23:01.25Z
)

// source makes entries of one tenant as a ledger would: positions and receipt
// times rise over all logs, indexes within each log.
type source struct {
	r        *rand.Rand
	enc      *part.Encoder
	position uint64
	next     map[hansard.Tier]uint64
	step     int64 // nanoseconds between events
	perTrace int
}

func newSource(seed uint64) *source {
	return &source{r: rand.New(rand.NewPCG(seed, 11)), enc: part.NewEncoder(), next: map[hansard.Tier]uint64{}, step: 1e6, perTrace: 12}
}

// seal gives the entry its place and its hashes.
func (s *source) seal(e *hansard.Entry, tier hansard.Tier) *hansard.Entry {
	e.Encoder, e.Position, e.SubmittedBy, e.Tier = hansard.EncoderVersion, s.position, "loopback", tier
	e.ReceivedAt = epoch + int64(s.position)*s.step
	e.Log, e.Index = hansard.LogID{Tenant: tenant, Tier: tier}, s.next[tier]
	s.next[tier]++
	s.position++
	if e.Timestamp == 0 {
		e.Timestamp = e.ReceivedAt
	}
	if e.TraceID == "" {
		e.TraceID = e.EventID
	}
	if content := s.enc.AppendContent(nil, e); len(content) > 0 {
		salt := sha256.Sum256([]byte(e.EventID))
		e.Salt = salt[:16]
		e.ContentDigest, e.ContentSize = part.Digest(e.Salt, content), int64(len(content))
	}
	e.LeafHash = part.HashLeaf(s.enc.AppendLeaf(nil, e))
	return e
}

func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

// event makes one event of the kinds that agents send.
func (s *source) event() *hansard.Entry {
	r, n := s.r, s.position
	e := &hansard.Entry{}
	e.EventID = fmt.Sprintf("ev-%08d", n)
	e.TraceID = fmt.Sprintf("trace-%06d", n/uint64(s.perTrace))
	e.TaskID, e.SessionID = fmt.Sprintf("task-%d", n/uint64(s.perTrace)/3), fmt.Sprintf("s-%d", n%97)
	e.SpanID = fmt.Sprintf("span-%08d", n)
	if n%uint64(s.perTrace) != 0 {
		e.ParentEventID = fmt.Sprintf("ev-%08d", n-1)
	}
	e.AgentName, e.AgentVersion = pick(r, []string{"billing", "support", "planner", "Écho"}), "1.2"
	e.Service, e.Environment = "svc", pick(r, []string{"prod", "dev"})
	e.EventType = pick(r, []string{hansard.TypeToolCall, hansard.TypeToolResult, hansard.TypeReasoning, hansard.TypeDecision, hansard.TypeLLMResponse, hansard.TypeTokenUsage, hansard.TypeInvocation, hansard.TypeGeneric})
	e.Timestamp = epoch + int64(n)*s.step - r.Int64N(5e6)*1000
	e.TimeSource = hansard.TimeFromSender
	if r.IntN(20) == 0 {
		e.TimeSource = hansard.TimeSynthetic
	}
	e.Dialect = "flat"
	s.details(e)
	return e
}

func (s *source) details(e *hansard.Entry) {
	r := s.r
	switch e.EventType {
	case hansard.TypeToolCall, hansard.TypeToolResult:
		e.ToolName = pick(r, []string{"get_order", "process_refund", "search", "send_mail"})
		e.Action, e.SideEffect = "tool_call:"+e.ToolName, pick(r, hansard.SideEffects)
		e.ToolCallID = fmt.Sprintf("call-%d", r.IntN(6))
		e.Params = json.RawMessage(fmt.Sprintf(`{"order_id":%d,"note":"Zoë \u00fcber %d","nested":{"a":[1,2],"ok":true},"amount":%d.50}`, r.IntN(50), r.IntN(9), r.IntN(100)))
		e.Status = pick(r, []string{"ok", "ok", "ok", "ok", "error", "timeout", "denied", ""})
		e.Resources = []hansard.Resource{{Kind: "order", ID: "o1", Operation: "read"}, {Kind: "customer", DataClass: "pii"}}[:r.IntN(3)]
		if len(e.Resources) == 0 {
			e.Resources = nil
		}
		if r.IntN(3) > 0 {
			e.DurationUS = hansard.Some(r.Int64N(2_000_000))
		}
	case hansard.TypeLLMResponse, hansard.TypeTokenUsage:
		e.Model, e.Provider = pick(r, []string{"large", "small"}), "p"
		if r.IntN(4) > 0 {
			e.InputTokens, e.OutputTokens = hansard.Some(r.Int64N(5000)), hansard.Some(r.Int64N(900))
			e.CostNanoUSD, e.CostSource = hansard.Some(r.Int64N(1e9)), "reported"
		}
		if r.IntN(10) == 0 {
			e.Labels = []string{"x", "aggregate"}
		}
		e.Messages = json.RawMessage(fmt.Sprintf(`[{"role":"user","content":"where is order %d?"}]`, r.IntN(100)))
	case hansard.TypeReasoning:
		e.Reasoning = fmt.Sprintf("The customer %d asks for a REFUND of their order; policy %d allows it.", r.IntN(1000), r.IntN(10))
		e.Confidence = hansard.Some(r.Float64())
	case hansard.TypeDecision:
		e.Decision, e.Confidence = pick(r, []string{"refund", "escalate"}), hansard.Some(0.87)
		e.Attributes = json.RawMessage(pick(r, []string{`{"http.route":"/x","retries":2,"flag":false}`, `{"http":{"route":"/y"},"retries":"2","list":[1]}`, `{"retries":null}`}))
		e.UserID = "pii:person:1:00112233aabbccdd"
		e.Persons = json.RawMessage(`{"user_id":"zoe@example.com"}`)
	}
	if e.Status == "error" {
		e.Error, e.ErrorType = "connection reset\nby peer", "IOError"
	}
	if r.IntN(6) == 0 {
		e.Tags = []string{"vip", "batch", "Ünï"}[:1+r.IntN(3)]
	}
	if r.IntN(30) == 0 {
		e.Truncated = true
		e.Redactions = []hansard.RedactionCount{{Kind: "email", N: 2}, {Kind: "secret", N: 1}}
	}
}

func tierOf(e *hansard.Entry) hansard.Tier {
	switch {
	case e.Status == "error" || e.Status == "timeout":
		return hansard.TierCritical
	case e.EventType == hansard.TypeDecision:
		return hansard.TierCompliance
	case e.EventType == hansard.TypeReasoning || e.EventType == hansard.TypeGeneric:
		return hansard.TierDebug
	}
	return hansard.TierInfo
}

func (s *source) entries(n int) []*hansard.Entry {
	var all []*hansard.Entry
	for range n {
		e := s.event()
		all = append(all, s.seal(e, tierOf(e)))
	}
	return all
}

// writePart writes the entries, all of one log with consecutive indexes, as a
// part below dir, and returns what the manifest knows of it.
func writePart(t testing.TB, enc *part.Encoder, dir string, entries []*hansard.Entry) part.Info {
	t.Helper()
	sorted := append([]*hansard.Entry(nil), entries...)
	var buf bytes.Buffer
	if err := enc.Write(&buf, sorted); err != nil {
		t.Fatal(err)
	}
	first, last := entries[0], entries[len(entries)-1]
	name := part.Name{First: first.Index, End: last.Index + 1}
	ids := make([]part.ID, len(entries))
	for i, e := range entries {
		ids[i].Event = part.EventHash(e.EventID)
	}
	x := part.NewIndex(name, entries, ids)
	x.AddRowTexts(enc, enc.RowsOf(entries))
	x.Bytes, x.SHA256 = int64(buf.Len()), sha256.Sum256(buf.Bytes())
	info := x.Info
	folder := filepath.Join(dir, "tenants", info.Log.Tenant, string(info.Log.Tier), "parts", info.Date)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, name.String()), buf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(info.Path(dir)+".index", x.Append(nil), 0o600); err != nil {
		t.Fatal(err)
	}
	return info
}
