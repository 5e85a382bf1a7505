// Package vaulttransit wraps data keys and signs the evidence log with the
// transit engine of HashiCorp Vault. It implements seal.KeyWrapper,
// seal.KeyKeeper and, by Client.LogSigner, seal.Signer.
//
// # How keys are used
//
// Keys are derived (aes256-gcm96): the binding travels as `context`. On a key
// that is not derived Vault ignores the context and says nothing, so every key
// is proved derived before this process first uses it: the same operation is
// sent without a context, which a derived key refuses and any other performs.
// That needs no right beyond the operation itself, unlike reading the key's
// properties, and it tests what counts. Ensure checks the properties that Vault
// answers, since creating over another key succeeds and leaves it as it is.
//
// Neither a nonce nor associated data is ever sent, nor is `encrypt` called: it
// creates keys that are not derived. Rewrap takes one data key at a time, since
// a batch with failed items answers 200.
//
// # Rights
//
// Each operation of the ports needs these paths, under the mount:
//
//	NewDataKey  datakey/plaintext/NAME  update
//	Unwrap      decrypt/NAME            update
//	Ensure      keys/NAME               create, update with derived=true and no other parameter
//	Rotate      keys/NAME/rotate        update
//	            keys/NAME/config        update of min_encryption_version
//	Rewrap      rewrap/NAME             update
//	Trim        keys/NAME/config        update of min_decryption_version, min_encryption_version
//	            keys/NAME/trim          update
//	Sign        sign/LOGKEY             update
//	PublicKeys  keys/LOGKEY             read
//
// A Probe needs one of datakey/plaintext/NAME, decrypt/NAME and keys/NAME/config.
// deploy/vault has these rights as a policy for each duty. Beside them it needs
// auth/token/renew-self and revoke-self, as Vault's default
// policy grants; and LoginEnds the look-up of the role's own secret ids, each by
// its value: whoever asks holds it already.
// Vault 1.21 or later is needed, which answers a change of a key with the key.
//
// # Sessions
//
// The process logs in by AppRole and reads both halves from their files at each
// login, so that they can be replaced under it. The token is renewed while Vault
// allows it; when its life ends, or Vault answers that it knows it no more, the
// client logs in again, once for all requests that wait, and repeats the request
// once. Failures of the server or the network are repeated a few times within
// Config.Timeout, then reported as seal.ErrUnavailable.
//
// The environment (VAULT_TOKEN, VAULT_SKIP_VERIFY, HTTP_PROXY and so on) is not
// heeded. Errors carry no text from Vault, which might quote what it was sent.
package vaulttransit
