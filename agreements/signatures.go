package agreements

import (
	"errors"
	"time"

	"safeconduct/agreements/signing"
	"safeconduct/authz"
	"safeconduct/authz/people"
)

// SignatureFault is why a signature does not count.
type SignatureFault int

// The faults, from none to the worst.
const (
	NoFault SignatureFault = iota
	SignatoryUnauthorised
	HashMismatch
)

// CheckSignature verifies a signature as the gate needs it, each time anew
// (condition 9): the digest is recomputed from the document, the JWS verified
// under the enrolled key, the key proven and the signatory's role held when it
// was signed; of wet ink the attestation is checked instead. keys and grants are
// those of whom the signature is ProvenBy.
func (a Agreement) CheckSignature(s Signature, keys []people.Key, grants []people.Grant) SignatureFault {
	digest, err := a.Document.DigestOf()
	if err != nil || digest != a.Digest {
		return HashMismatch
	}
	switch s.Method {
	case MethodWetInk:
		return a.checkAttestation(s, grants)
	case MethodJWS:
	default:
		return SignatoryUnauthorised
	}
	var key *people.Key
	for i := range keys {
		if keys[i].ID == s.Key && keys[i].Person == s.Signatory {
			key = &keys[i]
		}
	}
	if key == nil || !key.ProvenAt(s.SignedAt) || !key.ProvenAt(s.Received) {
		return SignatoryUnauthorised
	}
	public, err := signing.ParseJWK([]byte(key.Public))
	if err != nil || public.Thumbprint() != key.ID {
		return SignatoryUnauthorised
	}
	if err := signing.Verify(s.JWS, public, a.statement(s)); errors.Is(err, signing.ErrSubject) {
		return SignatoryUnauthorised
	} else if err != nil {
		return HashMismatch
	}
	if !a.authorised(s, grants, s.Received) {
		return SignatoryUnauthorised
	}
	return NoFault
}

func (a Agreement) authorised(s Signature, grants []people.Grant, at time.Time) bool {
	for _, g := range grants {
		if g.Person != s.Signatory || !g.HeldAt(at) {
			continue
		}
		if s.Party == signing.PartyIOM && g.Role == authz.HOM && g.Mission == a.Document.Mission {
			return true
		}
		if s.Party == a.Document.Partner && g.Role == authz.PSG && g.Partner == a.Document.Partner {
			return true
		}
	}
	return false
}
