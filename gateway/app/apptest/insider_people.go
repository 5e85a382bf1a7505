package apptest

import (
	"crypto/rand"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/signing"
	"safeconduct/authz"
	"safeconduct/authz/identity"
	"safeconduct/authz/people"
	"safeconduct/gateway/app"
)

// signIn is the act of who comes with the secret of a token.
func signIn(w *World, s identity.Secret) func() error {
	return func() error { _, err := w.Identity.Authenticate(w.Ctx, s); return err }
}

// issued is a token of the downloader's, and its secret.
func issued(w *World) (identity.Token, identity.Secret) {
	token, secret, err := w.Identity.Issue(w.Ctx, w.As(authz.LEG), w.Persons[authz.PDL], time.Hour, nil)
	w.Must(err)
	_, err = w.Identity.Authenticate(w.Ctx, secret)
	w.Must(err)
	return token, secret
}

func drawn(w *World) identity.Secret {
	secret, err := identity.NewSecret(rand.Reader)
	w.Must(err)
	return secret
}

func tokensByHand() []insider {
	const kind = identity.KindToken
	return []insider{
		{"a token that nobody issued", kind, func(w *World, h *Hand) func() error {
			token, _ := issued(w)
			secret := drawn(w)
			h.Forge(kind, "tokens", token.ID, app.NewID(), func(said map[string]any) { said["hash"] = secret.Hash() },
				map[string]any{"hash": secret.Hash(), "person": token.Person})
			return signIn(w, secret)
		}},
		{"a token found under another secret", kind, func(w *World, h *Hand) func() error {
			token, _ := issued(w)
			secret := drawn(w)
			h.Exec("UPDATE tokens SET hash = $1 WHERE id = $2", secret.Hash(), token.ID)
			return signIn(w, secret)
		}},
		{"a token with another secret", kind, func(w *World, h *Hand) func() error {
			token, _ := issued(w)
			secret := drawn(w)
			h.Alter(kind, token.ID, func(said map[string]any) { said["hash"] = secret.Hash() })
			h.Exec("UPDATE tokens SET hash = $1 WHERE id = $2", secret.Hash(), token.ID)
			return signIn(w, secret)
		}},
		{"a token that was revoked", kind, func(w *World, h *Hand) func() error {
			token, secret := issued(w)
			_, err := w.Identity.Revoke(w.Ctx, w.As(authz.LEG), token.ID)
			w.Must(err)
			h.RollBack(kind, "tokens", token.ID, nil)
			return signIn(w, secret)
		}},
		{"a token whose record is gone", kind, func(w *World, h *Hand) func() error {
			token, secret := issued(w)
			h.Exec("DELETE FROM record_versions WHERE kind = $1 AND id = $2", kind, token.ID)
			return signIn(w, secret)
		}},
	}
}

func grantsByHand() []insider {
	const kind = people.KindGrant
	grantOf := func(h *Hand, person string) string { return h.Text("SELECT id FROM grants WHERE person = $1", person) }
	return []insider{
		{"a role that nobody granted", kind, func(w *World, h *Hand) func() error {
			token, secret := issued(w)
			pattern := grantOf(h, w.Persons[authz.HOM])
			h.Forge(kind, "grants", pattern, app.NewID(), func(said map[string]any) { said["person"] = token.Person },
				map[string]any{"person": token.Person, "role": "HOM", "mission": w.Mission.ID, "partner": ""})
			return signIn(w, secret)
		}},
		{"another's role", kind, func(w *World, h *Hand) func() error {
			token, secret := issued(w)
			h.Exec("UPDATE grants SET person = $1 WHERE id = $2", token.Person, grantOf(h, w.Persons[authz.HOM]))
			return signIn(w, secret)
		}},
		{"a role of another kind", kind, func(w *World, h *Hand) func() error {
			token, secret := issued(w)
			h.Alter(kind, grantOf(h, token.Person), func(said map[string]any) { said["role"] = "LEG" })
			return signIn(w, secret)
		}},
		{"a role that was ended", kind, func(w *World, h *Hand) func() error {
			token, secret := issued(w)
			id := grantOf(h, token.Person)
			_, err := w.People.EndGrant(w.Ctx, w.As(authz.LEG), id)
			w.Must(err)
			h.RollBack(kind, "grants", id, nil)
			return signIn(w, secret)
		}},
	}
}

func signatoriesByHand() []insider {
	keyOf := func(w *World, h *Hand) string {
		return h.Text("SELECT id FROM signing_keys WHERE person = $1", w.Persons[authz.PSG])
	}
	return []insider{
		{"a signatory whose authority nobody confirmed", people.KindKey, func(w *World, h *Hand) func() error {
			key, err := signing.GenerateKey(rand.Reader)
			w.Must(err)
			h.Forge(people.KindKey, "signing_keys", keyOf(w, h), key.Public().Thumbprint(), func(map[string]any) {}, map[string]any{"person": w.Persons[authz.PSG]})
			return request(w)
		}},
		{"a signatory with another key", people.KindKey, func(w *World, h *Hand) func() error {
			key, err := signing.GenerateKey(rand.Reader)
			w.Must(err)
			jwk, err := key.Public().MarshalJSON()
			w.Must(err)
			sent := landed(w)
			h.Alter(people.KindKey, keyOf(w, h), func(said map[string]any) { said["public"] = string(jwk) })
			return approve(w, sent.ID)
		}},
		{"a signature that nobody made", agreements.KindAgreement, func(w *World, h *Hand) func() error {
			id := h.Text("SELECT id FROM agreements")
			sent := landed(w)
			h.Alter(agreements.KindAgreement, id, func(said map[string]any) {
				all, _ := said["signatures"].([]any)
				all[0].(map[string]any)["signatory"] = w.Persons[authz.RO]
			})
			return approve(w, sent.ID)
		}},
	}
}
