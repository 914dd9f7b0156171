package part

import (
	"encoding/binary"
	"encoding/json"
	"math"

	"github.com/hansardhq/hansard"
)

// AppendBody appends the body of e's row. It says column by column what the
// table in columns.go says, because every event passes here and calls through
// the table cost three times as much; a test holds the two against each other.
func AppendBody(dst []byte, e *hansard.Entry) []byte {
	dst, _ = AppendUncommitted(dst, e)
	return AppendCommitment(dst, e.Salt, e.ContentDigest, e.ContentSize)
}

// Given says where in a body the columns lie that the server gave an event, not
// its sender, which are submitted_by and tier, and where the content begins, behind
// the whole envelope.
type Given struct{ From, To, Content int }

// AppendUncommitted appends the body of e's row without the commitment to its
// content, AppendCommitment's, which ends a body.
func AppendUncommitted(dst []byte, e *hansard.Entry) ([]byte, Given) {
	start := len(dst)
	dst = appendSent(dst, e)
	g := Given{From: len(dst) - start}
	dst = str(dst, 56, e.SubmittedBy)
	dst = str(dst, 57, string(e.Tier))
	g.To = len(dst) - start
	dst = appendOurs(dst, e)
	g.Content = len(dst) - start
	return appendContent(dst, e), g
}

// appendSent appends the envelope columns that a sender fills: IDs below that of
// submitted_by.
func appendSent(dst []byte, e *hansard.Entry) []byte {
	dst = str(dst, 1, e.EventID)
	dst = str(dst, 2, e.EventType)
	dst = str(dst, 4, e.AgentName)
	dst = str(dst, 5, e.AgentID)
	dst = str(dst, 6, e.AgentVersion)
	dst = str(dst, 7, e.TaskID)
	dst = str(dst, 8, e.SessionID)
	dst = str(dst, 9, e.UserID)
	dst = str(dst, 10, e.TraceID)
	dst = str(dst, 11, e.SpanID)
	dst = str(dst, 12, e.ParentEventID)
	dst = str(dst, 13, e.Service)
	dst = str(dst, 14, e.Environment)
	dst = list(dst, 15, e.Tags)
	dst = str(dst, 16, e.Action)
	dst = str(dst, 17, e.ToolName)
	dst = str(dst, 18, e.ToolCallID)
	dst = str(dst, 19, e.SideEffect)
	dst = num(dst, 20, e.DurationUS)
	dst = str(dst, 21, e.Status)
	dst = str(dst, 22, e.Decision)
	dst = flt(dst, 23, e.Confidence)
	dst = str(dst, 24, e.Source)
	dst = str(dst, 25, e.ActorType)
	dst = str(dst, 26, e.ActorID)
	dst = str(dst, 27, e.ActorRole)
	dst = list(dst, 28, e.OnBehalfOf)
	dst = str(dst, 29, e.Provenance)
	dst = appendHuman(dst, e)
	return appendCost(dst, e)
}

func appendHuman(dst []byte, e *hansard.Entry) []byte {
	dst = str(dst, 30, e.Intervention)
	dst = str(dst, 31, e.ApprovalID)
	dst = str(dst, 32, e.Approver)
	dst = str(dst, 33, e.ArgumentsHash)
	dst = str(dst, 34, e.PolicyID)
	dst = str(dst, 35, e.PolicyVersion)
	dst = num(dst, 36, e.DecisionUS)
	dst = str(dst, 37, e.HandoffFrom)
	return str(dst, 38, e.HandoffTo)
}

func appendCost(dst []byte, e *hansard.Entry) []byte {
	dst = str(dst, 39, e.Model)
	dst = str(dst, 40, e.Provider)
	dst = num(dst, 41, e.InputTokens)
	dst = num(dst, 42, e.OutputTokens)
	dst = num(dst, 43, e.CacheReadTokens)
	dst = num(dst, 44, e.CacheWriteTokens)
	dst = num(dst, 45, e.ReasoningTokens)
	dst = num(dst, 46, e.TokenCount)
	dst = num(dst, 47, e.CostNanoUSD)
	dst = str(dst, 48, e.CostSource)
	dst = str(dst, 49, e.ErrorType)
	dst = str(dst, 50, e.RecoveryAction)
	dst = num(dst, 51, e.Attempt)
	dst = flt(dst, 52, e.Rating)
	if len(e.Resources) > 0 {
		dst = raw(dst, 53, getResources(e))
	}
	return dst
}

func appendOurs(dst []byte, e *hansard.Entry) []byte {
	dst = list(dst, 58, e.Labels)
	if len(e.Redactions) > 0 {
		dst = raw(dst, 59, getRedactions(e))
	}
	if e.Truncated {
		dst = append(dst, 60)
	}
	dst = str(dst, 61, e.Dialect)
	dst = str(dst, 62, e.TimeSource)
	dst = raw(dst, 63, e.Statement)
	return binary.AppendVarint(append(dst, 64), e.Encoder)
}

func appendContent(dst []byte, e *hansard.Entry) []byte {
	dst = raw(dst, 65, e.Params)
	dst = raw(dst, 66, e.Result)
	dst = str(dst, 67, e.Reasoning)
	dst = raw(dst, 68, e.Alternatives)
	dst = str(dst, 69, e.ContextSummary)
	dst = str(dst, 70, e.Error)
	dst = str(dst, 71, e.StackTrace)
	dst = str(dst, 72, e.Correction)
	dst = str(dst, 73, e.Comment)
	dst = str(dst, 74, e.FollowUp)
	dst = raw(dst, 75, e.Messages)
	dst = raw(dst, 76, e.Response)
	dst = raw(dst, 77, e.Attributes)
	return raw(dst, 78, e.Persons)
}

// AppendCommitment appends the last columns of a body: salt, digest and size of
// the content.
func AppendCommitment(dst, salt []byte, digest hansard.Hash, size int64) []byte {
	dst = raw(dst, 80, salt)
	if size == 0 {
		return dst
	}
	dst = raw(dst, 81, digest[:])
	return binary.AppendVarint(append(dst, 82), size)
}

func str(dst []byte, id byte, s string) []byte {
	if s == "" {
		return dst
	}
	if len(s) < 0x80 {
		return append(append(dst, id, byte(len(s))), s...)
	}
	return appendText(append(dst, id), s)
}

func raw(dst []byte, id byte, b json.RawMessage) []byte {
	if len(b) == 0 {
		return dst
	}
	return appendText(append(dst, id), b)
}

func num(dst []byte, id byte, v hansard.Opt[int64]) []byte {
	if !v.Set {
		return dst
	}
	return binary.AppendVarint(append(dst, id), v.V)
}

func flt(dst []byte, id byte, v hansard.Opt[float64]) []byte {
	if !v.Set {
		return dst
	}
	return binary.LittleEndian.AppendUint64(append(dst, id), math.Float64bits(v.V))
}

func list(dst []byte, id byte, items []string) []byte {
	if len(items) == 0 {
		return dst
	}
	dst = binary.AppendUvarint(append(dst, id), uint64(len(items)))
	for _, s := range items {
		dst = appendText(dst, s)
	}
	return dst
}
