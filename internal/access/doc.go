// Package access decides who may reach the server, and as whom. It is safe by
// default: without a token file the server answers this machine only, and never
// a web page from elsewhere that runs in a browser on this machine.
//
// A request passes, in this order: a request id, the security headers, the
// Guard (is this a browser acting for another site?), Authenticate (who is it?)
// and, on each route, Require (may this role do that?). Wrap puts the first
// four in their order; refusals are RFC 9457 problems.
//
// Nothing here prints a token: a Secret and the Tokens hide themselves from
// fmt and slog, and no error quotes a token file.
package access
