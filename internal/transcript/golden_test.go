package transcript_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/transcript"
)

var update = flag.Bool("update", false, "write the golden files anew")

// appendEvent appends the fields of e that are set, in the order of the struct.
func appendEvent(b []byte, e *hansard.Event) []byte {
	v := reflect.ValueOf(*e)
	sep := "{"
	for i := range v.NumField() {
		f := v.Field(i)
		if f.IsZero() {
			continue
		}
		value := f.Interface()
		if f.Kind() == reflect.Struct { // an Opt that is set
			value = f.Field(0).Interface()
		}
		text, err := json.Marshal(value)
		if err != nil {
			panic(err)
		}
		b = fmt.Appendf(b, "%s%q:%s", sep, v.Type().Field(i).Name, text)
		sep = ","
	}
	return append(b, "}\n"...)
}

// render reads all of data and writes what comes, one line an event.
func render(t *testing.T, format, name string, data []byte, opt transcript.Options) (string, []*transcript.Run) {
	t.Helper()
	var b []byte
	var runs []*transcript.Run
	for run, err := range transcript.Read(format, name, bytes.NewReader(data), opt) {
		var bad *transcript.RunError
		switch {
		case errors.As(err, &bad):
			b = fmt.Appendf(b, "# bad run (%s): %v\n", hansard.KindOf(err), err)
		case err != nil:
			b = fmt.Appendf(b, "# end (%s): %v\n", hansard.KindOf(err), err)
		case run.Skipped != "":
			b = fmt.Appendf(b, "# line %d skipped: %s\n", run.Line, run.Skipped)
		default:
			b = fmt.Appendf(b, "# line %d: %s\n", run.Line, run.TraceID)
			for _, e := range run.Events {
				b = appendEvent(b, e)
			}
			runs = append(runs, run)
		}
	}
	return string(b), runs
}

// TestGolden compares every event of the fixtures, whole, with the golden files.
func TestGolden(t *testing.T) {
	for _, format := range transcript.Formats() {
		files, _ := filepath.Glob(filepath.Join("testdata", format.Name+".json*"))
		if len(files) != 1 {
			t.Fatalf("%d fixtures of %s", len(files), format.Name)
		}
		data, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		got, runs := render(t, format.Name, "dir/fixture.dev.jsonl", data, transcript.Options{})
		checkRuns(t, runs)
		golden := filepath.Join("testdata", format.Name+".golden")
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s: -golden +got:\n%s", format.Name, diff)
		}
		if again, _ := render(t, format.Name, "dir/fixture.dev.jsonl", data, transcript.Options{}); again != got {
			t.Errorf("%s: a second reading differs", format.Name)
		}
	}
}
