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
