package clients_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCrewAI runs the crew of python/crewai_app.py. CrewAI wants older versions of
// what the other suites use, and brings half a gigabyte with it, so that its
// packages are another folder's and it runs only where it is asked for.
// Its instrumentation tells of no call of the model.
func TestCrewAI(t *testing.T) {
	if os.Getenv("HANSARD_CLIENTS_CREWAI") == "" {
		t.Skip("HANSARD_CLIENTS_CREWAI=1 installs and runs CrewAI")
	}
	s, url := start(t), model(t)
	venv := installed(t, "crewai", []string{"python/crewai.txt"}, func(dir string) error { return venvOf(dir, "python/crewai.txt") })
	env := append(environment(s, url), "CREWAI_DISABLE_TELEMETRY=true", "CREWAI_TRACING_ENABLED=false", "OTEL_SDK_DISABLED=false", "HOME="+t.TempDir())
	out, err := run("python", env, filepath.Join(venv, "bin", "python"), "run.py", "crewai_app.openinference")
	if err != nil || !strings.Contains(out, "crewai_app.openinference: done\n") {
		t.Fatal(err, out)
	}
	golden(t, s, "crewai_app.openinference")
}
