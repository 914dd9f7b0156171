package client

// NextSpooled and AppendSpooled are for the fuzz test of the spool's records.
var (
	NextSpooled   = nextSpooled
	AppendSpooled = appendSpooled
)

// AppendTime and AppendFloat are compared with the standard library's.
var (
	AppendTime  = new(clock).append
	AppendFloat = appendFloat
)

// AppendValue appends a value as JSON, by shapes that are found out for it.
func AppendValue(dst []byte, v any) []byte { return new(shapes).appendValue(dst, v, 1) }

// ValueEncoder returns an AppendValue that knows the types it has met.
func ValueEncoder() func(dst []byte, v any) []byte {
	s := new(shapes)
	return func(dst []byte, v any) []byte { return s.appendValue(dst, v, 1) }
}
