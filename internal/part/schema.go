package part

import (
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// FormatVersion is the version of the part format, kept in the file's
// key-value metadata under "hansard.part".
const FormatVersion = "1"

// Schema returns the Parquet schema of a part. Parquet keeps the columns of a
// group sorted by name. Every column is compressed with zstd.
func (enc *Encoder) Schema() *parquet.Schema {
	group := parquet.Group{}
	codec := &zstd.Codec{Level: zstd.SpeedFastest} // one for all: it pools what a block needs, a megabyte
	for _, c := range enc.all {
		group[c.Name] = parquet.Compressed(c.node(), codec)
	}
	return parquet.NewSchema("hansard", group)
}

func (c *Column) node() parquet.Node {
	node := c.leafNode()
	switch {
	case c.Dictionary:
		node = parquet.Encoded(node, &parquet.RLEDictionary)
	case c.Kind == Int || c.Kind == Time:
		node = parquet.Encoded(node, &parquet.DeltaBinaryPacked)
	}
	switch {
	case c.Kind == List:
		return parquet.Repeated(node)
	case c.Required:
		return parquet.Required(node)
	}
	return parquet.Optional(node)
}

func (c *Column) leafNode() parquet.Node {
	switch c.Kind {
	case Int:
		return parquet.Int(64)
	case Time:
		return parquet.TimestampAdjusted(parquet.Nanosecond, false) // UTC; DuckDB cuts "adjusted" ones to microseconds
	case Float:
		return parquet.Leaf(parquet.DoubleType)
	case Bool:
		return parquet.Leaf(parquet.BooleanType)
	case Bytes:
		return parquet.Leaf(parquet.ByteArrayType)
	case JSON:
		return parquet.JSON()
	}
	return parquet.String()
}
