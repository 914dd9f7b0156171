package part

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// ParseLeaf reads a leaf back into the envelope of an entry and its commitment.
// It is the inverse of AppendLeaf; the content, salt and index are not in a
// leaf. A leaf that AppendLeaf would spell otherwise is refused.
func (enc *Encoder) ParseLeaf(leaf []byte) (*hansard.Entry, error) {
	if len(leaf) > MaxLeaf {
		return nil, fmt.Errorf("leaf of %d bytes, more than %d", len(leaf), MaxLeaf)
	}
	if err := rawjson.Valid(leaf, 8); err != nil {
		return nil, fmt.Errorf("leaf: %w", err)
	}
	e := &hansard.Entry{}
	err := rawjson.Object(leaf, func(key, value []byte) error {
		name := string(rawjson.Unquote(nil, key))
		if name == "content" {
			return parseCommitment(e, value)
		}
		c := enc.byName[name]
		if c == nil || c.Class != Envelope {
			return fmt.Errorf("leaf: unknown member %q", name)
		}
		if err := c.parseLeafValue(e, value); err != nil {
			return fmt.Errorf("leaf: %s: %w", name, err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if e.Encoder != hansard.EncoderVersion {
		return nil, fmt.Errorf("leaf: encoder version %d, this program knows %d", e.Encoder, hansard.EncoderVersion)
	}
	if got := enc.AppendLeaf(nil, e); string(got) != string(leaf) {
		return nil, fmt.Errorf("leaf: not in canonical form")
	}
	return e, nil
}

func parseCommitment(e *hansard.Entry, value []byte) error {
	digest := rawjson.Unquote(nil, rawjson.Get(value, "digest"))
	if n, err := hex.Decode(e.ContentDigest[:], digest[:min(len(digest), 64)]); err != nil || n != 32 {
		return fmt.Errorf("leaf: content digest is not 64 hexadecimal digits")
	}
	size, err := strconv.ParseInt(string(rawjson.Get(value, "size")), 10, 64)
	if err != nil || size <= 0 {
		return fmt.Errorf("leaf: bad content size")
	}
	e.ContentSize = size
	return nil
}

func (c *Column) parseLeafValue(e *hansard.Entry, value []byte) error {
	if want := c.leafToken(); want != 0 && value[0] != want {
		return fmt.Errorf("value has the wrong type")
	}
	switch c.Kind {
	case String:
		*c.str(e) = string(rawjson.Unquote(nil, value))
	case Int:
		v, err := strconv.ParseInt(string(value), 10, 64)
		if err != nil {
			return err
		}
		c.setInt(e, v)
	case Time:
		t, err := time.Parse(time.RFC3339Nano, string(rawjson.Unquote(nil, value)))
		if err != nil {
			return err
		}
		c.setInt(e, t.UnixNano())
	case Float:
		v, err := strconv.ParseFloat(string(value), 64)
		if err != nil {
			return err
		}
		*c.float(e) = hansard.Some(v)
	case Bool:
		*c.flag(e) = string(value) == "true"
	case List:
		return rawjson.Array(value, func(item []byte) error {
			*c.list(e) = append(*c.list(e), string(rawjson.Unquote(nil, item)))
			return nil
		})
	default:
		return c.setBytes(e, append([]byte(nil), value...))
	}
	return nil
}

// leafToken returns the first byte that a value of the column has in a leaf,
// 0 if several are possible.
func (c *Column) leafToken() byte {
	switch c.Kind {
	case String, Time:
		return '"'
	case Bool:
		return 't'
	case List:
		return '['
	}
	return 0
}
