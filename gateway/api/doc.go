// Package api is the JSON interface of the gateway, under /api/v1: one file per resource, and each handler parses, makes
// one call to a service, and renders what it answers. Every decision is the service's; every error is a problem document
// of gateway/edge (RFC 9457), whose identity check runs before anything here does.
//
// JSON resources go through huma, which refuses members that it does not know and writes the OpenAPI 3.1 document at
// /api/v1/openapi.json, the one public route. Files are streamed by plain gin handlers; their operations are described in
// files_openapi.go.
//
// Ids are opaque: one of bad form answers as an unknown one does. Nothing here returns what is only for the inside: sealed
// manifests, uploads, wrapped keys, hashes of tokens, sealed case numbers.
package api
