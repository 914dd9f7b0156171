package part

import "testing"

// TestGather brings texts together that lie anywhere: short ones, long ones, and empty
// ones, of which one lies behind all others.
func TestGather(t *testing.T) {
	long := make([]byte, shortText+9)
	for i := range long {
		long[i] = byte('a' + i%26)
	}
	text := append([]byte("firstsecond"), long...)
	text = text[:len(text):len(text)]
	p := pager{
		from: []uint32{uint32(len(text)), 5, 11, 0, 3},
		ints: []int32{0, 6, int32(len(long)), 5, 0},
		page: make([]byte, 2, 2+len(text)+shortText),
	}
	p.gather(text, len(text))
	if got, want := string(p.page), "\x00\x00second"+string(long)+"first"; got != want {
		t.Errorf("gathered %q, want %q", got, want)
	}
}
