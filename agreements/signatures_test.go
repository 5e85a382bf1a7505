package agreements_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/signing"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/gateway/store"
)

func TestSign(t *testing.T) {
	w := newWorld(t)
	a := w.approved()
	unchanged := func(t *testing.T, err error, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
		now, err := w.Agreement(w.ctx, w.people["LEG"], a.ID)
		if err != nil || now.State != agreements.Approved || len(now.Signatures) != 0 {
			t.Errorf("afterwards it is %s with %d signatures, %v", now.State, len(now.Signatures), err)
		}
	}
	for name, edit := range map[string]func(*signing.Statement){
		"AGR_HASH_MISMATCH another digest": func(s *signing.Statement) { s.Digest[0] ^= 1 },
		"another agreement":                func(s *signing.Statement) { s.Agreement = newID() },
		"another version":                  func(s *signing.Statement) { s.Version = 2 },
		"for the other party":              func(s *signing.Statement) { s.Party = w.partner },
		"for a third party":                func(s *signing.Statement) { s.Party = newID() },
		"as another signatory":             func(s *signing.Statement) { s.Signatory = w.people["PSG"].Person },
	} {
		t.Run(name, func(t *testing.T) {
			s := w.statement("HOM", a)
			edit(&s)
			_, err := w.Sign(w.ctx, w.people["HOM"], a.ID, w.signers["HOM"].key.ID, w.jws("HOM", s))
			unchanged(t, err, people.ErrInvalid)
		})
	}
	for name, at := range map[string]time.Duration{"before the key was confirmed": -time.Hour, "in the future": time.Hour} {
		t.Run("AGR_SIGNATORY_UNAUTHORISED signed "+name, func(t *testing.T) {
			s := w.statement("HOM", a)
			s.SignedAt = s.SignedAt.Add(at)
			_, err := w.Sign(w.ctx, w.people["HOM"], a.ID, w.signers["HOM"].key.ID, w.jws("HOM", s))
			unchanged(t, err, lifecycle.ErrIllegal)
		})
	}
	t.Run("replay of the other party's signature", func(t *testing.T) {
		text := w.jws("PSG", w.statement("PSG", a))
		_, err := w.Sign(w.ctx, w.people["HOM"], a.ID, w.signers["PSG"].key.ID, text)
		unchanged(t, err, people.ErrInvalid)
		_, err = w.Sign(w.ctx, w.people["HOM"], a.ID, w.signers["HOM"].key.ID, text)
		unchanged(t, err, people.ErrInvalid)
	})
	t.Run("an unknown key, and garbage", func(t *testing.T) {
		_, err := w.Sign(w.ctx, w.people["HOM"], a.ID, "none", w.jws("HOM", w.statement("HOM", a)))
		unchanged(t, err, people.ErrInvalid)
		for _, text := range []string{"", "a.b.c", w.jws("HOM", w.statement("HOM", a)) + "A"} {
			_, err = w.Sign(w.ctx, w.people["HOM"], a.ID, w.signers["HOM"].key.ID, text)
			unchanged(t, err, people.ErrInvalid)
		}
	})
	for _, name := range []string{"FP", "RO", "LEG", "DPO", "OIG", "PDL"} {
		t.Run("AGR_SIGNATORY_UNAUTHORISED "+name+" does not sign", func(t *testing.T) {
			w.enrol(name, true)
			_, err := w.sign(name, a)
			want := authz.ErrDenied
			unchanged(t, err, want)
		})
	}
	for _, name := range []string{"there HOM", "there PSG"} {
		t.Run("AGR_SIGNATORY_UNAUTHORISED "+name+" knows of no such agreement", func(t *testing.T) {
			w.enrol(name, true)
			_, err := w.sign(name, a)
			unchanged(t, err, evidence.ErrNotFound)
		})
	}
	t.Run("AGR_SIGNATORY_UNAUTHORISED a key that nobody confirmed", func(t *testing.T) {
		known := w.signers["HOM"]
		w.enrol("HOM", false)
		_, err := w.sign("HOM", a)
		unchanged(t, err, lifecycle.ErrIllegal)
		w.signers["HOM"] = known
	})
	t.Run("AGR_SIGNATORY_UNAUTHORISED a revoked key, back-dated", func(t *testing.T) {
		known := w.signers["HOM"]
		s := w.statement("HOM", a)
		w.revoke("HOM")
		_, err := w.Sign(w.ctx, w.people["HOM"], a.ID, known.key.ID, w.jws("HOM", s))
		unchanged(t, err, lifecycle.ErrIllegal)
		w.enrol("HOM", true)
	})
	t.Run("part-signed, then signed", func(t *testing.T) {
		part, err := w.sign("PSG", a)
		if err != nil || part.State != agreements.PartSigned || !part.SignedBy(w.partner) || part.SignedBy(signing.PartyIOM) {
			t.Fatalf("%s, %v", part.State, err)
		}
		if _, err := w.sign("PSG", a); !errors.Is(err, lifecycle.ErrIllegal) {
			t.Errorf("the same party twice: %v", err)
		}
		whole, err := w.sign("HOM", a)
		if err != nil || whole.State != agreements.Signed || len(whole.Signatures) != 2 {
			t.Errorf("%s, %v", whole.State, err)
		}
	})
}

