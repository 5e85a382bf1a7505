package terms_test

import (
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/evidence/evidencetest"
	"safeconduct/authz/people"
	"safeconduct/gateway/store"
)

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func now() time.Time { return time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC) }

func caller(role authz.Role) authz.Caller {
	g := authz.Grant{ID: "g", Version: 1, Role: role}
	switch place, _ := authz.PlaceOf(role); place {
	case authz.AtMission:
		g.Mission = "m"
	case authz.AtPartner:
		g.Partner = "p"
	case authz.AtHQ:
	}
	return authz.Caller{Person: string(role), Grants: []authz.Grant{g}}
}

func book(t *testing.T) *terms.Book {
	t.Helper()
	s, err := store.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "terms.db"), store.Options{Now: now, NewID: newID, Random: rand.Reader, Authority: evidencetest.Authority()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	enforcer, err := authz.NewEnforcer(authz.Config{})
	if err != nil {
		t.Fatal(err)
	}
	office := &evidence.Office{Enforcer: enforcer, Denials: store.For[evidence.Recorder](s), Now: now, NewID: newID, Policy: "test"}
	return terms.NewBook(office, store.For[terms.Tx](s))
}

func shelter() terms.Purpose {
	return terms.Purpose{Code: "shelter", Text: "Shelter", LegalBasis: "consent", Refusable: true, Consequence: "no bed is sought"}
}

func identity() terms.Category {
	return terms.Category{Code: "identity", Fields: []string{"given_name"}, Sensitivity: terms.High}
}

// inForce proposes a term and has the data protection officer approve it.
func inForce[T any](t *testing.T, propose func(context.Context, authz.Caller, T) (T, error), approve func(context.Context, authz.Caller, string, int) (T, error), v T, id func(T) string) T {
	t.Helper()
	v, err := propose(t.Context(), caller(authz.LEG), v)
	if err != nil {
		t.Fatal(err)
	}
	if v, err = approve(t.Context(), caller(authz.DPO), id(v), 1); err != nil {
		t.Fatal(err)
	}
	return v
}

func purposeInForce(t *testing.T, b *terms.Book) terms.Purpose {
	t.Helper()
	return inForce(t, b.CreatePurpose, b.ApprovePurpose, shelter(), func(p terms.Purpose) string { return p.ID })
}

func categoryInForce(t *testing.T, b *terms.Book, c terms.Category) {
	t.Helper()
	inForce(t, b.CreateCategory, b.ApproveCategory, c, func(c terms.Category) string { return c.ID })
}

func ruleInForce(t *testing.T, b *terms.Book, r terms.RetentionRule) terms.RetentionRule {
	t.Helper()
	return inForce(t, b.CreateRetentionRule, b.ApproveRetentionRule, r, func(r terms.RetentionRule) string { return r.ID })
}

func TestOnlyLegalWrites(t *testing.T) {
	b := book(t)
	for _, role := range []authz.Role{authz.RO, authz.HOM, authz.FP, authz.DPO, authz.PSG, authz.PDL, authz.OIG, authz.SYS} {
		t.Run(string(role), func(t *testing.T) {
			if _, err := b.CreatePurpose(t.Context(), caller(role), shelter()); !errors.Is(err, authz.ErrDenied) {
				t.Errorf("purpose: %v", err)
			}
			if _, err := b.CreatePurpose(t.Context(), caller(role), terms.Purpose{}); !errors.Is(err, authz.ErrDenied) {
				t.Errorf("R43 a denial before the form is looked at: %v", err)
			}
			if _, err := b.CreateCategory(t.Context(), caller(role), identity()); !errors.Is(err, authz.ErrDenied) {
				t.Errorf("category: %v", err)
			}
			rule := terms.RetentionRule{Purpose: "p", Category: "identity", Trigger: "x", Days: 1, Action: "delete", Review: now()}
			if _, err := b.CreateRetentionRule(t.Context(), caller(role), rule); !errors.Is(err, authz.ErrDenied) {
				t.Errorf("retention rule: %v", err)
			}
			_, amended := b.AmendPurpose(t.Context(), caller(role), newID(), terms.PurposeValues{}, "", now(), "x")
			if !errors.Is(amended, authz.ErrDenied) {
				t.Errorf("amending: %v", amended)
			}
			want := authz.ErrDenied
			if role == authz.DPO {
				want = evidence.ErrNotFound
			}
			if _, err := b.ApproveCategory(t.Context(), caller(role), newID(), 1); !errors.Is(err, want) {
				t.Errorf("approving: %v", err)
			}
			if _, err := b.RejectRetentionRule(t.Context(), caller(role), newID(), 1); !errors.Is(err, want) {
				t.Errorf("rejecting: %v", err)
			}
			if list, err := b.Purposes(t.Context(), caller(role)); (err == nil) != (role != authz.SYS) || len(list) != 0 {
				t.Errorf("reading: %v, %v", list, err)
			}
		})
	}
}

