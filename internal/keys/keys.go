// Package keys keeps the keys: one that signs each log, one that signs the
// journal, and the pseudonym keys of each tenant. They live outside the data
// folder, mode 0600, and are never part of a backup or an export: whoever
// copies the data can neither sign history anew nor guess pseudonyms.
package keys

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/note"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/redact"
	"github.com/hansardhq/hansard/proof"
)

// Ring is a folder of keys. It is safe for concurrent use.
type Ring struct {
	fs   durable.FS
	dir  string
	name string

	mu sync.Mutex // held while a key is read or made, so that one is made once
}

// Open returns the ring in dir for the server of the given name. The folder is
// made if it is missing. A folder that others may read is refused.
func Open(fsys durable.FS, dir, name string) (*Ring, error) {
	if err := fsys.MkdirAll(dir); err != nil {
		return nil, fmt.Errorf("make key folder: %w", err)
	}
	if info, err := fsys.Stat(dir); err == nil && info.Mode().Perm()&0o077 != 0 {
		err := hansard.Errorf(hansard.KindDenied, "key folder %s may be read by others (mode %04o)", dir, info.Mode().Perm())
		return nil, hansard.WithHint(err, "chmod 700 "+dir)
	}
	return &Ring{fs: fsys, dir: dir, name: name}, nil
}

// Dir returns the key folder.
func (r *Ring) Dir() string { return r.dir }

// Name returns the server's name, with which every origin begins.
func (r *Ring) Name() string { return r.name }

// LogSigner returns the key that signs the log's checkpoints. If there is none
// it makes one when create is set, and else says that the key is lost.
func (r *Ring) LogSigner(log hansard.LogID, create bool) (note.Signer, string, error) {
	path := filepath.Join(r.dir, log.Tenant, string(log.Tier)+".key")
	return r.signer(path, proof.Origin(r.name, log), create)
}

// JournalSigner returns the key that signs the journal's commits.
func (r *Ring) JournalSigner(create bool) (note.Signer, string, error) {
	return r.signer(filepath.Join(r.dir, "journal.key"), r.name+"/journal", create)
}

// signer returns the signer and its verifier key.
func (r *Ring) signer(path, name string, create bool) (note.Signer, string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	b, err := r.read(path)
	if errors.Is(err, fs.ErrNotExist) && create {
		b, err = r.makeSigner(path, name)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = hansard.Errorf(hansard.KindCorrupt, "the signing key %s is lost", path)
		return nil, "", hansard.WithHint(err, "restore the key folder from its own backup; history cannot be signed on without it")
	}
	if err != nil {
		return nil, "", err
	}
	skey, vkey, _ := strings.Cut(strings.TrimSpace(string(b)), "\n")
	s, err := note.NewSigner(skey)
	if err != nil {
		return nil, "", fmt.Errorf("signing key %s: %w", path, err)
	}
	if s.Name() != name {
		return nil, "", hansard.Errorf(hansard.KindCorrupt, "signing key %s is that of %q, not of %q", path, s.Name(), name)
	}
	return s, vkey, nil
}

// makeSigner makes a key and keeps it: the signer on the first line, the
// verifier on the second.
func (r *Ring) makeSigner(path, name string) ([]byte, error) {
	skey, vkey, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return nil, fmt.Errorf("make signing key: %w", err)
	}
	b := []byte(skey + "\n" + vkey + "\n")
	return b, r.write(path, b)
}

// Pseudonyms returns the tenant's pseudonym keys, the newest as the current
// one. If there are none it makes one when create is set.
func (r *Ring) Pseudonyms(tenant string, create bool) (redact.Keys, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	path := filepath.Join(r.dir, tenant, "pseudonym.key")
	b, err := r.read(path)
	if errors.Is(err, fs.ErrNotExist) && create {
		secret := make([]byte, redact.MinKeySize)
		rand.Read(secret)
		b = []byte("k1 " + base64.StdEncoding.EncodeToString(secret) + "\n")
		err = r.write(path, b)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = hansard.Errorf(hansard.KindCorrupt, "the pseudonym key %s is lost", path)
		return redact.Keys{}, hansard.WithHint(err, "restore the key folder from its own backup; nothing is recorded without the key")
	}
	if err != nil {
		return redact.Keys{}, err
	}
	return parsePseudonyms(path, b)
}

// parsePseudonyms reads lines "<key id> <base64 secret>"; the last is the
// current key.
func parsePseudonyms(path string, b []byte) (redact.Keys, error) {
	var all []redact.Key
	for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
		id, text, ok := strings.Cut(s.Text(), " ")
		secret, err := base64.StdEncoding.DecodeString(text)
		if !ok || err != nil || len(secret) < redact.MinKeySize {
			return redact.Keys{}, hansard.Errorf(hansard.KindCorrupt, "pseudonym key %s is malformed", path)
		}
		all = append(all, redact.Key{ID: id, Secret: secret})
	}
	if len(all) == 0 {
		return redact.Keys{}, hansard.Errorf(hansard.KindCorrupt, "pseudonym key %s is empty", path)
	}
	last := len(all) - 1
	return redact.Keys{Current: all[last], Old: all[:last]}, nil
}

// FingerprintKey derives the key under which de-duplication fingerprints what
// was submitted. It is the oldest pseudonym key's, so that a rotation does not
// change fingerprints.
func FingerprintKey(k redact.Keys) []byte { return derive(oldest(k), "hansard/fingerprint/v1") }

// SumsKey derives the key under which the sums of reports are sealed that lie in the
// data folder. A rotation of the pseudonym key does not change it.
func SumsKey(k redact.Keys) []byte { return derive(oldest(k), "hansard/sums/v1") }

// oldest returns the oldest pseudonym key.
func oldest(k redact.Keys) []byte {
	if len(k.Old) > 0 {
		return k.Old[0].Secret
	}
	return k.Current.Secret
}

func derive(secret []byte, purpose string) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(purpose))
	return h.Sum(nil)
}

func (r *Ring) read(path string) ([]byte, error) {
	if info, err := r.fs.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
		err := hansard.Errorf(hansard.KindDenied, "key %s may be read by others (mode %04o)", path, info.Mode().Perm())
		return nil, hansard.WithHint(err, "chmod 600 "+path)
	}
	return durable.ReadFile(r.fs, path, 1<<16)
}

func (r *Ring) write(path string, b []byte) error {
	if err := r.fs.MkdirAll(filepath.Dir(path)); err != nil {
		return err
	}
	return durable.WriteFile(r.fs, path, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}
