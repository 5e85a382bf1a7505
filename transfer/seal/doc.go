// Package seal turns a payload into ciphertext that only a holder of its data
// key can read, and back, streaming, in constant memory. It does no I/O of its
// own: the caller lends it a reader, a way to put chunks and a way to get them.
//
// # Keys
//
// Each transfer has one data key of 32 bytes ([DataKey]). It exists in memory
// only; at rest it is [Wrapped] by a key service, under the key of one
// safeguard instrument ([KeyName]) and bound to the transfer ([Binding]).
// [KeyWrapper] makes and unwraps data keys, [KeyKeeper] creates, rotates and
// trims the keys above them. A wrapped key unwraps under the same name and the
// same binding, and no others.
//
// # Format of a sealed payload, version 1
//
// A payload is cut into chunks, numbered from 0, each sealed as one object.
// Chunks hold [ChunkSize] bytes of plaintext; the last may hold fewer, and so
// may any other (a resumed upload leaves short chunks). A chunk holds at least
// one byte, except that an empty payload is one empty chunk.
//
// One object is one independent ciphertext of Tink streaming AEAD, key type
// AES-GCM-HKDF-STREAMING, with these parameters:
//
//	input key        the data key, 32 bytes
//	HKDF             HMAC-SHA256
//	derived key      32 bytes (AES-256-GCM)
//	segment          65,536 bytes of ciphertext
//	first offset     0
//
// On the wire (big endian throughout):
//
//	object   = header || segment 0 || segment 1 || ... || segment k
//	header   = 0x28 (its own length, 40) || salt (32 bytes) || prefix (7 bytes)
//	key      = HKDF-SHA256(ikm = data key, salt = salt, info = associated data), 32 bytes
//	nonce i  = prefix || uint32(i) || 0x01 for the last segment, else 0x00
//	segment  = AES-256-GCM(key, nonce i, plaintext) || tag (16 bytes)
//
// Segment 0 holds at most 65,480 bytes of plaintext (with the header it fills
// 65,536), each other at most 65,520; only the last is shorter, and it is empty
// only when the chunk is. A chunk of n bytes thus seals to
// 40 + n + 16 x (number of segments) bytes, exactly.
//
// The associated data names what the chunk is and where it stands:
//
//	aad      = field("safeconduct/seal/v1") || field(transfer id)
//	           || field(uint64(file)) || field(uint64(sequence)) || field(last)
//	field(x) = uint32(length of x) || x
//	last     = 0x01 for the last chunk of the payload, else 0x00
//
// So a chunk cannot be moved to another place, file or transfer, nor can the
// payload be cut after any chunk, without the key. Salt and prefix are random
// per object: a chunk that must be put again is sealed afresh, and no nonce is
// ever used for two plaintexts.
//
// The [Manifest] lists the chunks (plain size, sealed size, SHA-256 of the
// object) with the size and SHA-256 of the plaintext. It holds no secret but
// the digest of the plaintext, is kept beside the wrapped key, and is hashed
// into the evidence log by [Manifest.Digest]:
//
//	SHA-256( field("safeconduct/manifest/v1") || uint64(size) || sha256 (32 bytes)
//	         || uint64(number of chunks)
//	         || for each chunk: uint64(plain) || uint64(sealed) || sha256 (32 bytes) )
//
// # What reading promises
//
// [Open] writes only bytes that were authenticated, in order, and holds back
// the end of the payload (its last byte at least, 64 KiB at most) until the size
// and digest of every object it read, and (from offset 0) the digest of the
// whole plaintext, are right. A
// payload that was truncated, reordered, swapped or altered is therefore never
// handed over whole: the writer has received too few bytes and the error is
// [ErrCorrupt].
//
// # What runs beside what
//
// SHA-256 costs several times what AES-256-GCM does, and the format takes two
// digests of every byte. So sealing reads and encrypts in the caller's
// goroutine, hashes the plaintext in a second, and hashes and puts each sealed
// chunk in one of its own, two at a time; opening fetches and hashes objects in
// a second goroutine, and hashes the plaintext in a third. All of them have
// ended when [Seal] or [Open] returns.
//
// # What memory holds
//
// Sealing holds one chunk of plaintext and at most three sealed chunks (while a
// failed put is repeated, one more of each); a payload below 64 KiB holds no
// more than that. Opening holds 2 MiB of ciphertext and 512 KiB of plaintext.
// Plaintext buffers are zeroed when they are released, and never serve for
// ciphertext: an HTTP client may still read a body after its request failed.
// Tink's own working buffers of one segment, and its copy of the key, are out of
// reach and left to the collector.
//
// testdata/vectors.json holds payloads sealed by this package under fixed keys.
package seal