// revoke ends the key of the person called name, from now on.
func (w *world) revoke(name string) {
	w.t.Helper()
	w.write(func(tx allTx) error {
		k, err := tx.Key(w.ctx, w.signers[name].key.ID)
		if err != nil {
			return err
		}
		now := w.office.Time()
		k.Version, k.Revoked = k.Version+1, &now
		return tx.SaveKey(w.ctx, k)
	})
}

// verdicts verifies both signatures as the gate does, from what is stored.
func (w *world) verdicts(a agreements.Agreement) (iom, partner agreements.SignatureFault) {
	w.t.Helper()
	var faults []agreements.SignatureFault
	w.must(store.For[agreements.Tx](w.store).View(w.ctx, func(tx agreements.Tx) error {
		faults = nil
		for _, s := range a.Signatures {
			keys, err := tx.KeysOf(w.ctx, s.Signatory)
			if err != nil {
				return err
			}
			grants, err := tx.GrantsOf(w.ctx, s.Signatory)
			if err != nil {
				return err
			}
			faults = append(faults, a.CheckSignature(s, keys, grants))
		}
		return nil
	}))
	return faults[0], faults[1]
}

func TestCheckSignature(t *testing.T) {
	w := newWorld(t)
	whole := w.signed()
	const none, unauthorised, mismatch = agreements.NoFault, agreements.SignatoryUnauthorised, agreements.HashMismatch
	for _, c := range []struct {
		name         string
		edit         func(*agreements.Agreement)
		iom, partner agreements.SignatureFault
	}{
		{"untouched", func(*agreements.Agreement) {}, none, none},
		{"AGR_HASH_MISMATCH the document altered in storage", func(a *agreements.Agreement) { a.Document.Scope.MaxSubjectsPerTransfer++ }, mismatch, mismatch},
		{"AGR_HASH_MISMATCH a field slipped in", func(a *agreements.Agreement) {
			a.Document.Scope.Fields = append([]string{"religion"}, a.Document.Scope.Fields...)
		}, mismatch, mismatch},
		{"AGR_HASH_MISMATCH the document altered and its digest made to fit", func(a *agreements.Agreement) {
			a.Document.ValidUntil = a.Document.ValidUntil.AddDate(10, 0, 0)
			a.Digest, _ = a.Document.DigestOf()
		}, mismatch, mismatch},
		{"AGR_HASH_MISMATCH the digest altered", func(a *agreements.Agreement) { a.Digest[3] ^= 1 }, mismatch, mismatch},
		{"AGR_HASH_MISMATCH a byte of the signature", func(a *agreements.Agreement) {
			a.Signatures[0].JWS = a.Signatures[0].JWS[:len(a.Signatures[0].JWS)-4] + "AAAA"
		}, mismatch, none},
		{"AGR_HASH_MISMATCH the other party's signature in place of one's own", func(a *agreements.Agreement) { a.Signatures[0].JWS = a.Signatures[1].JWS }, mismatch, none},
		{"AGR_SIGNATORY_UNAUTHORISED the parties exchanged", func(a *agreements.Agreement) {
			a.Signatures[0].Party, a.Signatures[1].Party = a.Signatures[1].Party, a.Signatures[0].Party
		}, unauthorised, unauthorised},
		{"AGR_SIGNATORY_UNAUTHORISED moved to another agreement", func(a *agreements.Agreement) { a.ID = newID() }, unauthorised, unauthorised},
		{"AGR_SIGNATORY_UNAUTHORISED another title", func(a *agreements.Agreement) { a.Signatures[1].Title = "King" }, none, unauthorised},
		{"AGR_SIGNATORY_UNAUTHORISED another time", func(a *agreements.Agreement) {
			a.Signatures[1].SignedAt = a.Signatures[1].SignedAt.Add(time.Microsecond)
		}, none, unauthorised},
		{"AGR_SIGNATORY_UNAUTHORISED another signatory", func(a *agreements.Agreement) { a.Signatures[0].Signatory = w.people["PSG"].Person }, unauthorised, none},
		{"AGR_SIGNATORY_UNAUTHORISED another's key", func(a *agreements.Agreement) { a.Signatures[0].Key = a.Signatures[1].Key }, unauthorised, none},
		{"AGR_SIGNATORY_UNAUTHORISED received before the role was held", func(a *agreements.Agreement) {
			a.Signatures[0].Received = noon().Add(-time.Hour)
		}, unauthorised, none},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := whole
			a.Signatures = append([]agreements.Signature(nil), whole.Signatures...)
			c.edit(&a)
			if iom, partner := w.verdicts(a); iom != c.iom || partner != c.partner {
				t.Errorf("IOM %d, partner %d; want %d and %d", iom, partner, c.iom, c.partner)
			}
		})
	}
	t.Run("what was signed stands when role and key end after", func(t *testing.T) {
		w.revoke("HOM")
		w.endGrant("PSG")
		if iom, partner := w.verdicts(whole); iom != none || partner != none {
			t.Errorf("IOM %d, partner %d", iom, partner)
		}
	})
	t.Run("AGR_SIGNATORY_UNAUTHORISED role and key ended before it was received", func(t *testing.T) {
		a := whole
		a.Signatures = append([]agreements.Signature(nil), whole.Signatures...)
		a.Signatures[0].Received, a.Signatures[1].Received = w.clock.Now(), w.clock.Now()
		if iom, partner := w.verdicts(a); iom != unauthorised || partner != unauthorised {
			t.Errorf("IOM %d, partner %d", iom, partner)
		}
	})
	t.Run("AGR_SIGNATORY_UNAUTHORISED the stored public key is not the one of that id", func(t *testing.T) {
		other := w.enrol("HOM", true)
		s := whole.Signatures[0]
		forged := other.key
		forged.ID, forged.Enrolled, forged.Confirmed = s.Key, noon(), new(noon())
		grants := []people.Grant{{Person: s.Signatory, Role: authz.HOM, Mission: w.here, From: noon()}}
		if got := whole.CheckSignature(s, []people.Key{forged}, grants); got != unauthorised {
			t.Errorf("%d", got)
		}
	})
}

// A document that somebody altered in the database is found at the next reading.
func TestAlteredInStorage(t *testing.T) {
	w := newWorld(t)
	a := w.signed()
	altered := a
	altered.Version++
	altered.Document.Scope.MaxSubjectsPerYear *= 100
	w.write(func(tx allTx) error { return tx.SaveAgreement(context.WithoutCancel(w.ctx), altered) })
	read, err := w.Agreement(w.ctx, w.people["LEG"], a.ID)
	w.must(err)
	if iom, partner := w.verdicts(read); iom != agreements.HashMismatch || partner != agreements.HashMismatch {
		t.Errorf("AGR_HASH_MISMATCH: IOM %d, partner %d", iom, partner)
	}
}
