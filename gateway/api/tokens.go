package api

import (
	"context"
	"net/http"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/identity"
	"safeconduct/authz/people"
	"safeconduct/gateway/edge"
)

const day = 24 * time.Hour

type tokenBody struct {
	Person string         `json:"person" minLength:"1" maxLength:"128" doc:"id of who will hold it; oneself, or somebody to whom it is handed over in person"`
	Days   int            `json:"expires_in_days" minimum:"1" maximum:"366" doc:"life of the token, in days of 24 hours, within what the rulebook allows" example:"30"`
	Scope  []authz.Action `json:"scope,omitempty" nullable:"false" maxItems:"100" doc:"actions that the token is limited to; empty: all that the roles allow"`
}

// TokenView is a token without its hash. It is exported for huma, as RecordID is.
type TokenView struct {
	ID        string          `json:"id"`
	Person    string          `json:"person"`
	Assurance authz.Assurance `json:"assurance" doc:"how the holder was proven when it was made: none, vouched or mfa"`
	Scope     []authz.Action  `json:"scope" nullable:"false" doc:"empty: all that the roles allow"`
	Expires   time.Time       `json:"expires" doc:"exclusive"`
	Revoked   *time.Time      `json:"revoked,omitempty"`
	Created   time.Time       `json:"created"`
}

// issuedView is a token with its secret, which is shown this once.
type issuedView struct {
	TokenView
	Secret string `json:"secret" doc:"the bearer token; it is shown once and kept as a hash only"`
}

// callerView is who calls.
type callerView struct {
	Person    people.Person   `json:"person"`
	Token     string          `json:"token" doc:"id of the token"`
	Assurance authz.Assurance `json:"assurance"`
	Scope     []authz.Action  `json:"scope" nullable:"false" doc:"empty: all that the roles allow"`
	Roles     []roleView      `json:"roles" nullable:"false" doc:"held at this moment"`
	Locks     []string        `json:"locks" nullable:"false" doc:"codes of what keeps the roles locked: TRAINING_EXPIRED, CONFIDENTIALITY_MISSING"`
}

type roleView struct {
	Grant    string     `json:"grant" doc:"id of the grant"`
	Role     authz.Role `json:"role"`
	Mission  string     `json:"mission,omitempty"`
	Partner  string     `json:"partner,omitempty"`
	Purposes []string   `json:"purposes,omitempty" doc:"ids of the purposes under which you have a task (R23)"`
}

func viewToken(t identity.Token) TokenView {
	return TokenView{ID: t.ID, Person: t.Person, Assurance: t.Assurance, Scope: full(t.Scope), Expires: t.Expires, Revoked: t.Revoked, Created: t.Created}
}

func (r *routes) tokens() {
	const tag = "tokens"
	write(r, spec{
		tag: tag, id: "issue-token", method: http.MethodPost, path: "/tokens", status: http.StatusCreated, summary: "Issue a token",
		about: "For oneself, with at most the assurance and the reach that one has now; for another, by who may grant every role that the other holds.",
	}, shownOnce[issuedView](identity.KindToken), func(ctx context.Context, c authz.Caller, in *of[tokenBody]) (issuedView, error) {
		t, secret, err := r.Identity.Issue(ctx, c, in.Body.Person, time.Duration(in.Body.Days)*day, in.Body.Scope)
		if err != nil {
			return issuedView{}, err
		}
		return issuedView{viewToken(t), secret.Reveal()}, nil
	})
	write(r, spec{tag: tag, id: "revoke-token", class: edge.Release, method: http.MethodDelete, path: "/tokens/{id}", summary: "Revoke a token, from now on"},
		changed(r.token), func(ctx context.Context, c authz.Caller, in *RecordID) (TokenView, error) {
			t, err := r.Identity.Revoke(ctx, c, in.ID)
			return viewToken(t), err
		})
	handle(r, spec{tag: tag, id: "who-am-i", method: http.MethodGet, path: "/tokens/current", summary: "Read who you are, and what you hold"},
		func(ctx context.Context, c authz.Caller, _ *none) (callerView, error) {
			p, err := r.People.Person(ctx, c, c.Person)
			v := callerView{Person: p.Person, Token: c.Token, Assurance: c.Assurance, Scope: full(c.Scope), Roles: []roleView{}, Locks: full(c.Locks)}
			for _, g := range c.Grants {
				v.Roles = append(v.Roles, roleView{Grant: g.ID, Role: g.Role, Mission: g.Mission, Partner: g.Partner, Purposes: g.Purposes})
			}
			return v, err
		})
}

func (r *routes) token(ctx context.Context, c authz.Caller, id string) (TokenView, error) {
	t, err := r.Identity.Token(ctx, c, id)
	return viewToken(t), err
}
