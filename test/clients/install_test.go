package clients_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// installed returns the folder of packages that a lock file pins, installed by
// install when it is not there yet. install gets an empty folder; one that it
// leaves half done is not used.
func installed(t *testing.T, kind string, locks []string, install func(dir string) error) string {
	t.Helper()
	sum := sha256.New()
	fmt.Fprintln(sum, runtime.GOOS, runtime.GOARCH)
	for _, lock := range locks {
		b, err := os.ReadFile(lock)
		if err != nil {
			t.Fatal(err)
		}
		sum.Write(b)
	}
	cache, err := filepath.Abs(".cache")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, kind+"-"+hex.EncodeToString(sum.Sum(nil)[:8]))
	done := filepath.Join(dir, "installed")
	if _, err := os.Stat(done); err == nil {
		return dir
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Logf("installing into %s", dir)
	if err := install(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(done, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// run runs a command in a folder, with more in its environment, and returns what
// it says.
func run(dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("%s %v: %w\n%s", name, args, err, tail(string(out)))
	}
	return string(out), nil
}

// python runs a script of the folder python with the packages that it pins.
func python(t *testing.T, s *server, modelURL string, args ...string) string {
	t.Helper()
	venv := installed(t, "python", []string{"python/requirements.txt"}, func(dir string) error { return venvOf(dir, "python/requirements.txt") })
	out, err := run("python", environment(s, modelURL), filepath.Join(venv, "bin", "python"), args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// venvOf makes a virtual environment with what a file pins. uv does in seconds
// what takes pip most of a minute; where it cannot be had, pip does it.
func venvOf(dir, pins string) error {
	if _, err := run(".", nil, "python3", "-m", "venv", dir); err != nil {
		return err
	}
	python := filepath.Join(dir, "bin", "python")
	pip := []string{"-m", "pip", "install", "--disable-pip-version-check", "-q", "--only-binary", ":all:"}
	if _, err := run(".", nil, python, append(pip, "uv==0.13.9")...); err == nil {
		uv := []string{"-m", "uv", "pip", "install", "-q", "--python", python, "--no-deps", "--only-binary", ":all:", "-r", pins}
		if _, err := run(".", nil, python, uv...); err == nil {
			return nil
		}
	}
	_, err := run(".", nil, python, append(pip, "--no-deps", "-r", pins)...)
	return err
}

// environment tells a program where the server and the model are, and keeps it
// from telling anyone else.
func environment(s *server, modelURL string) []string {
	return []string{
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + s.otlpHTTP, "OTLP_GRPC=" + s.otlpGRPC, "MODEL_URL=" + modelURL, "HANSARD_URL=" + s.api,
		"OPENAI_AGENTS_DISABLE_TRACING=0", "OPENAI_API_KEY=none", "TRACELOOP_TELEMETRY=FALSE", "LANGSMITH_TRACING=false", "DO_NOT_TRACK=1",
		"OTEL_METRICS_EXPORTER=none", "PYTHONUNBUFFERED=1", "NO_PROXY=*",
	}
}
