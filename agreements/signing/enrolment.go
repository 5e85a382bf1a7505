package signing

import (
	"fmt"
	"strings"
	"time"
)

const enrolmentType = "safeconduct-key-enrolment+jws"

// Enrolment is what the holder of a new key signs with it to prove possession:
// that at IssuedAt this Key (a thumbprint) is offered for Person.
type Enrolment struct {
	Person   string    `json:"person"`
	Key      string    `json:"key"`
	IssuedAt time.Time `json:"issued_at"`
}

// Bounds is the time during which an enrolment proof is taken: up to MaxAge
// after it was issued, and up to Skew before, for a clock that runs ahead.
type Bounds struct {
	MaxAge time.Duration
	Skew   time.Duration
}

// Enrol answers the compact JWS with which key proves itself for person at the
// given time. ErrStatement if person or time is missing.
func Enrol(key PrivateKey, person string, at time.Time) (string, error) {
	e := Enrolment{Person: person, Key: key.Public().Thumbprint(), IssuedAt: instant(at)}
	if strings.TrimSpace(person) == "" || at.IsZero() {
		return "", fmt.Errorf("%w: enrolment needs person and time", ErrStatement)
	}
	return signCompact(key, enrolmentType, e)
}

// VerifyEnrolment verifies that whoever made jws holds the private half of key
// and offered it for person within bounds of now. It does not remember proofs:
// the caller refuses a key that is enrolled already. Errors, in this order:
// ErrAlgorithm, ErrSignature, ErrSubject (another person), ErrAge.
func VerifyEnrolment(jws string, key PublicKey, person string, now time.Time, bounds Bounds) (Enrolment, error) {
	var e Enrolment
	if err := openCompact(jws, enrolmentType, key, &e); err != nil {
		return Enrolment{}, err
	}
	if !isInstant(e.IssuedAt) {
		return Enrolment{}, fmt.Errorf("%w: issued_at is not UTC with microseconds", ErrSignature)
	}
	if e.Key != key.Thumbprint() {
		return Enrolment{}, fmt.Errorf("%w: proof is for another key", ErrSubject)
	}
	if person == "" || e.Person != person {
		return Enrolment{}, fmt.Errorf("%w: proof is for another person", ErrSubject)
	}
	age := now.Sub(e.IssuedAt)
	if age > bounds.MaxAge {
		return Enrolment{}, fmt.Errorf("%w: issued %s ago, at most %s", ErrAge, age.Truncate(time.Second), bounds.MaxAge)
	}
	if -age > bounds.Skew {
		return Enrolment{}, fmt.Errorf("%w: issued %s in the future", ErrAge, (-age).Truncate(time.Second))
	}
	return e, nil
}
