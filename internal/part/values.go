package part

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/hansardhq/hansard/internal/rawjson"

	"github.com/hansardhq/hansard"
)

// getResources renders the resources as canonical JSON: an array of objects
// whose keys are sorted and whose empty members are left out.
func getResources(e *entry) []byte {
	if len(e.Resources) == 0 {
		return nil
	}
	dst := []byte{'['}
	for i, r := range e.Resources {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, '{')
		dst = appendMember(dst, "data_class", r.DataClass)
		dst = appendMember(dst, "id", r.ID)
		dst = appendMember(dst, "kind", r.Kind)
		dst = appendMember(dst, "operation", r.Operation)
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

func appendMember(dst []byte, key, value string) []byte {
	if value == "" {
		return dst
	}
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst = rawjson.AppendQuote(dst, key)
	return rawjson.AppendQuote(append(dst, ':'), value)
}

func setResources(e *entry, b []byte) error {
	e.Resources = nil
	if len(b) == 0 {
		return nil
	}
	if err := json.Unmarshal(b, &e.Resources); err != nil {
		return fmt.Errorf("resources: %w", err)
	}
	return nil
}

// getRedactions renders the counts as a canonical JSON object. Redaction hands
// them over sorted by kind.
func getRedactions(e *entry) []byte {
	if len(e.Redactions) == 0 {
		return nil
	}
	dst := []byte{'{'}
	for i, r := range e.Redactions {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(rawjson.AppendQuote(dst, r.Kind), ':')
		dst = strconv.AppendInt(dst, r.N, 10)
	}
	return append(dst, '}')
}

func setRedactions(e *entry, b []byte) error {
	e.Redactions = nil
	if len(b) == 0 {
		return nil
	}
	if err := rawjson.Valid(b, 2); err != nil {
		return fmt.Errorf("redactions: %w", err)
	}
	return rawjson.Object(b, func(key, value []byte) error {
		n, err := strconv.ParseInt(string(value), 10, 64)
		if err != nil {
			return fmt.Errorf("redactions: %w", err)
		}
		kind := string(rawjson.Unquote(nil, key))
		e.Redactions = append(e.Redactions, hansard.RedactionCount{Kind: kind, N: n})
		return nil
	})
}

func getDigest(e *entry) []byte {
	if e.ContentSize == 0 {
		return nil
	}
	return e.ContentDigest[:]
}

func setDigest(e *entry, b []byte) error {
	if len(b) != len(e.ContentDigest) {
		return fmt.Errorf("content_digest: %d bytes, want %d", len(b), len(e.ContentDigest))
	}
	copy(e.ContentDigest[:], b)
	return nil
}
