package signing_test

import (
	"errors"
	"testing"
	"time"

	"safeconduct/agreements/signing"
)

func TestEnrolment(t *testing.T) {
	t.Parallel()
	key, other := testKey(t, 1), testKey(t, 2)
	bounds := signing.Bounds{MaxAge: 10 * time.Minute, Skew: time.Minute}
	proof, err := signing.Enrol(key, "per-1", signedAt)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := signing.Sign(key, statement(t))
	if err != nil {
		t.Fatal(err)
	}
	mismatch := forge(rawKey(1),
		`{"alg":"EdDSA","kid":"`+key.Public().Thumbprint()+`","typ":"safeconduct-key-enrolment+jws"}`,
		`{"issued_at":"2026-03-01T09:30:00.123456Z","key":"`+other.Public().Thumbprint()+`","person":"per-1"}`)
	none := b64(`{"alg":"none","typ":"safeconduct-key-enrolment+jws"}`) + "." + b64(`{}`) + "."
	for name, tc := range map[string]struct {
		jws    string
		key    signing.PublicKey
		person string
		now    time.Time
		want   error
	}{
		"R50 at once":                   {proof, key.Public(), "per-1", signedAt, nil},
		"R50 at the age bound":          {proof, key.Public(), "per-1", signedAt.Add(bounds.MaxAge), nil},
		"R50 within the skew":           {proof, key.Public(), "per-1", signedAt.Add(-bounds.Skew), nil},
		"R50 too old":                   {proof, key.Public(), "per-1", signedAt.Add(bounds.MaxAge + 1), signing.ErrAge},
		"R50 from the future":           {proof, key.Public(), "per-1", signedAt.Add(-bounds.Skew - 1), signing.ErrAge},
		"R50 another person":            {proof, key.Public(), "per-2", signedAt, signing.ErrSubject},
		"R50 nobody":                    {proof, key.Public(), "", signedAt, signing.ErrSubject},
		"R50 another key":               {proof, other.Public(), "per-1", signedAt, signing.ErrSignature},
		"R50 no key":                    {proof, signing.PublicKey{}, "per-1", signedAt, signing.ErrSignature},
		"R50 payload names another key": {mismatch, key.Public(), "per-1", signedAt, signing.ErrSubject},
		"R50 an agreement's signature":  {signature, key.Public(), "per-1", signedAt, signing.ErrSignature},
		"R50 alg none":                  {none, key.Public(), "per-1", signedAt, signing.ErrAlgorithm},
		"R50 truncated":                 {proof[:len(proof)-2], key.Public(), "per-1", signedAt, signing.ErrSignature},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := signing.VerifyEnrolment(tc.jws, tc.key, tc.person, tc.now, bounds)
			if !errors.Is(err, tc.want) {
				t.Fatalf("error = %v; want %v", err, tc.want)
			}
			if (err == nil) != (got.Person == "per-1" && got.Key == key.Public().Thumbprint() && got.IssuedAt.Equal(signedAt)) {
				t.Fatalf("enrolment %+v with error %v", got, err)
			}
		})
	}
	if _, err := signing.Enrol(key, " ", signedAt); !errors.Is(err, signing.ErrStatement) {
		t.Errorf("nobody enrols: %v", err)
	}
	if _, err := signing.Enrol(signing.PrivateKey{}, "per-1", signedAt); !errors.Is(err, signing.ErrKey) {
		t.Errorf("no key enrols: %v", err)
	}
}
