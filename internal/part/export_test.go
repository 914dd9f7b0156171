package part

// AppendLiterals returns a function that appends a zstd frame of literals.
func AppendLiterals() func(dst, src []byte) ([]byte, error) { return new(literals).appendFrame }

// LeastLiterals and MaxBlock are sizes at which frames of literals change.
const (
	LeastLiterals = leastLiterals
	MaxBlock      = maxBlock
)
