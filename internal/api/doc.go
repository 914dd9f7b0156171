// Package api is the HTTP face of the server: one file per resource, described
// by an OpenAPI 3.1 document at /openapi.json that is made from the code.
//
// Reads go through huma; ingest, which is hot and streams, the live feed, and
// the transparency log's paths are plain handlers.
package api