func TestPurposes(t *testing.T) {
	b, leg := book(t), caller(authz.LEG)
	for name, edit := range map[string]func(*terms.Purpose){
		"no code": func(p *terms.Purpose) { p.Code = "" }, "a code in capitals": func(p *terms.Purpose) { p.Code = "Shelter" },
		"a code of a digit": func(p *terms.Purpose) { p.Code = "1a" }, "a code with a line break": func(p *terms.Purpose) { p.Code = "shelter\n" },
		"no text": func(p *terms.Purpose) { p.Text = " " }, "no legal basis": func(p *terms.Purpose) { p.LegalBasis = "" },
		"R15 no consequence": func(p *terms.Purpose) { p.Consequence = " " },
	} {
		t.Run(name, func(t *testing.T) {
			p := shelter()
			edit(&p)
			if _, err := b.CreatePurpose(t.Context(), leg, p); !errors.Is(err, people.ErrInvalid) {
				t.Error(err)
			}
		})
	}
	p, err := b.CreatePurpose(t.Context(), leg, shelter())
	if err != nil || p.Version != 1 || p.Actor != "LEG" {
		t.Fatalf("%+v, %v", p, err)
	}
	if _, err := b.CreatePurpose(t.Context(), leg, shelter()); !errors.Is(err, evidence.ErrExists) {
		t.Errorf("the code twice: %v", err)
	}
	if list, err := b.Purposes(t.Context(), caller(authz.RO)); err != nil || len(list) != 1 || list[0].ID != p.ID || !list[0].Proposed {
		t.Errorf("%v, %v", list, err)
	}
	if list, err := b.Purposes(t.Context(), caller(authz.PDL)); err != nil || len(list) != 0 {
		t.Errorf("a partner is told what is proposed: %v, %v", list, err)
	}
	if _, err := b.ApprovePurpose(t.Context(), caller(authz.DPO), p.ID, p.Version); err != nil {
		t.Fatal(err)
	}
	before, err := b.Purposes(t.Context(), caller(authz.PDL))
	if err != nil || len(before) != 1 || before[0].Since != nil || before[0].Version != 2 || before[0].Actor != "" {
		t.Errorf("%v, %v", before, err)
	}
	if _, err := b.AmendPurpose(t.Context(), leg, p.ID, terms.PurposeValues{LegalBasis: "contract"}, "", now(), "x"); err != nil {
		t.Fatal(err)
	}
	if after, err := b.Purposes(t.Context(), caller(authz.PDL)); err != nil || !reflect.DeepEqual(before, after) {
		t.Errorf("what is drafted moves what a partner is told: %v, %v", after, err)
	}
	if own, err := b.Purposes(t.Context(), caller(authz.RO)); err != nil || own[0].Version != 3 || own[0].Draft == nil {
		t.Errorf("%v, %v", own, err)
	}
}

func TestCategories(t *testing.T) {
	b, leg := book(t), caller(authz.LEG)
	for name, edit := range map[string]func(*terms.Category){
		"no code": func(k *terms.Category) { k.Code = "" }, "no fields": func(k *terms.Category) { k.Fields = nil },
		"an empty field": func(k *terms.Category) { k.Fields = []string{"a", " "} }, "no sensitivity": func(k *terms.Category) { k.Sensitivity = "" },
		"an unknown sensitivity": func(k *terms.Category) { k.Sensitivity = "secret" }, "an unknown scope": func(k *terms.Category) { k.ApprovalScope = "ever" },
		"DPO_REQUIRED severe, and not sensitive":                           func(k *terms.Category) { k.Sensitivity = terms.Severe },
		"DPO_REQUIRED to be approved for each transfer, and not sensitive": func(k *terms.Category) { k.ApprovalScope = "transfer" },
	} {
		t.Run(name, func(t *testing.T) {
			k := identity()
			edit(&k)
			if _, err := b.CreateCategory(t.Context(), leg, k); !errors.Is(err, people.ErrInvalid) {
				t.Error(err)
			}
		})
	}
	k, err := b.CreateCategory(t.Context(), leg, identity())
	if err != nil || k.ApprovalScope != "agreement" {
		t.Errorf("%+v, %v", k, err)
	}
	if _, err := b.CreateCategory(t.Context(), leg, identity()); !errors.Is(err, evidence.ErrExists) {
		t.Errorf("the code twice: %v", err)
	}
	if list, err := b.Categories(t.Context(), caller(authz.RO)); err != nil || len(list) != 1 {
		t.Errorf("%v, %v", list, err)
	}
}

