// Package localkeys keeps keys in one file, for the embedded profile: a laptop
// or a test with nothing installed. It implements seal.KeyWrapper,
// seal.KeyKeeper and, by Ring.LogSigner, seal.Signer.
//
// Whoever can read the file can open every payload and sign every log entry:
// it proves nothing against its owner, and production mode refuses it.
//
// # File
//
// JSON, mode 0600, replaced whole by each change (temporary file, fsync,
// rename, fsync of the directory), so that a crash leaves the old or the new
// ring. Changes of several processes are serialised by a lock on FILE.lock, and
// each reads the file again first; readers notice a replaced file and load it.
//
//	{"format": "safeconduct-keyring-v1",
//	 "log":  {"1": base64 of an Ed25519 seed},
//	 "keys": {NAME: {"min": 1, "versions": {"1": base64 of 32 bytes}}}}
//
// # Wrapping
//
//	key     = HKDF-SHA256(ikm = version's key, no salt,
//	          info = field("safeconduct/localkeys/v1") || field(NAME) || field(binding)), 32 bytes
//	wrapped = "local:vN:" || base64(nonce (12, random) || AES-256-GCM(key, nonce, data key, aad = "local:vN"))
//	field(x) = uint32(length of x), big endian || x
package localkeys
