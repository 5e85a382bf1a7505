package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/gateway/edge"
)

// publicKey is an Ed25519 public key as a JSON Web Key (RFC 8037). A private one has a member "d", which is refused.
type publicKey struct {
	Type  string `json:"kty" enum:"OKP"`
	Curve string `json:"crv" enum:"Ed25519"`
	X     string `json:"x" minLength:"43" maxLength:"43" doc:"the key, base64url" example:"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"`
	ID    string `json:"kid,omitempty" maxLength:"64" doc:"RFC 7638 thumbprint, where it is there"`
	Use   string `json:"use,omitempty" enum:"sig"`
	Alg   string `json:"alg,omitempty" enum:"EdDSA,Ed25519"`
}

type keyBody struct {
	Key   publicKey `json:"public_key"`
	Proof string    `json:"proof" minLength:"1" maxLength:"4096" doc:"compact JWS, typ safeconduct-key-enrolment+jws, by the key itself over person, key and issued_at"`
}

type confirmationBody struct {
	Authority string `json:"authority" minLength:"1" maxLength:"1000" doc:"what proves the owner's authority to sign" example:"Delegation of authority 2026-014"`
}

// KeyID is the input of an operation on one key.
type KeyID struct {
	RecordID
	Key string `path:"key" doc:"RFC 7638 thumbprint of the key"`
}

func (p *KeyID) ids() []string { return []string{p.ID, p.Key} }

type confirmKey struct {
	KeyID
	Body confirmationBody
}

func (r *routes) keys() {
	const tag = "people"
	write(r, spec{
		tag: tag, id: "enrol-key", method: http.MethodPost, path: "/people/{id}/keys", status: http.StatusCreated, summary: "Enrol your own signing key",
		about: "Only oneself enrols a key. It signs once Legal has confirmed its owner's authority.",
	}, r.keyAgain, func(ctx context.Context, c authz.Caller, in *with[keyBody]) (people.Key, error) {
		if in.ID != c.Person {
			return people.Key{}, evidence.ErrNotFound // there is no such collection for anybody else
		}
		jwk, err := json.Marshal(in.Body.Key)
		if err != nil {
			return people.Key{}, fmt.Errorf("writing a public key: %w", err)
		}
		return r.People.EnrolKey(ctx, c, string(jwk), in.Body.Proof)
	})
	write(r, spec{
		tag: tag, id: "confirm-key", method: http.MethodPost, path: "/people/{id}/keys/{key}/confirmation", summary: "Confirm a signatory's authority",
		about: "By Legal. Signatures count only from then on.",
	}, r.keyAgain, func(ctx context.Context, c authz.Caller, in *confirmKey) (people.Key, error) {
		return r.People.ConfirmKey(ctx, c, in.Key, in.Body.Authority)
	})
	write(r, spec{
		tag: tag, id: "revoke-key", class: edge.Release, method: http.MethodDelete, path: "/people/{id}/keys/{key}", summary: "Revoke a signing key",
		about: "By Legal. Signatures made from then on do not count.",
	}, r.keyAgain, func(ctx context.Context, c authz.Caller, in *KeyID) (people.Key, error) {
		return r.People.RevokeKey(ctx, c, in.Key)
	})
}

func (r *routes) keyAgain(ctx context.Context, c authz.Caller, d done) (people.Key, error) {
	return made(people.KindKey, func(ctx context.Context, c authz.Caller, id string) (people.Key, error) {
		p, err := r.People.Person(ctx, c, d.path[0])
		return among(p.Keys, err, id, func(k people.Key) string { return k.ID })
	})(ctx, c, d)
}
