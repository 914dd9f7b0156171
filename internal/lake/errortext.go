package lake

// What an aggregate can group by that is made of an error's text.
const (
	// ErrorText is the first 100 characters of an error; "" without one.
	ErrorText = "error_text"
	// ErrorPattern is the first 400 characters of an error with its ids and
	// numbers replaced by <id> and <n>, so that messages of one kind are one.
	ErrorPattern = "error_pattern"
)

const errorText = `coalesce(left("error", 100), '')`

// An id is a UUID, or a word of letters and digits: ORD-100234, call_7f3a,
// pii:person:k1:0123456789abcdef. What is left of digits is a number; the unit
// after it stays.
const errorPattern = `regexp_replace(regexp_replace(coalesce(left("error", 400), ''),
	'\b(?:[0-9a-fA-F]{8}-[0-9a-fA-F-]{8,}|[A-Za-z][A-Za-z_:-]*[0-9][A-Za-z0-9_:-]*|[0-9]+[A-Za-z_-]+[0-9][A-Za-z0-9_-]*)\b', '<id>', 'g'),
	'\b[0-9]+(?:[.,:][0-9]+)*', '<n>', 'g')`
