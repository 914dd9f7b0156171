package lake

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/hansardhq/hansard"
)

// checker walks the syntax tree of a user's statement, as DuckDB's own parser
// gives it, and refuses what is not known to be harmless. Whatever a future
// DuckDB adds is refused until it is listed here.
type checker struct {
	functions map[string]bool // that may be called, lower case
}

// denied are functions of the catalog that look beyond the statement's data or
// only burn time. Names that begin with one of deniedPrefixes are refused too.
func denied(name string) bool {
	switch name {
	case "current_setting", "getvariable", "getenv", "write_log", "sleep_ms", "nextval", "currval", "setseed",
		"json_serialize_plan", "json_serialize_sql", "json_deserialize_sql", "json_execute_serialized_sql",
		"current_query", "current_query_id", "current_connection_id", "current_transaction_id", "txid_current",
		"parse_duckdb_log_message", "get_block_size", "in_search_path", "col_description", "obj_description",
		"shobj_description", "query", "query_table", "glob", "sniff_csv":
		return true
	}
	for _, prefix := range []string{"pg_", "inet_", "has_", "duckdb_", "pragma_", "read_", "parquet_", "__internal"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// newChecker returns a checker for an engine with these scalar functions,
// aggregates and macros.
func newChecker(catalog []string) *checker {
	c := &checker{functions: map[string]bool{"unnest": true, "count_star": true}}
	for _, name := range catalog {
		if !denied(name) {
			c.functions[name] = true
		}
	}
	return c
}

func refuse(format string, args ...any) error {
	err := hansard.Errorf(hansard.KindInvalid, "sql: "+format, args...)
	return hansard.WithHint(err, "write one SELECT over the views events and statements")
}

// parsed is what json_serialize_sql returns.
type parsed struct {
	Error      bool             `json:"error"`
	Type       string           `json:"error_type"`
	Message    string           `json:"error_message"`
	Statements []map[string]any `json:"statements"`
}

// check returns an error unless the serialized text is exactly one SELECT that
// reads the views alone.
func (c *checker) check(serialized []byte) error {
	var p parsed
	if err := json.Unmarshal(serialized, &p); err != nil {
		return hansard.Errorf(hansard.KindInternal, "sql: read the syntax tree: %w", err)
	}
	switch {
	case p.Error && p.Type == "not implemented":
		return refuse("not a SELECT")
	case p.Error:
		return refuse("%s", p.Message)
	case len(p.Statements) != 1:
		return refuse("%d statements, one is allowed", len(p.Statements))
	}
	return c.walk(p.Statements[0], map[string]bool{"events": true, "statements": true})
}

// walk checks a piece of the tree; tables are the names that may stand for a
// table there.
func (c *checker) walk(v any, tables map[string]bool) error {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			if err := c.walk(item, tables); err != nil {
				return err
			}
		}
	case map[string]any:
		return c.object(v, tables)
	}
	return nil
}

func (c *checker) object(o map[string]any, tables map[string]bool) error {
	class, isExpression := o["class"].(string)
	kind, isNode := o["type"].(string)
	switch {
	case isExpression:
		if class == "CONSTANT" {
			return nil // holds values only
		}
		if err := c.expression(class, o); err != nil {
			return err
		}
	case isNode:
		if err := c.node(kind, o, tables); err != nil {
			return err
		}
	}
	if kind == "RECURSIVE_CTE_NODE" {
		tables = with(tables, text(o, "cte_name"))
	}
	tables, err := c.cteMap(o, tables)
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(o)) {
		if key == "cte_map" {
			continue
		}
		if err := c.walk(o[key], tables); err != nil {
			return err
		}
	}
	return nil
}

// cteMap checks the WITH of a query and returns the names that hold in it. A
// name holds after its definition only: inside, it would mean something else.
func (c *checker) cteMap(o map[string]any, tables map[string]bool) (map[string]bool, error) {
	ctes, _ := o["cte_map"].(map[string]any)
	list, _ := ctes["map"].([]any)
	for _, item := range list {
		cte, _ := item.(map[string]any)
		if err := c.walk(cte["value"], tables); err != nil {
			return nil, err
		}
		tables = with(tables, text(cte, "key"))
	}
	return tables, nil
}

// with returns the names with one more; the set is not changed.
func with(tables map[string]bool, name string) map[string]bool {
	tables = maps.Clone(tables)
	tables[strings.ToLower(name)] = true
	return tables
}

func text(o map[string]any, key string) string {
	s, _ := o[key].(string)
	return s
}

func (c *checker) expression(class string, o map[string]any) error {
	switch class {
	case "COLUMN_REF", "CAST", "COMPARISON", "CONJUNCTION", "OPERATOR", "CASE", "STAR", "SUBQUERY",
		"LAMBDA", "LAMBDA_REF", "BETWEEN", "COLLATE", "POSITIONAL_REFERENCE", "TYPE":
		return nil
	case "FUNCTION", "WINDOW":
		return c.function(o)
	case "PARAMETER":
		return refuse("a parameter has no value here")
	}
	return refuse("%s is not allowed", strings.ToLower(class))
}

func (c *checker) function(o map[string]any) error {
	name := strings.ToLower(text(o, "function_name"))
	schema, catalog := text(o, "schema"), text(o, "catalog")
	if schema != "" && schema != "main" || catalog != "" && catalog != "system" {
		return refuse("a function with a schema is not allowed")
	}
	if !c.functions[name] {
		return refuse("the function %s is not allowed", name)
	}
	return nil
}

func (c *checker) node(kind string, o map[string]any, tables map[string]bool) error {
	switch kind {
	case "SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE",
		"SUBQUERY", "JOIN", "EXPRESSION_LIST", "EMPTY",
		"LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "ORDER_MODIFIER", "DISTINCT_MODIFIER",
		"ORDER_DEFAULT", "ASCENDING", "DESCENDING",
		"EXTRA_TYPE_INFO", "DECIMAL_TYPE_INFO", "STRING_TYPE_INFO", "LIST_TYPE_INFO", "STRUCT_TYPE_INFO", "ARRAY_TYPE_INFO",
		"GENERIC_TYPE_INFO", "UNBOUND_TYPE_INFO":
		return nil
	case "BASE_TABLE":
		if text(o, "schema_name") != "" || text(o, "catalog_name") != "" || !tables[strings.ToLower(text(o, "table_name"))] {
			return refuse("only the tables events and statements can be read")
		}
		return nil
	case "TABLE_FUNCTION":
		return tableFunction(o)
	}
	return refuse("%s is not allowed", strings.ToLower(kind))
}

// tableFunction refuses all table functions but those that make rows of their
// arguments.
func tableFunction(o map[string]any) error {
	f, _ := o["function"].(map[string]any)
	switch name := strings.ToLower(text(f, "function_name")); name {
	case "unnest", "range", "generate_series":
		return nil
	default:
		return refuse("the table function %s is not allowed", name)
	}
}
