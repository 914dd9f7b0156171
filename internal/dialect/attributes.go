package dialect

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/hansardhq/hansard/internal/rawjson"
)

// member is one member of a JSON object: the key as text, the value as valid
// JSON.
type member struct {
	key   string
	value []byte
}

// addAttributes returns the attributes object sent (valid JSON, or empty) with
// the given members behind its own. A key that is there already with another
// value gets a suffix, "key~2"; with the same value it is not added again.
// The result is compact and shares no memory with its arguments; it is nil
// when there are no attributes.
func addAttributes(sent []byte, extras []member) json.RawMessage {
	n := len(sent) + 2
	for _, m := range extras {
		n += len(m.key) + len(m.value) + 8
	}
	dst := append(make([]byte, 0, n), '{')
	seen := keyring{}
	_ = rawjson.Object(sent, func(k, v []byte) error {
		if len(dst) > 1 {
			dst = append(dst, ',')
		}
		dst = append(rawjson.Compact(dst, k), ':')
		at := len(dst)
		dst = rawjson.Compact(dst, v)
		if len(extras) > 0 {
			seen.add(string(rawjson.Unquote(nil, k)), dst[at:])
		}
		return nil
	})
	for _, m := range extras {
		key, ok := seen.free(m)
		if !ok {
			continue
		}
		if len(dst) > 1 {
			dst = append(dst, ',')
		}
		dst = append(rawjson.AppendQuote(dst, key), ':')
		at := len(dst)
		dst = rawjson.Compact(dst, m.value)
		seen.add(key, dst[at:])
	}
	if len(dst) == 1 {
		return nil
	}
	return append(dst, '}')
}

// keyring remembers which keys an object has, and with which values. Few keys
// are kept in a list; many get a map, because a sender decides how many.
type keyring struct {
	list  []member
	index map[string]int // key to its place in list; nil while the list is short
	last  map[string]int // the greatest suffix given to a key
}

const shortKeyring = 16

func (r *keyring) add(key string, value []byte) {
	if r.index == nil && len(r.list) == shortKeyring {
		r.index = make(map[string]int, 4*shortKeyring)
		for i, m := range r.list {
			r.index[m.key] = i
		}
	}
	if r.index != nil {
		r.index[key] = len(r.list)
	}
	r.list = append(r.list, member{key, value})
}

func (r *keyring) find(key string) (value []byte, ok bool) {
	if r.index != nil {
		i, ok := r.index[key]
		if !ok {
			return nil, false
		}
		return r.list[i].value, true
	}
	for _, m := range r.list {
		if m.key == key {
			return m.value, true
		}
	}
	return nil, false
}

// free returns the key to add m under: its own, or that with the first suffix
// that is free. It is not ok when the same value is there already.
func (r *keyring) free(m member) (key string, ok bool) {
	have, taken := r.find(m.key)
	if !taken {
		return m.key, true
	}
	value := rawjson.Compact(nil, m.value)
	// Remembering the last suffix keeps a thousand equal keys linear.
	for n := max(r.last[m.key], 1) + 1; ; n++ {
		if bytes.Equal(have, value) {
			return "", false
		}
		key = m.key + "~" + strconv.Itoa(n)
		if have, taken = r.find(key); !taken {
			if r.last == nil {
				r.last = map[string]int{}
			}
			r.last[m.key] = n
			return key, true
		}
	}
}
