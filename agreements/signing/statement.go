package signing

import (
	"fmt"
	"strings"
	"time"
)

const signatureType = "safeconduct-agreement-signature+jws"

// PartyIOM is the party of a statement signed for IOM; a partner's statement
// carries the partner's id.
const PartyIOM = "iom"

// Statement is what a signatory signs: that on behalf of Party, at SignedAt and
// under Title, they bind it to the document with Digest, which is Version of
// Agreement. Times are UTC with microseconds.
type Statement struct {
	Agreement string    `json:"agreement"`
	Version   int       `json:"version"`
	Digest    Digest    `json:"digest"`
	Party     string    `json:"party"`
	Signatory string    `json:"signatory"`
	Title     string    `json:"title"`
	SignedAt  time.Time `json:"signed_at"`
}

// Sign answers the compact JWS over s, with SignedAt cut to microseconds of
// UTC. It answers ErrStatement where a member is missing, and ErrCanonical
// where one has no canonical form.
func Sign(key PrivateKey, s Statement) (string, error) {
	s.SignedAt = instant(s.SignedAt)
	if err := s.check(); err != nil {
		return "", err
	}
	return signCompact(key, signatureType, s)
}

// Open verifies jws under key and answers what was signed. It proves who signed
// and what, not that it is what the caller needs: compare it with Verify, or
// take over only the members that the caller cannot know before (Title,
// SignedAt). Errors: ErrAlgorithm, ErrSignature.
func Open(jws string, key PublicKey) (Statement, error) {
	var s Statement
	if err := openCompact(jws, signatureType, key, &s); err != nil {
		return Statement{}, err
	}
	// "+02:00" for the same instant would be a second text of one statement.
	if !isInstant(s.SignedAt) {
		return Statement{}, fmt.Errorf("%w: signed_at is not UTC with microseconds", ErrSignature)
	}
	if err := s.check(); err != nil {
		return Statement{}, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	return s, nil
}

// Verify verifies jws under key and compares every member with expect; there
// are no wild cards. It is what gate condition 9 asks at each reading. Errors,
// in this order: ErrAlgorithm and ErrSignature (as Open), ErrSubject (other
// agreement, version, party, signatory, title or time), ErrDigest (the same
// subject, another document).
func Verify(jws string, key PublicKey, expect Statement) error {
	got, err := Open(jws, key)
	if err != nil {
		return err
	}
	expect.SignedAt = instant(expect.SignedAt)
	if err := expect.check(); err != nil {
		return fmt.Errorf("expected statement: %w", err)
	}
	for _, m := range []struct {
		name string
		same bool
	}{
		{"agreement", got.Agreement == expect.Agreement},
		{"version", got.Version == expect.Version},
		{"party", got.Party == expect.Party},
		{"signatory", got.Signatory == expect.Signatory},
		{"title", got.Title == expect.Title},
		{"signed_at", got.SignedAt.Equal(expect.SignedAt)},
	} {
		if !m.same {
			return fmt.Errorf("%w: %s differs", ErrSubject, m.name)
		}
	}
	if got.Digest != expect.Digest {
		return ErrDigest
	}
	return nil
}

func (s Statement) check() error {
	for _, m := range []struct{ name, value string }{
		{"agreement", s.Agreement},
		{"party", s.Party},
		{"signatory", s.Signatory},
		{"title", s.Title},
	} {
		if strings.TrimSpace(m.value) == "" {
			return fmt.Errorf("%w: %s is missing", ErrStatement, m.name)
		}
	}
	switch {
	case s.Version < 1:
		return fmt.Errorf("%w: version is missing", ErrStatement)
	case s.Digest.IsZero():
		return fmt.Errorf("%w: digest is missing", ErrStatement)
	case s.SignedAt.IsZero():
		return fmt.Errorf("%w: signed_at is missing", ErrStatement)
	}
	return nil
}

func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

func isInstant(t time.Time) bool { return t.Location() == time.UTC && t.Equal(instant(t)) }