func TestRetentionRules(t *testing.T) {
	b, leg := book(t), caller(authz.LEG)
	p := purposeInForce(t, b)
	categoryInForce(t, b, identity())
	whole := terms.RetentionRule{Purpose: p.ID, Category: "identity", Trigger: "case closed", Days: 90, Action: "delete", Review: now().AddDate(1, 0, 0)}
	for name, c := range map[string]struct {
		edit func(*terms.RetentionRule)
		want error
	}{
		"R24 no period":       {func(r *terms.RetentionRule) { r.Days = 0 }, people.ErrInvalid},
		"R24 no trigger":      {func(r *terms.RetentionRule) { r.Trigger = " " }, people.ErrInvalid},
		"R24 keep for ever":   {func(r *terms.RetentionRule) { r.Action = "keep" }, people.ErrInvalid},
		"R48 no review date":  {func(r *terms.RetentionRule) { r.Review = time.Time{} }, people.ErrInvalid},
		"an unknown category": {func(r *terms.RetentionRule) { r.Category = "health" }, people.ErrInvalid},
		"an unknown purpose":  {func(r *terms.RetentionRule) { r.Purpose = newID() }, evidence.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			r := whole
			c.edit(&r)
			if _, err := b.CreateRetentionRule(t.Context(), leg, r); !errors.Is(err, c.want) {
				t.Error(err)
			}
		})
	}
	if _, err := b.CreateCategory(t.Context(), leg, terms.Category{Code: "health", Fields: []string{"need"}, Sensitivity: terms.High}); err != nil {
		t.Fatal(err)
	}
	work, err := b.CreatePurpose(t.Context(), leg, terms.Purpose{Code: "work", Text: "Work", LegalBasis: "consent"})
	if err != nil {
		t.Fatal(err)
	}
	of := func(purpose, category string) error {
		r := whole
		r.Purpose, r.Category = purpose, category
		_, err := b.CreateRetentionRule(t.Context(), leg, r)
		return err
	}
	for name, err := range map[string]error{"a purpose": of(work.ID, "identity"), "a category": of(p.ID, "health")} {
		if !errors.Is(err, terms.ErrNotInForce) || !errors.Is(err, people.ErrInvalid) || errors.Is(err, evidence.ErrNotFound) {
			t.Errorf("%s that nobody has approved: %v", name, err)
		}
	}
	if _, err := b.CreateRetentionRule(t.Context(), leg, whole); err != nil {
		t.Fatal(err)
	}
	if _, err := b.CreateRetentionRule(t.Context(), leg, whole); !errors.Is(err, evidence.ErrExists) {
		t.Errorf("R24 two rules of one purpose and category: %v", err)
	}
	if list, err := b.RetentionRules(t.Context(), caller(authz.OIG)); err != nil || len(list) != 1 || list[0].Days != 90 {
		t.Errorf("%v, %v", list, err)
	}
}

func TestReviews(t *testing.T) {
	b, leg := book(t), caller(authz.LEG)
	p := purposeInForce(t, b)
	ids := map[string]string{}
	for code, review := range map[string]time.Time{"overdue": now().AddDate(0, 0, -1), "longest": now().AddDate(-1, 0, 0), "due_now": now(), "later": now().Add(time.Second)} {
		categoryInForce(t, b, terms.Category{Code: code, Fields: []string{code}, Sensitivity: terms.High})
		ids[code] = ruleInForce(t, b, terms.RetentionRule{Purpose: p.ID, Category: code, Trigger: "case closed", Days: 90, Action: "delete", Review: review}).ID
	}
	overdue := func(want ...string) {
		t.Helper()
		list, err := b.OverdueRules(t.Context(), caller(authz.OIG))
		var got []string
		for _, r := range list {
			got = append(got, r.Category)
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("overdue are %v, want %v, %v", got, want, err)
		}
	}
	t.Run("R48 the longest overdue first", func(*testing.T) { overdue("longest", "overdue", "due_now") })
	for name, c := range map[string]struct {
		by   authz.Caller
		id   string
		next time.Time
		want error
	}{
		"R48 not by the DPO":             {caller(authz.DPO), ids["longest"], now().AddDate(1, 0, 0), authz.ErrDenied},
		"R48 not put off to what is now": {leg, ids["longest"], now(), people.ErrInvalid},
		"R48 of a rule that is unknown":  {leg, newID(), now().AddDate(1, 0, 0), evidence.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			if r, err := b.ReviewRetentionRule(t.Context(), c.by, c.id, c.next); !errors.Is(err, c.want) || r.ID != "" {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
	t.Run("R48 reviewed it is due again when it says, and as it was", func(t *testing.T) {
		r, err := b.ReviewRetentionRule(t.Context(), leg, ids["longest"], now().AddDate(1, 0, 0))
		if err != nil || r.Version != 3 || !r.Review.Equal(now().AddDate(1, 0, 0)) || r.Days != 90 || r.Action != "delete" {
			t.Errorf("%+v, %v", r, err)
		}
		overdue("overdue", "due_now")
	})
}

func TestValidCode(t *testing.T) {
	for code, want := range map[string]bool{
		"ab": true, "a1_": true, "a": false, "": false, "_a": false, "A1": false, "a b": false, "é1": false, "ab\n": false,
	} {
		if terms.ValidCode(code) != want {
			t.Errorf("%q", code)
		}
	}
}
