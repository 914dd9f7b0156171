package hansard

// Opt is a value that may be absent. The record never shows an absent figure
// as 0, so the numeric fields of an Event are optional. The zero Opt is absent.
type Opt[T any] struct {
	// V is the value; the zero value of T when Set is false.
	V T
	// Set says that the value is present.
	Set bool
}

// Some returns a present value.
func Some[T any](v T) Opt[T] { return Opt[T]{V: v, Set: true} }

// Or returns the value, or def when it is absent.
func (o Opt[T]) Or(def T) T {
	if o.Set {
		return o.V
	}
	return def
}
