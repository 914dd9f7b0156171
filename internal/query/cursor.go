package query

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"

	"github.com/hansardhq/hansard"
)

// Cursor is the place of an entry in the order by timestamp and position. Its
// text is opaque to clients, safe in a URL, and the same for either order.
type Cursor struct {
	Timestamp int64 // Unix nanoseconds, by the rule of Timestamp
	Position  uint64
}

// CursorOf returns the place of an entry.
func CursorOf(e *hansard.Entry) Cursor { return Cursor{Timestamp(e), e.Position} }

const (
	cursorVersion = 1
	cursorSize    = 1 + 8 + 8 + 4 // version, timestamp, position, CRC-32C of them
)

// String returns the cursor's text, 28 characters.
func (c Cursor) String() string {
	b := make([]byte, 0, cursorSize)
	b = append(b, cursorVersion)
	b = binary.BigEndian.AppendUint64(b, uint64(c.Timestamp))
	b = binary.BigEndian.AppendUint64(b, c.Position)
	b = binary.BigEndian.AppendUint32(b, checksum(b))
	return base64.RawURLEncoding.EncodeToString(b)
}

// ParseCursor reads the text of a cursor. The error is of KindInvalid: the text
// was changed, cut, or made by a newer version.
func ParseCursor(s string) (Cursor, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(s) != base64.RawURLEncoding.EncodedLen(cursorSize) || len(b) != cursorSize || binary.BigEndian.Uint32(b[17:]) != checksum(b[:17]) {
		err := hansard.Errorf(hansard.KindInvalid, "cursor is damaged")
		return Cursor{}, hansard.WithHint(err, "pass on the cursor of the page before unchanged, or begin again without one")
	}
	if b[0] != cursorVersion {
		return Cursor{}, hansard.Errorf(hansard.KindInvalid, "cursor of version %d: only version %d is known", b[0], cursorVersion)
	}
	return Cursor{int64(binary.BigEndian.Uint64(b[1:])), binary.BigEndian.Uint64(b[9:])}, nil
}

func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }
