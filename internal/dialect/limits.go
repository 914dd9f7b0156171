package dialect

// The defaults of Limits.
const (
	DefaultMaxBytes  = 1 << 20
	DefaultMaxDepth  = 64
	DefaultMaxFields = 1024
)

// Limits bounds what one event may cost us. A zero or negative field means its
// default.
type Limits struct {
	// MaxBytes is the greatest length of one event in bytes; default 1 MiB.
	MaxBytes int
	// MaxDepth is how deep arrays and objects may be nested in one event,
	// the event itself included; default 64.
	MaxDepth int
	// MaxFields is how many members the event's outermost object may have;
	// default 1024.
	MaxFields int
}

// withDefaults returns l with its gaps filled.
func (l Limits) withDefaults() Limits {
	if l.MaxBytes <= 0 {
		l.MaxBytes = DefaultMaxBytes
	}
	if l.MaxDepth <= 0 {
		l.MaxDepth = DefaultMaxDepth
	}
	if l.MaxFields <= 0 {
		l.MaxFields = DefaultMaxFields
	}
	return l
}
