package part_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/hansardhq/hansard/internal/part"
)

// checkFrame holds a frame of literals against what a decoder makes of it.
func checkFrame(t *testing.T, frameOf func(dst, src []byte) ([]byte, error), d *zstd.Decoder, src []byte) []byte {
	t.Helper()
	frame, err := frameOf([]byte("before"), src)
	if err != nil {
		t.Fatal(err)
	}
	frame = frame[len("before"):]
	got, err := d.DecodeAll(frame, nil)
	if err != nil || !bytes.Equal(got, src) {
		t.Fatalf("%d bytes do not come back: %d bytes, %v", len(src), len(got), err)
	}
	return frame
}

func newDecoder(t testing.TB) *zstd.Decoder {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

func TestLiterals(t *testing.T) {
	frameOf, d := part.AppendLiterals(), newDecoder(t)
	r := rand.New(rand.NewPCG(1, 2))
	random := make([]byte, 3*part.MaxBlock+17)
	for i := range random {
		random[i] = byte(r.Uint32())
	}
	hex := []byte(fmt.Sprintf("%x", random))
	for _, n := range []int{0, 1, part.LeastLiterals - 1, part.LeastLiterals, 1023, 1024, 16383, 16384, part.MaxBlock - 1, part.MaxBlock, part.MaxBlock + 1, 2 * part.MaxBlock, len(random)} {
		checkFrame(t, frameOf, d, random[:n])
		checkFrame(t, frameOf, d, bytes.Repeat([]byte{7}, n))
		if frame := checkFrame(t, frameOf, d, hex[:n]); n > 1024 && len(frame) > n*6/10 {
			t.Errorf("%d hexadecimal digits take %d bytes", n, len(frame))
		}
	}
}

func FuzzLiterals(f *testing.F) {
	f.Add([]byte("0199ae4c"), uint16(400))
	f.Add([]byte{0}, uint16(9000))
	f.Add([]byte{}, uint16(0))
	f.Fuzz(func(t *testing.T, text []byte, times uint16) {
		if len(text)*int(times) > 4*part.MaxBlock {
			t.Skip()
		}
		checkFrame(t, part.AppendLiterals(), newDecoder(t), bytes.Repeat(text, int(times)))
	})
}
