package lake

import (
	"errors"
	"sync"
	"sync/atomic"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/hansardhq/hansard/internal/part"
)

// freshFunction is the table function that gives DuckDB rows from memory:
// hansard_fresh(id), with the columns of a part.
const freshFunction = "hansard_fresh"

// freshRows holds the rows that statements under way may read, by a number that
// the statement names.
type freshRows struct {
	enc     *part.Encoder
	columns []*part.Column

	mu   sync.Mutex // guards next and rows: DuckDB binds on its own threads
	next int64
	rows map[int64][]*part.Row
}

func newFreshRows(enc *part.Encoder) *freshRows {
	return &freshRows{enc: enc, columns: enc.Columns(), rows: map[int64][]*part.Row{}}
}

// add makes rows readable until drop is called.
func (f *freshRows) add(rows []*part.Row) (id int64, drop func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next++
	id = f.next
	f.rows[id] = rows
	return id, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.rows, id)
	}
}

func (f *freshRows) function() duckdb.ParallelChunkTableFunction {
	return duckdb.ParallelChunkTableFunction{
		Config: duckdb.TableFunctionConfig{Arguments: []duckdb.TypeInfo{typeInfo(duckdb.TYPE_BIGINT)}},
		BindArguments: func(_ map[string]any, args ...any) (duckdb.ParallelChunkTableSource, error) {
			id, _ := args[0].(int64)
			f.mu.Lock()
			defer f.mu.Unlock()
			rows, ok := f.rows[id]
			if !ok {
				return nil, errors.New("no such fresh rows")
			}
			return &freshSource{enc: f.enc, columns: f.columns, rows: rows}, nil
		},
	}
}

// freshSource is one use of the table function in one statement.
type freshSource struct {
	enc     *part.Encoder
	columns []*part.Column
	rows    []*part.Row
	next    atomic.Int64 // the first row that no thread has taken
}

// ColumnInfos implements duckdb.ParallelChunkTableSource.
func (s *freshSource) ColumnInfos() []duckdb.ColumnInfo {
	infos := make([]duckdb.ColumnInfo, len(s.columns))
	for i, c := range s.columns {
		infos[i] = duckdb.ColumnInfo{Name: c.Name, T: columnType(c.Kind)}
	}
	return infos
}

// Cardinality implements duckdb.ParallelChunkTableSource.
func (s *freshSource) Cardinality() *duckdb.CardinalityInfo {
	return &duckdb.CardinalityInfo{Cardinality: uint(len(s.rows)), Exact: true}
}

// Init implements duckdb.ParallelChunkTableSource.
func (s *freshSource) Init() duckdb.ParallelTableSourceInfo {
	s.next.Store(0)
	return duckdb.ParallelTableSourceInfo{}
}

// NewLocalState implements duckdb.ParallelChunkTableSource.
func (s *freshSource) NewLocalState() any { return &struct{}{} }

// FillChunk implements duckdb.ParallelChunkTableSource. It fills only the
// columns that the statement reads.
func (s *freshSource) FillChunk(_ any, chunk duckdb.DataChunk) error {
	size := int64(duckdb.GetDataChunkCapacity())
	from := s.next.Add(size) - size
	rows := s.rows[min(from, int64(len(s.rows))):min(from+size, int64(len(s.rows)))]
	if err := chunk.SetSize(len(rows)); err != nil || len(rows) == 0 {
		return err
	}
	var columns []int // those that the statement reads
	for i := range s.columns {
		if _, err := chunk.GetVector(i); err == nil {
			columns = append(columns, i)
		}
	}
	for i, r := range rows {
		v, err := s.enc.Values(r)
		if err != nil {
			return err
		}
		for _, at := range columns {
			if err := fill(chunk, at, i, s.columns[at], &v); err != nil {
				return err
			}
		}
	}
	return nil
}

// fill writes one value of a row. An empty list is no null, as in a part.
func fill(chunk duckdb.DataChunk, at, row int, c *part.Column, v *part.Values) error {
	switch {
	case c.Kind == part.List:
		return duckdb.SetChunkValue(chunk, at, row, append([]string{}, v.List(c)...))
	case v.Null(c):
		return duckdb.SetChunkValue[any](chunk, at, row, nil)
	case c.Kind == part.String:
		return duckdb.SetChunkValue(chunk, at, row, v.Text(c))
	case c.Kind == part.Int || c.Kind == part.Time:
		return duckdb.SetChunkValue(chunk, at, row, v.Int(c))
	case c.Kind == part.Float:
		return duckdb.SetChunkValue(chunk, at, row, v.Float(c))
	case c.Kind == part.Bool:
		return duckdb.SetChunkValue(chunk, at, row, true)
	}
	return duckdb.SetChunkValue(chunk, at, row, v.Bytes(c))
}

// columnType returns the type that both halves of the relation give a column.
func columnType(k part.Kind) duckdb.TypeInfo {
	switch k {
	case part.Int, part.Time:
		return typeInfo(duckdb.TYPE_BIGINT)
	case part.Float:
		return typeInfo(duckdb.TYPE_DOUBLE)
	case part.Bool:
		return typeInfo(duckdb.TYPE_BOOLEAN)
	case part.Bytes:
		return typeInfo(duckdb.TYPE_BLOB)
	case part.List:
		list, err := duckdb.NewListInfo(typeInfo(duckdb.TYPE_VARCHAR))
		if err != nil {
			panic(err) // a list of a primitive type
		}
		return list
	}
	return typeInfo(duckdb.TYPE_VARCHAR)
}

// typeInfo returns a primitive type.
func typeInfo(t duckdb.Type) duckdb.TypeInfo {
	info, err := duckdb.NewTypeInfo(t)
	if err != nil {
		panic(err) // t is a constant of this package
	}
	return info
}
