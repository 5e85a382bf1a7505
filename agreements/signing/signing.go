// Package signing is the cryptography of an agreement: the canonical document
// and its digest, the Ed25519 keys of signatories, the proof with which a key
// is enrolled, and the signatures themselves. It is pure: it reads no clock, no
// database and no network, and takes randomness from its caller. Reading and
// writing key files for the command line is its only contact with a disk.
//
// # Formats
//
// A document is signed by its digest: SHA-256 over its RFC 8785 form, written
// "sha256:" and 64 lower-case hexadecimal digits.
//
// A signature is a compact JWS (RFC 7515) with exactly three protected header
// parameters: alg "EdDSA" (RFC 8037), kid the RFC 7638 thumbprint of the
// signing key, and typ. Its payload is the RFC 8785 form of one object, so that
// there is exactly one byte string for each statement:
//
//	typ safeconduct-agreement-signature+jws   Statement
//	typ safeconduct-key-enrolment+jws         Enrolment
//
// Everything else is refused: other algorithms, "none", crit, jwk, jku, x5c,
// other types, detached and JSON serialisations, padding, line breaks, base64
// with stray bits, duplicate members, and anything before or after the three
// parts.
package signing

import "errors"

// Sentinels. Callers branch on these with errors.Is; every other error is a
// failure of the machine (a file that cannot be read, randomness that ran dry).
var (
	// ErrCanonical: the value has no canonical form (RFC 8785 over I-JSON).
	ErrCanonical = errors.New("no canonical form")
	// ErrDigestText: the text is not a digest.
	ErrDigestText = errors.New("not a sha256 digest")
	// ErrKey: not a usable Ed25519 key.
	ErrKey = errors.New("not a usable Ed25519 key")
	// ErrKeyFile: the key file may be read by others, or is not a plain file.
	ErrKeyFile = errors.New("key file is not private")
	// ErrStatement: what should be signed is incomplete.
	ErrStatement = errors.New("incomplete statement")
	// ErrSignature: malformed, of another type, by another key, or false.
	ErrSignature = errors.New("signature does not verify")
	// ErrAlgorithm: signed under any algorithm but EdDSA.
	ErrAlgorithm = errors.New("signature algorithm is not EdDSA")
	// ErrDigest: a true signature of another document (AGR_HASH_MISMATCH).
	ErrDigest = errors.New("signature is of another document")
	// ErrSubject: a true signature about another agreement or version, or by
	// another party or signatory, than was expected.
	ErrSubject = errors.New("signature is about another subject")
	// ErrAge: an enrolment proof from too long ago, or from the future.
	ErrAge = errors.New("enrolment proof is outside its time")
)
