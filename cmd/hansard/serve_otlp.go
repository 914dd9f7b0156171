package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"golang.org/x/sync/errgroup"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/access"
	"github.com/hansardhq/hansard/internal/api"
	"github.com/hansardhq/hansard/internal/otlp"
)

// The addresses where senders of OpenTelemetry look for a receiver.
const (
	defaultOTLPGRPC = "127.0.0.1:4317"
	defaultOTLPHTTP = "127.0.0.1:4318"
)

// otlpOff is the address of a port that is not opened.
const otlpOff = "off"

// otlpPorts are the ports of OTLP beside the API's. A nil listener: it is off.
type otlpPorts struct{ grpc, http net.Listener }

// openOTLP opens the ports. One that nobody asked for and that is taken is left
// out with a notice: another server or a collector may be there.
func (p *program) openOTLP(cfg *serverConfig, f *serveFlags, tokens bool) (*otlpPorts, error) {
	ports := &otlpPorts{}
	for _, port := range []struct {
		listener        *net.Listener
		flag, name, def string
		addr            *string
	}{
		{&ports.grpc, "--otlp-grpc", "OTLP/gRPC", defaultOTLPGRPC, &cfg.OTLP.GRPC},
		{&ports.http, "--otlp-http", "OTLP/HTTP", defaultOTLPHTTP, &cfg.OTLP.HTTP},
	} {
		asked := *port.addr != ""
		addr := or(*port.addr, port.def)
		if addr == otlpOff {
			continue
		}
		notice, err := access.CheckListen(addr, tokens, cfg.TLSCert != "", f.insecureHTTP)
		if err != nil {
			return nil, errors.Join(named(port.flag, err), ports.close())
		}
		l, err := net.Listen("tcp", addr)
		switch {
		case err != nil && asked:
			err = hansard.WithHint(fmt.Errorf("%s: %w", port.flag, err), "choose another address, or "+port.flag+" off")
			return nil, errors.Join(err, ports.close())
		case err != nil:
			p.say("notice: no %s on %s, which is taken; choose another address with %s", port.name, addr, port.flag)
			continue
		case notice != "" && asked:
			p.say("notice: %s", notice)
		}
		*port.listener = l
		p.say("%s on %s", port.name, l.Addr())
	}
	return ports, nil
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// close closes what is open.
func (o *otlpPorts) close() error {
	var err error
	for _, l := range []net.Listener{o.grpc, o.http} {
		if l != nil {
			err = errors.Join(err, l.Close())
		}
	}
	return err
}

// serve serves the ports in the group until the context ends.
func (o *otlpPorts) serve(ctx context.Context, group *errgroup.Group, server *api.Server, cfg *serverConfig, logger *slog.Logger) error {
	if o.http != nil {
		handler, err := server.OTLPHandler(o.http.Addr().String())
		if err != nil {
			return err
		}
		group.Go(func() error { return serveHTTP(ctx, newHTTPServer(handler, logger), o.http, cfg) })
	}
	if o.grpc == nil {
		return nil
	}
	var config *tls.Config
	if cfg.TLSCert != "" {
		cert, err := tls.LoadX509KeyPair(cfg.TLSCert, cfg.TLSKey)
		if err != nil {
			return err
		}
		config = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}}
	}
	group.Go(func() error { return otlp.ServeGRPC(ctx, server.OTLP().GRPC(config), o.grpc) })
	return nil
}
