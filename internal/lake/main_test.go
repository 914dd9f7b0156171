package lake_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/hansardhq/hansard/internal/lake"
)

// TestMain lets the test program be the worker that SQL starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == workerVerb {
		if err := lake.Worker(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if len(os.Args) > 1 && os.Args[1] == crashVerb {
		fmt.Println(`{"columns":[{"name":"a","type":"INTEGER"}]}`)
		panic("as if the engine had crashed")
	}
	os.Exit(m.Run())
}

const (
	workerVerb = "sql-worker"
	crashVerb  = "sql-crash"
)
