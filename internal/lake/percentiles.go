package lake

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

	"github.com/hansardhq/hansard"
)

// Several percentiles of one column are gathered once. The engine keeps all values of
// a group apart for each call of quantile_cont, and selects in each: three percentiles
// take three times the work. A list of percentiles is one call. So
//
//	quantile_cont(x, 0.5), quantile_cont(x, 0.95)
//
// becomes
//
//	list_extract(quantile_cont(x, [0.5, 0.95]), 1), list_extract(quantile_cont(x, [0.5, 0.95]), 2)
//
// which the engine computes once, with the same values and types.

// quantile is a call of a syntax tree that may share its work.
type quantile struct {
	call map[string]any
	item int // of the select list
}

// sharePercentiles returns the syntax tree of a statement with the percentiles of each
// column gathered once, nil if there is nothing to share. Inside the statement columns
// keep their names; name returns how an expression is spelled, which is its column's.
func sharePercentiles(tree []byte, name func(expression any) (string, error)) ([]byte, error) {
	if !bytes.Contains(bytes.ToLower(tree), []byte(`"quantile`)) {
		return nil, nil
	}
	d := json.NewDecoder(bytes.NewReader(tree))
	d.UseNumber() // so that constants keep their digits
	var root map[string]any
	if err := d.Decode(&root); err != nil {
		return nil, hansard.Errorf(hansard.KindInternal, "sql: read the syntax tree: %w", err)
	}
	s := &sharer{}
	if statements, _ := root["statements"].([]any); len(statements) == 1 {
		statement, _ := statements[0].(map[string]any)
		outermost, _ := statement["node"].(map[string]any)
		list, _ := outermost["select_list"].([]any)
		if err := s.list(list); err != nil {
			return nil, err
		}
	}
	s.name = name
	if err := s.piece(root); err != nil || !s.changed {
		return nil, err
	}
	return json.Marshal(root)
}

// sharer changes a syntax tree.
type sharer struct {
	name    func(expression any) (string, error) // nil: names of columns do not matter
	changed bool
}

// piece changes every SELECT in a piece of the tree.
func (s *sharer) piece(v any) error {
	switch v := v.(type) {
	case []any:
		for _, piece := range v {
			if err := s.piece(piece); err != nil {
				return err
			}
		}
	case map[string]any:
		if text(v, "type") == "SELECT_NODE" {
			list, _ := v["select_list"].([]any)
			if err := s.list(list); err != nil {
				return err
			}
		}
		for _, piece := range v {
			if err := s.piece(piece); err != nil {
				return err
			}
		}
	}
	return nil
}

// list changes the calls of one select list.
func (s *sharer) list(list []any) error {
	groups := map[string][]quantile{}
	for i, item := range list {
		for _, call := range quantilesIn(item, nil) {
			key, err := quantileKey(call)
			if err != nil {
				return err
			}
			groups[key] = append(groups[key], quantile{call, i})
		}
	}
	for _, calls := range groups {
		if len(calls) < 2 {
			continue
		}
		for _, q := range calls {
			if err := s.keepName(list[q.item]); err != nil {
				return err
			}
		}
		shareCalls(calls)
		s.changed = true
	}
	return nil
}

// keepName gives an item of a select list the name that it has without one.
func (s *sharer) keepName(v any) (err error) {
	item, _ := v.(map[string]any)
	if s.name != nil && text(item, "alias") == "" {
		item["alias"], err = s.name(item)
	}
	return err
}

// quantilesIn returns the calls in an expression that can share their work: of a
// column, for one percentile that is written there. Those of a subquery are its own.
func quantilesIn(v any, found []map[string]any) []map[string]any {
	switch v := v.(type) {
	case []any:
		for _, piece := range v {
			found = quantilesIn(piece, found)
		}
	case map[string]any:
		switch text(v, "class") {
		case "SUBQUERY", "WINDOW":
			return found
		case "FUNCTION":
			if isQuantile(v) {
				return append(found, v)
			}
		}
		for _, piece := range v {
			found = quantilesIn(piece, found)
		}
	}
	return found
}

