package people_test

import (
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"safeconduct/agreements/signing"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

// offer is a new key with the proof that person holds it, made at a moment.
func (w *world) offer(person string, at time.Time) (jwk, jws string) {
	w.t.Helper()
	key, err := signing.GenerateKey(rand.Reader)
	w.must(err)
	jws, err = signing.Enrol(key, person, at)
	w.must(err)
	public, err := key.Public().MarshalJSON()
	w.must(err)
	return string(public), jws
}

func (w *world) enrol(person string) people.Key {
	w.t.Helper()
	jwk, jws := w.offer(person, w.clock.Now())
	k, err := w.EnrolKey(w.ctx, w.as(person), jwk, jws)
	w.must(err)
	return k
}

func TestEnrolKey(t *testing.T) {
	w := newWorld(t)
	hom, psg := w.holder(authz.HOM, w.here, ""), w.holder(authz.PSG, "", partner)
	t.Run("one's own", func(t *testing.T) {
		k := w.enrol(hom)
		if k.Person != hom || k.Confirmed != nil || k.ProvenAt(w.clock.Now()) {
			t.Errorf("a key that nobody confirmed: %+v", k)
		}
	})
	t.Run("the proof of another person", func(t *testing.T) {
		jwk, jws := w.offer(psg, w.clock.Now())
		if _, err := w.EnrolKey(w.ctx, w.as(hom), jwk, jws); !errors.Is(err, people.ErrKeyUnproven) || !errors.Is(err, signing.ErrSubject) {
			t.Error(err)
		}
	})
	t.Run("the proof of another key", func(t *testing.T) {
		jwk, _ := w.offer(hom, w.clock.Now())
		_, jws := w.offer(hom, w.clock.Now())
		if _, err := w.EnrolKey(w.ctx, w.as(hom), jwk, jws); !errors.Is(err, people.ErrKeyUnproven) {
			t.Error(err)
		}
	})
	for name, age := range map[string]time.Duration{"stale": -11 * time.Minute, "from the future": 2 * time.Minute} {
		t.Run("a proof that is "+name, func(t *testing.T) {
			jwk, jws := w.offer(hom, w.clock.Now().Add(age))
			if _, err := w.EnrolKey(w.ctx, w.as(hom), jwk, jws); !errors.Is(err, people.ErrKeyUnproven) || !errors.Is(err, signing.ErrAge) {
				t.Error(err)
			}
		})
	}
	t.Run("garbage", func(t *testing.T) {
		for _, text := range []string{"", "{}", "null", `{"kty":"OKP","crv":"Ed25519","x":"AA"}`} {
			if _, err := w.EnrolKey(w.ctx, w.as(hom), text, "a.b.c"); !errors.Is(err, people.ErrKeyUnproven) {
				t.Errorf("%q: %v", text, err)
			}
		}
	})
	t.Run("a replay is an enrolled key", func(t *testing.T) {
		jwk, jws := w.offer(hom, w.clock.Now())
		_, err := w.EnrolKey(w.ctx, w.as(hom), jwk, jws)
		w.must(err)
		if _, err := w.EnrolKey(w.ctx, w.as(hom), jwk, jws); !errors.Is(err, evidence.ErrExists) {
			t.Error(err)
		}
	})
	t.Run("a token that does not reach it", func(t *testing.T) {
		c := w.as(hom)
		c.Scope = []authz.Action{authz.AgreementRead}
		jwk, jws := w.offer(hom, w.clock.Now())
		var err error
		denials := w.records(evidence.Denial, func() { _, err = w.EnrolKey(w.ctx, c, jwk, jws) })
		if !errors.Is(err, authz.ErrDenied) || denials != 1 {
			t.Errorf("%v, %d denials", err, denials)
		}
	})
}

func TestConfirmKey(t *testing.T) {
	w := newWorld(t)
	hom := w.holder(authz.HOM, w.here, "")
	k := w.enrol(hom)
	t.Run("not by its owner", func(t *testing.T) {
		if _, err := w.ConfirmKey(w.ctx, w.as(hom), k.ID, "letter"); !errors.Is(err, authz.ErrDenied) {
			t.Error(err)
		}
	})
	t.Run("separation of duties 8 not by its owner of Legal", func(t *testing.T) {
		own := w.enrol(w.legal)
		var err error
		denials := w.records(evidence.Denial, func() { _, err = w.ConfirmKey(w.ctx, w.as(w.legal), own.ID, "letter") })
		if !errors.Is(err, people.ErrOwnAccess) || denials != 1 {
			t.Errorf("%v, %d denials", err, denials)
		}
		if _, err := w.ConfirmKey(w.ctx, w.as(w.second), own.ID, "letter"); err != nil {
			t.Errorf("by a colleague: %v", err)
		}
	})
	t.Run("not without what proves the authority", func(t *testing.T) {
		if _, err := w.ConfirmKey(w.ctx, w.as(w.legal), k.ID, "  "); !errors.Is(err, people.ErrInvalid) {
			t.Error(err)
		}
	})
	t.Run("not an unknown one", func(t *testing.T) {
		if _, err := w.ConfirmKey(w.ctx, w.as(w.legal), "none", "letter"); !errors.Is(err, evidence.ErrNotFound) {
			t.Error(err)
		}
	})
	t.Run("by Legal, once", func(t *testing.T) {
		before := w.clock.Now()
		got, err := w.ConfirmKey(w.ctx, w.as(w.legal), k.ID, "letter of authority")
		w.must(err)
		if got.By != w.legal || got.Authority == "" || !got.ProvenAt(w.clock.Now()) || got.ProvenAt(before) {
			t.Errorf("%+v", got)
		}
		if _, err := w.ConfirmKey(w.ctx, w.as(w.second), k.ID, "letter"); !errors.Is(err, evidence.ErrConflict) {
			t.Errorf("twice: %v", err)
		}
	})
	t.Run("R50 it expires, and what it signed before stands", func(t *testing.T) {
		p, err := w.Person(w.ctx, w.as(hom), hom)
		w.must(err)
		got := p.Keys[0]
		if got.ProvenAt(got.Enrolled.Add(730*24*time.Hour)) || !got.ProvenAt(got.Enrolled.Add(730*24*time.Hour-time.Microsecond)) {
			t.Errorf("enrolled %v, expires %v", got.Enrolled, got.Expires)
		}
	})
	t.Run("R50 revoked by Legal, once", func(t *testing.T) {
		before := w.clock.Now()
		if _, err := w.RevokeKey(w.ctx, w.as(hom), k.ID); !errors.Is(err, authz.ErrDenied) {
			t.Errorf("by another: %v", err)
		}
		got, err := w.RevokeKey(w.ctx, w.as(w.legal), k.ID)
		w.must(err)
		if got.ProvenAt(*got.Revoked) || !got.ProvenAt(before) {
			t.Error("a revoked key signs from then on no more, and what it signed before stands")
		}
		if _, err := w.RevokeKey(w.ctx, w.as(w.legal), k.ID); !errors.Is(err, evidence.ErrConflict) {
			t.Errorf("twice: %v", err)
		}
		if _, err := w.ConfirmKey(w.ctx, w.as(w.second), k.ID, "letter"); !errors.Is(err, evidence.ErrConflict) {
			t.Errorf("confirmed after: %v", err)
		}
		p, err := w.Person(w.ctx, w.as(hom), hom)
		if err != nil || len(p.Keys) != 1 || p.Keys[0].Version != 3 {
			t.Errorf("%+v, %v", p.Keys, err)
		}
	})
	t.Run("R50 one that was never confirmed stays unproven", func(t *testing.T) {
		lost := w.enrol(hom)
		_, err := w.RevokeKey(w.ctx, w.as(w.legal), lost.ID)
		w.must(err)
		if _, err := w.ConfirmKey(w.ctx, w.as(w.second), lost.ID, "letter"); !errors.Is(err, evidence.ErrConflict) {
			t.Error(err)
		}
	})
}
