// Package body reads the bodies of HTTP requests: without their compression, of
// bounded length, from senders who do not pause for long.
package body

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/hansardhq/hansard"
)

// Pause is how long a sender may pause within a body.
const Pause = 30 * time.Second

// Patient makes the body of r one whose sender may not pause for longer than
// Pause: the deadline moves on with every read.
func Patient(w http.ResponseWriter, r *http.Request) {
	r.Body = &patient{ReadCloser: r.Body, rc: http.NewResponseController(w)}
}

type patient struct {
	io.ReadCloser
	rc *http.ResponseController
}

// Read implements io.Reader.
func (p *patient) Read(b []byte) (int, error) {
	_ = p.rc.SetReadDeadline(time.Now().Add(Pause)) // not every connection has deadlines
	n, err := p.ReadCloser.Read(b)
	if err != nil {
		_ = p.rc.SetReadDeadline(time.Time{}) // the answer may take longer
	}
	return n, err
}

// Error classes what reading a body may fail with.
func Error(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge) || errors.Is(err, errTooLarge):
		err := hansard.Errorf(hansard.KindTooLarge, "the body is larger than this server takes")
		return hansard.WithHint(err, "send it in several requests; what was counted is taken")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return hansard.Errorf(hansard.KindInvalid, "the body paused for more than %s", Pause)
	}
	return err
}

// Decoded returns the body without its compression, bounded.
func Decoded(r *http.Request, limit int64) (io.ReadCloser, error) {
	switch enc := strings.ToLower(r.Header.Get("Content-Encoding")); enc {
	case "", "identity":
		return &bounded{r: r.Body, left: limit}, nil
	case "gzip":
		src := &source{r: r.Body}
		z, err := gzip.NewReader(src)
		if err != nil {
			return nil, Error(src.blame(err))
		}
		return &bounded{r: &inflated{z, src}, left: limit, close: func() { z.Close() }}, nil
	case "zstd":
		src := &source{r: r.Body}
		z, err := zstd.NewReader(src, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(8<<20), zstd.WithDecoderMaxMemory(64<<20))
		if err != nil {
			return nil, Error(src.blame(err))
		}
		return &bounded{r: &inflated{z, src}, left: limit, close: z.Close}, nil
	}
	err := hansard.Errorf(hansard.KindInvalid, "this Content-Encoding is not known")
	return nil, hansard.WithHint(err, "use identity, gzip or zstd")
}

// source is a compressed body as it comes from the network. It remembers what
// reading it failed with: what a decompressor says of an error is not always
// where it came from.
type source struct {
	r   io.Reader
	err error
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// blame returns the error that ended a decompression: the network's, or else the
// sender's.
func (s *source) blame(err error) error {
	if s.err != nil {
		return s.err
	}
	return hansard.Errorf(hansard.KindInvalid, "the compressed body is damaged: %w", err)
}

// inflated is a decompressed body.
type inflated struct {
	r   io.Reader
	src *source
}

// Read implements io.Reader.
func (f *inflated) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && err != io.EOF {
		err = f.src.blame(err)
	}
	return n, err
}

var errTooLarge = errors.New("body too large")

// bounded is a reader that fails after so many bytes.
type bounded struct {
	r     io.Reader
	left  int64
	close func()
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		// At the bound it must be the end.
		if n, err := b.r.Read(make([]byte, 1)); n == 0 && err != nil {
			return 0, err
		}
		return 0, errTooLarge
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// Close implements io.Closer.
func (b *bounded) Close() error {
	if b.close != nil {
		b.close()
	}
	return nil
}
