package otlp

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/gzip" // what most senders compress with
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/access"
	"github.com/hansardhq/hansard/internal/intake"
)

// maxStreams is how many requests one connection may have under way.
const maxStreams = 32

// GRPC returns a server for OTLP over gRPC. tlsConfig may be nil: no TLS.
func (r *Receiver) GRPC(tlsConfig *tls.Config) *grpc.Server {
	registerZstd()
	options := []grpc.ServerOption{
		grpc.ForceServerCodecV2(rawCodec{}),
		grpc.MaxRecvMsgSize(r.cfg.MaxMessage),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.MaxHeaderListSize(64 << 10),
		grpc.ConnectionTimeout(10 * time.Second),
		grpc.InTapHandle(r.admit),
	}
	if tlsConfig != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(tlsConfig)))
	}
	s := grpc.NewServer(options...)
	for _, d := range []struct {
		signal Signal
		name   string
	}{{Traces, "trace.v1.TraceService"}, {Logs, "logs.v1.LogsService"}, {Metrics, "metrics.v1.MetricsService"}} {
		s.RegisterService(&grpc.ServiceDesc{
			ServiceName: "opentelemetry.proto.collector." + d.name,
			HandlerType: (*any)(nil),
			Methods:     []grpc.MethodDesc{{MethodName: "Export", Handler: r.export(d.signal)}},
		}, r)
	}
	return s
}

// export returns the handler of a signal's only method.
func (r *Receiver) export(signal Signal) grpc.MethodHandler {
	return func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		id, ok := access.IdentityOf(ctx)
		if !ok {
			return nil, statusOf(hansard.Errorf(hansard.KindDenied, "%w", access.ErrUnauthenticated))
		}
		var m message
		if err := decode(&m); err != nil {
			return nil, err
		}
		size := int64(len(m.bytes))
		if !r.reserve(size) {
			return nil, statusOf(errPressure())
		}
		defer r.release(size)
		out, err := r.Receive(ctx, intake.Source{Tenant: id.Tenant, SubmittedBy: id.TokenID}, signal, Protobuf, m.bytes)
		if err != nil {
			return nil, statusOf(err)
		}
		return &message{out.response(Protobuf)}, nil
	}
}

// admit decides about a request by its headers, before its message is read: who
// may not send shall not fill our memory.
func (r *Receiver) admit(ctx context.Context, info *tap.Info) (context.Context, error) {
	id, err := r.identify(ctx, info.Header)
	if err == nil && r.inFlight.Load() >= r.cfg.MaxInFlight {
		err = errPressure()
	}
	if err != nil {
		return nil, statusOf(err)
	}
	return access.WithIdentity(ctx, id), nil
}

// identify returns who calls, by the token in the metadata, as over HTTP.
func (r *Receiver) identify(ctx context.Context, md metadata.MD) (access.Identity, error) {
	if r.cfg.Tokens == nil && !fromLoopback(ctx) {
		return access.Identity{}, hansard.Errorf(hansard.KindDenied, "this server has no tokens and answers callers on its own machine only: %w", access.ErrUnauthenticated)
	}
	header := http.Header{}
	for _, name := range []string{"authorization", "x-api-key", access.TenantHeader, "forwarded", "x-forwarded-for", "x-real-ip"} {
		for _, v := range md.Get(name) {
			header.Add(name, v)
		}
	}
	id, err := r.cfg.Tokens.Identify(header)
	if err != nil {
		return id, err
	}
	return id, id.Check(access.RoleIngest)
}

// fromLoopback reports whether the connection comes from this machine.
func fromLoopback(ctx context.Context) bool {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return false
	}
	a, err := netip.ParseAddrPort(p.Addr.String())
	return err == nil && a.Addr().IsLoopback()
}

// retryAfter is what a busy server asks senders to wait.
const retryAfter = time.Second

// statusOf returns an error as gRPC says it: with RetryInfo where the sender shall
// try again.
func statusOf(err error) error {
	p := access.ProblemOf(context.Background(), err)
	text := p.Detail
	if p.Hint != "" {
		text += " (" + p.Hint + ")"
	}
	code := codes.Internal
	switch hansard.KindOf(err) {
	case hansard.KindInvalid, hansard.KindTooLarge:
		code = codes.InvalidArgument
	case hansard.KindDenied:
		code = codes.PermissionDenied
		if p.Status == http.StatusUnauthorized {
			code = codes.Unauthenticated
		}
	case hansard.KindBusy:
		s, err := status.New(codes.ResourceExhausted, text).WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(retryAfter)})
		if err == nil {
			return s.Err()
		}
		code = codes.Unavailable
	case hansard.KindInternal:
		text = "internal error"
	}
	return status.Error(code, text)
}

// message is a protobuf message as bytes.
type message struct{ bytes []byte }

// rawCodec hands messages on as bytes: they are decoded here, and not by gRPC.
type rawCodec struct{}

// Name returns the name of the encoding in content types.
func (rawCodec) Name() string { return "proto" }

// Marshal implements encoding.CodecV2.
func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	m, ok := v.(*message)
	if !ok {
		return nil, hansard.Errorf(hansard.KindInternal, "grpc: a %T is no message", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(m.bytes)}, nil
}

// Unmarshal implements encoding.CodecV2. data is freed when it returns: the bytes
// are copied.
func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	m, ok := v.(*message)
	if !ok {
		return hansard.Errorf(hansard.KindInternal, "grpc: a %T is no message", v)
	}
	m.bytes = data.Materialize()
	return nil
}

// registerZstd makes gRPC know zstd. It keeps its compressors in a variable of its
// package, the same for all servers of a process.
var registerZstd = sync.OnceFunc(func() { encoding.RegisterCompressor(zstdCompressor{}) })

type zstdCompressor struct{}

// Name returns the name of the compression in headers.
func (zstdCompressor) Name() string { return "zstd" }

// Compress implements encoding.Compressor.
func (zstdCompressor) Compress(w io.Writer) (io.WriteCloser, error) {
	return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
}

// Decompress implements encoding.Compressor. gRPC reads no more than a message may
// have.
func (zstdCompressor) Decompress(r io.Reader) (io.Reader, error) {
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(8<<20), zstd.WithDecoderMaxMemory(64<<20))
	if err != nil {
		return nil, err
	}
	return &zstdReader{z}, nil
}

// zstdReader closes its decoder at the end: nobody else does.
type zstdReader struct{ z *zstd.Decoder }

// Read implements io.Reader.
func (r *zstdReader) Read(b []byte) (int, error) {
	if r.z == nil {
		return 0, io.EOF
	}
	n, err := r.z.Read(b)
	if err != nil {
		r.z.Close()
		r.z = nil
	}
	return n, err
}

// ServeGRPC serves on a listener until the context ends, then lets requests finish
// for up to 15 seconds.
func ServeGRPC(ctx context.Context, s *grpc.Server, l net.Listener) error {
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	stopped := make(chan struct{})
	go func() { s.GracefulStop(); close(stopped) }()
	select {
	case <-stopped:
	case <-time.After(15 * time.Second):
		s.Stop()
	}
	return <-served
}
