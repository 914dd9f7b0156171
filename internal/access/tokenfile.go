package access

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"regexp"
	"runtime"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/hansardhq/hansard"
)

// maxTokenFile bounds a token file, in bytes.
const maxTokenFile = 1 << 20

const tokenFileHint = "a token file is a YAML list of {id, tenant, role: ingest|reader|admin, token_sha256 or token, and optionally expires}"

// ReadTokens reads a token file (ParseTokens says what is in one). A file that
// its group or others may read or write is refused. Errors are of kind not
// found or invalid, with a hint; none quotes the file.
func ReadTokens(path string) (*Tokens, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, hansard.Errorf(hansard.KindNotFound, "open token file: %w", err)
	}
	if err != nil {
		return nil, hansard.Errorf(hansard.KindInvalid, "open token file: %w", err)
	}
	defer f.Close()
	if err := checkMode(f, path); err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, maxTokenFile+1))
	if err != nil {
		return nil, hansard.Errorf(hansard.KindInternal, "read token file: %w", err)
	}
	t, err := ParseTokens(b)
	if err != nil {
		return nil, hansard.WithHint(hansard.Errorf(hansard.KindOf(err), "token file %s: %w", path, err), hansard.HintOf(err))
	}
	return t, nil
}

// checkMode refuses what is no regular file or not the owner's alone. It asks
// the open file, so that nobody can swap it in between.
func checkMode(f *os.File, path string) error {
	info, err := f.Stat()
	if err != nil {
		return hansard.Errorf(hansard.KindInternal, "read token file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return hansard.Errorf(hansard.KindInvalid, "token file %s: not a regular file", path)
	}
	// Windows has no such mode bits; Go makes up 0666 there.
	if perm := info.Mode().Perm(); runtime.GOOS != "windows" && perm&0o077 != 0 {
		err := hansard.Errorf(hansard.KindInvalid, "token file %s: others can get at the tokens (mode %04o)", path, perm)
		return hansard.WithHint(err, "chmod 600 "+path)
	}
	return nil
}

// ParseTokens reads the text of a token file: a YAML list of
//
//   - id: ci                      # 1 to 64 of A-Z a-z 0-9 . _ -
//     token_sha256: 5e88...       # or token: in clear, 24 to 512 characters
//     tenant: default             # 1 to 63 of a-z 0-9 -
//     role: ingest                # ingest, reader or admin
//     expires: 2027-01-01T00:00:00Z   # optional
//
// Unknown and repeated fields, repeated ids or tokens, aliases and an empty
// list are refused. Errors are of kind invalid, say the line and never quote
// what stands there.
func ParseTokens(b []byte) (*Tokens, error) {
	list, err := tokenList(b)
	if err != nil {
		return nil, err
	}
	var entries []entry
	ids := map[string]bool{}
	hashes := map[[sha256.Size]byte]bool{}
	for _, n := range list {
		e, err := parseEntry(n)
		if err != nil {
			return nil, err
		}
		if ids[e.id] {
			return nil, badLine(n.Line, "an id that an entry before it has too")
		}
		if hashes[e.hash] {
			return nil, badLine(n.Line, "a token that an entry before it has too")
		}
		ids[e.id], hashes[e.hash] = true, true
		entries = append(entries, e)
	}
	return newTokens(entries), nil
}

// tokenList returns the entries of the one list that b must hold.
func tokenList(b []byte) ([]*yaml.Node, error) {
	if len(b) > maxTokenFile {
		return nil, hansard.Errorf(hansard.KindInvalid, "larger than %d bytes", maxTokenFile)
	}
	dec := yaml.NewDecoder(bytes.NewReader(b))
	var doc, rest yaml.Node
	err := dec.Decode(&doc)
	if err == nil {
		if err = dec.Decode(&rest); err == nil {
			return nil, badLine(rest.Line, "a second document")
		}
	}
	if !errors.Is(err, io.EOF) {
		return nil, syntaxError(err)
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 || doc.Content[0].Kind != yaml.SequenceNode || len(doc.Content[0].Content) == 0 {
		return nil, hansard.WithHint(hansard.Errorf(hansard.KindInvalid, "no list of tokens"), tokenFileHint)
	}
	return doc.Content[0].Content, nil
}

// syntaxError keeps nothing but the line of a YAML error: its text quotes what
// it could not read, and that may be a token.
func syntaxError(err error) error {
	where := "somewhere"
	if m := regexp.MustCompile(`line \d{1,9}`).FindString(err.Error()); m != "" {
		where = "near " + m
	}
	return hansard.WithHint(hansard.Errorf(hansard.KindInvalid, "not YAML %s", where), tokenFileHint)
}

func badLine(line int, what string) error {
	return hansard.WithHint(hansard.Errorf(hansard.KindInvalid, "line %d: %s", line, what), tokenFileHint)
}

// parseEntry reads one entry of the list.
func parseEntry(n *yaml.Node) (entry, error) {
	var e entry
	if n.Kind != yaml.MappingNode {
		return e, badLine(n.Line, "not an entry with fields")
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			return e, badLine(key.Line, "a field name that is no plain text")
		}
		if seen[key.Value] {
			return e, badLine(key.Line, "a field that the entry has already")
		}
		seen[key.Value] = true
		if value.Kind != yaml.ScalarNode || value.Value == "" || !plainTag(value.ShortTag()) {
			return e, badLine(value.Line, "a field without a plain value")
		}
		if wrong := e.set(key.Value, value.Value); wrong != "" {
			return e, badLine(value.Line, wrong)
		}
	}
	switch {
	case !seen["id"] || !seen["tenant"] || !seen["role"]:
		return e, badLine(n.Line, "an entry without id, tenant or role")
	case seen["token"] == seen["token_sha256"]:
		return e, badLine(n.Line, "an entry must have either token_sha256 or token")
	}
	return e, nil
}

// plainTag reports whether a YAML value is written text: a hash of digits only
// looks like a number to YAML, and is still a hash.
func plainTag(tag string) bool {
	switch tag {
	case "!!str", "!!int", "!!float", "!!bool", "!!timestamp":
		return true
	}
	return false
}

// set fills one field and returns what is wrong with it, "" if nothing is.
func (e *entry) set(key, value string) string {
	switch key {
	case "id":
		e.id = value
		return check(validName(value) && value != Loopback && value != Public && !strings.HasPrefix(value, TokenPrefix),
			"id must be 1 to 64 of A-Z a-z 0-9 . _ -, not \""+Loopback+"\" or \""+Public+"\" and not a token")
	case "tenant":
		e.tenant = value
		return check(ValidTenant(value), "tenant must be 1 to 63 of a-z 0-9 -")
	case "role":
		e.role = Role(value)
		return check(e.role.Valid(), "role must be ingest, reader or admin")
	case "token":
		e.hash = sha256.Sum256([]byte(value))
		return check(len(value) >= minToken && validToken(value),
			"token must be 24 to 512 of A-Z a-z 0-9 - . _ ~ + /")
	case "token_sha256":
		b, err := hex.DecodeString(value)
		copy(e.hash[:], b)
		return check(err == nil && len(b) == sha256.Size, "token_sha256 must be 64 hexadecimal digits")
	case "expires":
		var err error
		e.expires, err = time.Parse(time.RFC3339, value)
		return check(err == nil && !e.expires.IsZero(), "expires must be a time like 2027-01-01T00:00:00Z")
	}
	return "a field that is not known"
}

func check(ok bool, wrong string) string {
	if ok {
		return ""
	}
	return wrong
}
