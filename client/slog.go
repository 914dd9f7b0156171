package client

import "log/slog"

// SlogHandler x
func (a *Agent) SlogHandler(*slog.HandlerOptions) slog.Handler { return slog.DiscardHandler }
