// Package ledger is the evidence log (R52): entries, the Merkle tree over
// them, signed checkpoints, proofs, and the verification that recomputes all
// of it. It does no I/O of its own; rows arrive through the interfaces it is
// handed.
//
// # Entry and leaf, version 1
//
// Integers are unsigned and big-endian; || joins bytes. The commitment binds
// everything the row says but its position:
//
//	commitment = HMAC-SHA256(key = salt,
//	    "safeconduct log entry v1\n" ||
//	    uint64 version || uint32 len(id) || id ||
//	    uint32 len(kind) || kind || body)
//
// The salt is 32 random bytes. The body is canonical JSON (RFC 8785) and made
// by the caller. Salt and body may be erased together; the commitment stays
// and the tree still verifies. The leaf, on which the tree is built, is
//
//	leaf = uint64 version || uint32 len(kind) || kind || commitment
//
// Hashing is RFC 6962 section 2.1 as golang.org/x/mod/sumdb/tlog does it:
// SHA-256 with prefix 0x00 for a leaf and 0x01 for a node. A hash lies in
// row tlog.StoredHashIndex(level, n); only complete subtrees are stored.
//
// # Erasure
//
// An entry whose salt and body are gone needs evidence: an entry of kind
// [KindErasure], inserted in the transaction that erased, whose body has the
// member "erased", a list of {"id", "seq"}. Other members are the caller's.
//
// # Checkpoint
//
// A checkpoint is a C2SP signed note (c2sp.org/signed-note) in the form of
// c2sp.org/tlog-checkpoint with exactly one extension line and exactly one
// signature line, whose key name is the origin:
//
//	<origin>
//	<size, decimal>
//	<root, base64>
//	prev <size of the previous checkpoint> <base64 SHA-256 of its signed note>
//
//	— <origin> <base64 of 4-byte key hash || ed25519 signature>
//
// The first checkpoint has prev 0 and 32 zero bytes. Each version of the
// signing key is a note key of its own: same name, other key hash (type 0x01).
// Base64 is the standard alphabet, padded, with zero trailing bits: there is
// one encoding of a signed checkpoint, so every altered byte shows.
package ledger
