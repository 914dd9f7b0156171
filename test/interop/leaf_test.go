package interop_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// contentColumns are the columns of the content, in the order in which the
// content holds them. They are frozen with version 1 of the encoder.
func contentColumns() []string {
	return strings.Fields(`params result reasoning alternatives context_summary error stack_trace correction comment
		follow_up messages response attributes persons`)
}

// jsonColumns are the columns whose values are JSON.
func jsonColumns() []string {
	return strings.Fields("params result alternatives messages response attributes persons resources redactions statement")
}

// text returns the value of a column as JSON.
func (r row) text(name string) ([]byte, error) {
	v := r[name]
	switch {
	case slices.Contains(jsonColumns(), name):
		return []byte(v.(string)), nil
	case name == "timestamp" || name == "received_at":
		v = time.Unix(0, v.(int64)).UTC().Format(time.RFC3339Nano)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	// The standard library escapes two characters that RFC 8785 leaves alone.
	text := strings.NewReplacer(`\\`, `\\`, `\u2028`, "\u2028", `\u2029`, "\u2029").Replace(b.String())
	return []byte(strings.TrimSuffix(text, "\n")), nil
}

// object returns a JSON object of the named columns that are not null.
func (r row) object(names []string, more map[string]string) ([]byte, error) {
	var members []string
	for _, name := range names {
		value, given := more[name]
		if _, ok := r[name]; ok && !given {
			b, err := r.text(name)
			if err != nil {
				return nil, err
			}
			value, given = string(b), true
		}
		if given {
			members = append(members, fmt.Sprintf("%q:%s", name, value))
		}
	}
	return []byte("{" + strings.Join(members, ",") + "}"), nil
}

// leaf renders the row's leaf: RFC 8785 canonical JSON of the envelope, with the
// commitment to the content.
func (r row) leaf() ([]byte, error) {
	beside := append(contentColumns(), "index", "salt", "content_digest", "content_size")
	var names []string
	for name := range r {
		if !slices.Contains(beside, name) {
			names = append(names, name)
		}
	}
	more := map[string]string{}
	if size, ok := r["content_size"]; ok {
		names = append(names, "content")
		more["content"] = fmt.Sprintf(`{"alg":"sha256","digest":"%x","size":%d}`, r["content_digest"], size)
	}
	slices.Sort(names)
	return r.object(names, more)
}

// checkContent checks that the row's content is what its digest commits to.
func (r row) checkContent() error {
	content, err := r.object(contentColumns(), nil)
	if err != nil {
		return err
	}
	size, ok := r["content_size"].(int64)
	if !ok {
		if string(content) != "{}" {
			return fmt.Errorf("content that nothing commits to")
		}
		return nil
	}
	salt, _ := r["salt"].(string)
	digest, _ := r["content_digest"].(string)
	sum := sha256.Sum256(append([]byte(salt), content...))
	if len(salt) != 16 || int(size) != len(content) || string(sum[:]) != digest {
		return fmt.Errorf("the content has the digest %s, committed is %x", hex.EncodeToString(sum[:]), digest)
	}
	return nil
}