func isQuantile(call map[string]any) bool {
	switch strings.ToLower(text(call, "function_name")) {
	case "quantile_cont", "quantile_disc":
	default:
		return false
	}
	arguments, _ := call["children"].([]any)
	order, _ := call["order_bys"].(map[string]any)
	orders, _ := order["orders"].([]any)
	if len(arguments) != 2 || len(orders) > 0 || call["distinct"] != false || text(call, "schema") != "" || text(call, "catalog") != "" {
		return false
	}
	column, _ := arguments[0].(map[string]any)
	percentile, _ := arguments[1].(map[string]any)
	value, _ := percentile["value"].(map[string]any)
	kind, _ := value["type"].(map[string]any)
	return text(column, "class") == "COLUMN_REF" && text(percentile, "class") == "CONSTANT" && text(kind, "id") == "DECIMAL" && value["is_null"] == false
}

// quantileKey returns what calls that share their work have in common.
func quantileKey(call map[string]any) (string, error) {
	column := call["children"].([]any)[0].(map[string]any)
	key, err := json.Marshal([]any{strings.ToLower(text(call, "function_name")), column["column_names"], unplaced(call["filter"])})
	if err != nil {
		return "", hansard.Errorf(hansard.KindInternal, "sql: write the syntax tree: %w", err)
	}
	return string(key), nil
}

// unplaced returns a copy of a piece of the tree without the places in the text.
func unplaced(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, piece := range v {
			out[i] = unplaced(piece)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for key, piece := range v {
			if key != "query_location" {
				out[key] = unplaced(piece)
			}
		}
		return out
	}
	return v
}

// shareCalls makes each call an element of one list.
func shareCalls(calls []quantile) {
	percentiles := make([]any, len(calls))
	for i, q := range calls {
		percentiles[i] = q.call["children"].([]any)[1]
	}
	for i, q := range calls {
		shared := map[string]any{}
		for key, v := range q.call {
			shared[key] = v
		}
		shared["alias"] = ""
		shared["children"] = []any{q.call["children"].([]any)[0], callOf("list_value", percentiles...)}
		place := map[string]any{"class": "CONSTANT", "type": "VALUE_CONSTANT", "alias": "", "value": map[string]any{
			"type": map[string]any{"id": "INTEGER", "type_info": nil}, "is_null": false, "value": i + 1,
		}}
		element := callOf("list_extract", shared, place)
		element["alias"] = text(q.call, "alias")
		clear(q.call)
		for key, v := range element {
			q.call[key] = v
		}
	}
}

// callOf returns the call of a function as DuckDB's parser gives it.
func callOf(function string, arguments ...any) map[string]any {
	return map[string]any{
		"class": "FUNCTION", "type": "FUNCTION", "alias": "", "function_name": function, "schema": "", "catalog": "",
		"children": arguments, "filter": nil, "order_bys": map[string]any{"type": "ORDER_MODIFIER", "orders": []any{}},
		"distinct": false, "is_operator": false, "export_state": false,
	}
}

// spelled returns how DuckDB spells an expression of a syntax tree.
func (d *desk) spelled(ctx context.Context, expression any) (string, error) {
	node := map[string]any{
		"type": "SELECT_NODE", "modifiers": []any{}, "cte_map": map[string]any{"map": []any{}}, "select_list": []any{expression},
		"from_table": map[string]any{"type": "EMPTY", "alias": "", "sample": nil}, "where_clause": nil, "group_expressions": []any{},
		"group_sets": []any{}, "aggregate_handling": "STANDARD_HANDLING", "having": nil, "sample": nil, "qualify": nil,
	}
	tree, err := json.Marshal(map[string]any{"error": false, "statements": []any{map[string]any{"node": node, "named_param_map": []any{}}}})
	if err != nil {
		return "", hansard.Errorf(hansard.KindInternal, "sql: write the syntax tree: %w", err)
	}
	statement, err := d.deserialized(ctx, string(tree))
	return strings.TrimPrefix(statement, "SELECT "), err
}
