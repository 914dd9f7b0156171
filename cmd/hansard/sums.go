package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/hansardhq/hansard/internal/durable"
	"github.com/hansardhq/hansard/internal/keys"
	"github.com/hansardhq/hansard/internal/lake"
	"github.com/hansardhq/hansard/internal/ledger"
)

// sumsEvery is how often the sums of reports are saved: a crash costs what the
// questions since then have read.
const sumsEvery = 10 * time.Minute

// saveSums saves the sums of reports now and then, until the context ends. The end of
// the store saves them, too.
func saveSums(ctx context.Context, st *store) {
	every(ctx, sumsEvery, func(time.Time) { st.lake.SaveSums() })
}

// sumsConfig says where the sums of reports lie: in the data folder, sealed with keys
// that do not.
func (s *store) sumsConfig(dir string) *lake.SumsConfig {
	return &lake.SumsConfig{FS: durable.OS{}, Dir: filepath.Join(dir, ledger.SumsFolder), Key: s.sumsKey, Program: programID()}
}

// sumsKey returns the key that a tenant's sums are sealed with.
func (s *store) sumsKey(tenant string) ([]byte, error) {
	k, err := s.ledger.Keys().Pseudonyms(tenant, false)
	if err != nil {
		return nil, err
	}
	return keys.SumsKey(k), nil
}

// programID names this very program: another build may sum otherwise.
func programID() string {
	id := versionText()
	path, err := os.Executable()
	if err != nil {
		return id
	}
	info, err := os.Stat(path)
	if err != nil {
		return id
	}
	return fmt.Sprintf("%s %d %d", id, info.Size(), info.ModTime().UnixNano())
}
