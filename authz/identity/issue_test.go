package identity_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

const day = 24 * time.Hour

func TestWhoIssuesForWhom(t *testing.T) {
	w := newWorld(t)
	legal, fp, hom := w.legal, w.holder(w.here, "", authz.FP), w.holder(w.here, "", authz.HOM)
	ro, awayRO := w.holder(w.here, "", authz.RO), w.holder(w.there, "", authz.RO)
	both := w.holder(w.here, "", authz.RO)
	w.grant(both, authz.RO, w.there, "")
	roAndFP := w.holder(w.here, "", authz.RO, authz.FP)
	dpo, oig := w.holder("", "", authz.DPO), w.holder("", "", authz.OIG)
	psg, pdl := w.holder("", partner, authz.PSG), w.holder("", partner, authz.PDL)
	newcomer := w.holder("", "")
	for _, c := range []struct {
		name     string
		by, whom string
		want     error
	}{
		{"Legal for a head of mission", legal, hom, nil},
		{"Legal for the DPO", legal, dpo, nil},
		{"Legal for an auditor", legal, oig, nil},
		{"Legal for a newcomer at headquarters", legal, newcomer, nil},
		{"the head for a focal point", hom, fp, nil},
		{"the head for an officer", hom, ro, nil},
		{"Legal for a downloader", legal, pdl, nil},
		{"Legal for a signatory", legal, psg, nil},
		{"the head for a downloader, who serves several missions", hom, pdl, evidence.ErrNotFound},
		{"a focal point for an officer", fp, ro, nil},
		{"a focal point for a downloader", fp, pdl, evidence.ErrNotFound},
		{"a focal point for a signatory", fp, psg, evidence.ErrNotFound},
		{"a focal point for the head", fp, hom, authz.ErrDenied},
		{"a focal point for another focal point", fp, roAndFP, authz.ErrDenied},
		{"a focal point for one who serves elsewhere too", fp, both, authz.ErrDenied},
		{"a focal point for an officer of another mission", fp, awayRO, evidence.ErrNotFound},
		{"a focal point for Legal", fp, legal, evidence.ErrNotFound},
		{"a focal point for a newcomer at headquarters, who may become Legal", fp, newcomer, evidence.ErrNotFound},
		{"a focal point for nobody", fp, "none", evidence.ErrNotFound},
		{"the head for Legal", hom, legal, evidence.ErrNotFound},
		{"an officer for a downloader", ro, pdl, evidence.ErrNotFound},
		{"an officer for the head", ro, hom, authz.ErrDenied},
		{"the DPO for an officer", dpo, ro, authz.ErrDenied},
		{"an auditor for an officer", oig, ro, authz.ErrDenied},
		{"a signatory for a downloader", psg, pdl, evidence.ErrNotFound},
		{"a downloader for Legal", pdl, legal, evidence.ErrNotFound},
	} {
		t.Run("separation of duties 8 issue: "+c.name, func(t *testing.T) {
			token, secret, err := w.Issue(w.ctx, w.as(c.by), c.whom, day, nil)
			if !errors.Is(err, c.want) {
				t.Fatal(err)
			}
			if err != nil {
				if secret.Reveal() != "" || token.ID != "" {
					t.Error("what was denied was handed out")
				}
				return
			}
			if token.Assurance != authz.AssuranceVouched || token.Hash != secret.Hash() || token.Actor != c.by {
				t.Errorf("%+v", token)
			}
		})
		t.Run("separation of duties 8 revoke: "+c.name, func(t *testing.T) {
			if c.whom == "none" {
				return
			}
			token, secret := w.issued(legal, day)
			if c.whom != legal {
				token, secret = w.issued(c.whom, day)
			}
			_, err := w.Revoke(w.ctx, w.as(c.by), token.ID)
			if !errors.Is(err, c.want) {
				t.Fatal(err)
			}
			if _, live := w.Authenticate(w.ctx, secret); (live != nil) != (err == nil) {
				t.Errorf("afterwards: %v", live)
			}
		})
	}
}

func TestIssueForOneself(t *testing.T) {
	w := newWorld(t)
	ro := w.holder(w.here, "", authz.RO)
	t.Run("R50 with the assurance that one has, never more", func(t *testing.T) {
		for _, a := range []authz.Assurance{authz.AssuranceNone, authz.AssuranceVouched, authz.AssuranceMFA} {
			c := w.signed(ro)
			c.Assurance = a
			token, secret, err := w.Issue(w.ctx, c, ro, day, nil)
			w.must(err)
			if got, err := w.Authenticate(w.ctx, secret); err != nil || got.Assurance != a || token.Assurance != a {
				t.Errorf("%s became %s, %v", a, got.Assurance, err)
			}
		}
	})
	narrow := w.signed(ro)
	narrow.Scope = []authz.Action{authz.TokenIssue, authz.TransferRead}
	t.Run("a narrow token passes its scope on", func(t *testing.T) {
		token, _, err := w.Issue(w.ctx, narrow, ro, day, nil)
		if err != nil || !slices.Equal(token.Scope, narrow.Scope) {
			t.Errorf("%v, %v", token.Scope, err)
		}
		token, _, err = w.Issue(w.ctx, narrow, ro, day, []authz.Action{authz.TransferRead})
		if err != nil || !slices.Equal(token.Scope, []authz.Action{authz.TransferRead}) {
			t.Errorf("%v, %v", token.Scope, err)
		}
	})
	t.Run("a narrow token does not widen itself", func(t *testing.T) {
		if _, _, err := w.Issue(w.ctx, narrow, ro, day, []authz.Action{authz.TransferRead, authz.TransferRequest}); !errors.Is(err, people.ErrInvalid) {
			t.Error(err)
		}
	})
	t.Run("a token that does not reach issuing makes none, and revokes none", func(t *testing.T) {
		c := w.signed(ro)
		c.Scope = []authz.Action{authz.TransferRead}
		if _, _, err := w.Issue(w.ctx, c, ro, day, nil); !errors.Is(err, authz.ErrDenied) {
			t.Errorf("issue: %v", err)
		}
		token, _ := w.issued(ro, day)
		if _, err := w.Revoke(w.ctx, c, token.ID); !errors.Is(err, authz.ErrDenied) {
			t.Errorf("revoke: %v", err)
		}
		if _, err := w.Revoke(w.ctx, w.signed(ro), token.ID); err != nil {
			t.Errorf("revoke with a whole token: %v", err)
		}
	})
}

func TestLife(t *testing.T) {
	w := newWorld(t)
	ro := w.holder(w.here, "", authz.RO)
	for name, life := range map[string]time.Duration{"none": 0, "negative": -day, "too long": 90*day + 1} {
		t.Run("R50 "+name, func(t *testing.T) {
			if _, _, err := w.Issue(w.ctx, w.as(w.legal), ro, life, nil); !errors.Is(err, people.ErrInvalid) {
				t.Error(err)
			}
		})
	}
	if _, _, err := w.Issue(w.ctx, w.as(w.legal), ro, 90*day, nil); err != nil {
		t.Errorf("the longest: %v", err)
	}
}

func TestNoRandomness(t *testing.T) {
	w := newWorld(t)
	desk := deskWithout(w)
	if _, secret, err := desk.Issue(w.ctx, w.signed(w.legal), w.legal, day, nil); err == nil || secret.Reveal() != "" {
		t.Errorf("a token of no randomness: %v", err)
	}
}
