package lake_test

import (
	"database/sql"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"

	"github.com/hansardhq/hansard/internal/dialect"
	"github.com/hansardhq/hansard/internal/rawjson"
)

// FuzzStoredJSON holds what we take for JSON against what DuckDB does: one value
// that it refuses makes every question about its part fail. Whatever a sender
// gets past us must be readable, as it is stored.
func FuzzStoredJSON(f *testing.F) {
	for _, s := range []string{`{"a":"\u0000","":1,"a":2}`, `"\ud800"`, `{"\ud800":"\udc00\ud83d\ude00"}`, `-1e999999`, `[1e400,0.0E+5,-0]`, `"\/\u007f\uffff"`} {
		f.Add(s)
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		f.Fatal(err)
	}
	defer db.Close()
	f.Fuzz(func(t *testing.T, text string) {
		if rawjson.Valid([]byte(text), dialect.DefaultMaxDepth) != nil {
			return
		}
		stored := rawjson.Compact(nil, []byte(text))
		check(t, db, stored)
		// The same value in the places where an event can have it.
		var flat dialect.Flat
		e, err := flat.Decode([]byte(`{"params":` + text + `,"attributes":` + text + `,"actor":` + text + `,"resources":` + text + `,"error":` + text + `}`))
		if err != nil {
			return
		}
		for _, raw := range [][]byte{e.Params, e.Attributes} {
			if raw != nil {
				check(t, db, raw)
			}
		}
	})
}

func check(t *testing.T, db *sql.DB, stored []byte) {
	t.Helper()
	var ok bool
	if err := db.QueryRow("SELECT json_valid(?)", string(stored)).Scan(&ok); err != nil || !ok {
		t.Fatalf("DuckDB refuses %s: %v", stored, err)
	}
}
