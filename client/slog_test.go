package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/client"
)

// TestSlogHandler runs the standard library's own test of handlers.
func TestSlogHandler(t *testing.T) {
	var k *keeper
	var c *client.Client
	slogtest.Run(t, func(t *testing.T) slog.Handler {
		k = &keeper{}
		c = start(t, client.Config{}, k)
		return c.SlogHandler(nil)
	}, func(t *testing.T) map[string]any {
		flush(t, c)
		e := k.events(t)[0]
		m := map[string]any{}
		if err := json.Unmarshal(e.Attributes, &m); err != nil {
			t.Fatal(err)
		}
		m[slog.MessageKey] = e.Action
		// An event always says when it happened. A record without a time
		// gets one; the test knows such a record by its message.
		if !strings.Contains(t.Name(), "zero-time") {
			m[slog.TimeKey] = time.Unix(0, e.Timestamp)
		}
		return m
	})
}

func TestSlogEvents(t *testing.T) {
	k := &keeper{}
	c := start(t, client.Config{Agent: "support"}, k)
	log := slog.New(c.Agent("billing").SlogHandler(&slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}))
	run := c.Invocation(context.Background(), "x")
	log.DebugContext(run.Context(), "quiet")
	log.Warn("careful", "took", 2*time.Second)
	log.ErrorContext(run.Context(), "cannot read", "error", fmt.Errorf("order: %w", &os.PathError{Op: "open", Path: "x", Err: errors.New("gone")}))
	log.Error("plain")
	slog.New(c.SlogHandler(nil)).Debug("not enabled")
	flush(t, c)
	e := k.events(t)[1:]
	if len(e) != 4 {
		t.Fatalf("%d events", len(e))
	}
	if e[0].EventType != hansard.TypeGeneric || e[0].ParentEventID != run.EventID() || e[0].AgentName != "billing" || !strings.Contains(string(e[0].Attributes), "slog_test.go:") {
		t.Errorf("%+v", e[0])
	}
	if e[1].RaiseTier != hansard.TierInfo || !strings.Contains(string(e[1].Attributes), `"took":"2s"`) {
		t.Errorf("%+v", e[1])
	}
	if e[2].EventType != hansard.TypeError || e[2].Action != "cannot read" || e[2].Error != "order: open x: gone" || e[2].ErrorType != "*fs.PathError" || e[2].TraceID != run.TraceID() {
		t.Errorf("%+v", e[2])
	}
	if e[3].Error != "plain" || e[3].Status != "error" {
		t.Errorf("%+v", e[3])
	}
}
