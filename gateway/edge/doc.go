// Package edge is the server that faces the network: it bounds what comes in, says who is calling, and turns errors into
// problem documents (RFC 9457). Whoever mounts a route gets all of that without asking: what is under /api/v1 answers 401
// to whoever has no valid token, before a parameter or a body is parsed, and also where no such route exists.
//
// Nothing about a person is logged or traced: routes appear as templates, addresses as keyed commitments.
package edge
