// Package part is the Parquet part: one file with a contiguous range of a log's
// entries, and the record itself. It knows the columns of an entry, renders the
// Merkle leaf and the content from them, and writes and reads parts.
//
// One table, Columns, drives everything that has to agree on what an entry is
// made of: the leaf, the Parquet schema, the journal's row encoding, the SQL
// views. docs/FORMAT.md draws the bytes.
package part
