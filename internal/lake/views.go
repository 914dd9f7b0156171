package lake

import (
	"fmt"
	"strings"

	"github.com/hansardhq/hansard/internal/part"
)

// The views that users' SQL sees, with the names of the event's fields.
//
// events: times are TIMESTAMP in UTC, cut to microseconds, so that the ordinary
// functions of dates work; durations are DOUBLE milliseconds (duration_ms,
// decision_ms) beside the exact duration_us; cost_usd is a DECIMAL, so that sums
// are exact, beside cost_nano_usd; actor is a STRUCT(type, id, role); params,
// result and the like have the type JSON (params->>'order_id'); content_digest
// is hexadecimal.
//
// statements: the meta log: position, received_at, kind and the statement as
// JSON.

// viewSource returns a SELECT over part files, typed also when there are none.
func viewSource(columns []*part.Column, files []string) string {
	if len(files) > 0 {
		quoted := make([]string, len(files))
		for i, f := range files {
			quoted[i] = quotePath(f)
		}
		return "SELECT * FROM read_parquet([" + strings.Join(quoted, ", ") + "], hive_partitioning = false)"
	}
	exprs := make([]string, len(columns))
	for i, c := range columns {
		exprs[i] = "NULL::" + sqlType(c.Kind) + " AS " + quoteName(c.Name)
	}
	return "SELECT " + strings.Join(exprs, ", ") + " WHERE false"
}

func sqlType(k part.Kind) string {
	switch k {
	case part.Int:
		return "BIGINT"
	case part.Time:
		return "TIMESTAMP"
	case part.Float:
		return "DOUBLE"
	case part.Bool:
		return "BOOLEAN"
	case part.List:
		return "VARCHAR[]"
	case part.JSON:
		return "JSON"
	case part.Bytes:
		return "BLOB"
	}
	return "VARCHAR"
}

// eventsView returns the statement that makes the view events.
func eventsView(tenant string, columns []*part.Column, files []string) string {
	var exprs []string
	for _, c := range columns {
		name := quoteName(c.Name)
		switch c.Name {
		case "statement", "v", "salt": // of the meta log, of the encoding
		case "content_digest":
			exprs = append(exprs, "lower(hex(content_digest)) AS content_digest")
		case "duration_us":
			exprs = append(exprs, name, "duration_us / 1000.0::DOUBLE AS duration_ms")
		case "decision_us":
			exprs = append(exprs, name, "decision_us / 1000.0::DOUBLE AS decision_ms")
		case "cost_nano_usd":
			exprs = append(exprs, name, "cost_nano_usd::DECIMAL(18,0) * 0.000000001::DECIMAL(10,9) AS cost_usd")
		case "actor_type":
			exprs = append(exprs, name, `CASE WHEN coalesce(actor_type, actor_id, actor_role) IS NOT NULL
				THEN struct_pack("type" := actor_type, id := actor_id, "role" := actor_role) END AS actor`)
		case "truncated":
			exprs = append(exprs, "coalesce(truncated, false) AS truncated")
		default:
			if c.Kind == part.Time {
				name = "CAST(" + name + " AS TIMESTAMP) AS " + name
			}
			exprs = append(exprs, name)
		}
	}
	exprs = append(exprs, quote(tenant+"/")+` || tier AS "log"`)
	return fmt.Sprintf("CREATE VIEW events AS SELECT %s FROM (%s)", strings.Join(exprs, ", "), viewSource(columns, files))
}

// statementsView returns the statement that makes the view statements.
func statementsView(columns []*part.Column, files []string) string {
	return `CREATE VIEW statements AS SELECT "position", "index", CAST(received_at AS TIMESTAMP) AS received_at,
		"statement"->>'kind' AS kind, "statement" FROM (` + viewSource(columns, files) + `)`
}
