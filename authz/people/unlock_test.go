package people_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/authz/people/peopletest"
	"safeconduct/gateway/store"
)

const day = 24 * time.Hour

// locks are the codes that keep the person's roles locked now.
func (w *world) locks(person string) []string {
	w.t.Helper()
	var cleared map[string]people.Clearance
	w.must(store.For[people.Tx](w.store).View(w.ctx, func(tx people.Tx) (err error) {
		cleared, err = people.Clear(w.ctx, tx, []string{person}, w.office.Time())
		return err
	}))
	return cleared[person].Locks()
}

// locked is the person as a caller whose roles are locked as they are now.
func (w *world) locked(person string) authz.Caller {
	c := w.as(person)
	c.Locks = w.locks(person)
	return c
}

func (w *world) imported(by authz.Caller, mission, csv string) ([]people.TrainingRecord, error) {
	return w.ImportTrainings(w.ctx, by, mission, strings.NewReader(csv))
}

func TestRolesAreLocked(t *testing.T) {
	w := newWorld(t)
	fp := w.holder(authz.FP, w.here, "")
	both := []string{"TRAINING_EXPIRED", "CONFIDENTIALITY_MISSING"}
	act := func() ([]string, error) { // what a role allows, and what the log says of the denial
		n := len(w.entries(evidence.Denial))
		_, err := w.CreatePerson(w.ctx, w.locked(fp), people.Person{Name: "A", Mission: w.here})
		if all := w.entries(evidence.Denial); len(all) > n {
			return all[len(all)-1].Codes, err
		}
		return nil, err
	}
	t.Run("R44 R23 TRAINING_EXPIRED CONFIDENTIALITY_MISSING at first", func(t *testing.T) {
		codes, err := act()
		var locked *authz.LockedError
		if !errors.As(err, &locked) || !errors.Is(err, authz.ErrDenied) || !slices.Equal(codes, both) || !slices.Equal(locked.Codes, both) {
			t.Errorf("%v, %v", codes, err)
		}
	})
	t.Run("R44 one reads oneself, and the text to sign", func(t *testing.T) {
		p, err := w.Person(w.ctx, w.locked(fp), fp)
		_, text := w.UndertakingText(w.ctx, "fr")
		if err != nil || p.ID != fp || text != nil {
			t.Errorf("%v, %v", err, text)
		}
	})
	t.Run("R44 nothing is empty for want of roles", func(t *testing.T) {
		if _, err := w.Missions(w.ctx, w.locked(fp)); !errors.Is(err, authz.ErrDenied) {
			t.Error(err)
		}
	})
	t.Run("R44 no key is enrolled", func(t *testing.T) {
		if _, err := w.EnrolKey(w.ctx, w.locked(fp), "{}", ""); !errors.Is(err, authz.ErrDenied) {
			t.Error(err)
		}
	})
	_, err := w.imported(w.as(w.legal), w.here, peopletest.CSV(w.clock.Now(), fp))
	w.must(err)
	t.Run("R23 CONFIDENTIALITY_MISSING when trained", func(t *testing.T) {
		if codes, err := act(); !errors.Is(err, authz.ErrDenied) || !slices.Equal(codes, both[1:]) {
			t.Errorf("%v, %v", codes, err)
		}
	})
	w.must(peopletest.Sign(w.ctx, w.Register, fp))
	t.Run("R44 R23 unlocked", func(t *testing.T) {
		if codes, err := act(); err != nil || codes != nil {
			t.Errorf("%v, %v", codes, err)
		}
	})
	t.Run("R44 R23 both end by themselves, and the log says so once", func(t *testing.T) {
		w.clock.Add(731 * day)
		if codes, err := act(); !errors.Is(err, authz.ErrDenied) || !slices.Equal(codes, both) {
			t.Errorf("%v, %v", codes, err)
		}
		said := w.records(evidence.Change, func() {
			for want := 2; want >= 0; want -= 2 {
				if n, err := w.ExpireDue(w.ctx); err != nil || n != want {
					t.Errorf("%d have ended, %v; want %d", n, err, want)
				}
			}
		})
		last := w.entries(evidence.Change)
		if said != 2 || last[len(last)-1].Actor != "SYS" || last[len(last)-1].Result != "expired" {
			t.Errorf("%d entries, %+v", said, last[len(last)-1])
		}
	})
}

func TestWhatIsSigned(t *testing.T) {
	w := newWorld(t)
	me := authz.Caller{Person: w.legal}
	text, err := w.UndertakingText(w.ctx, "es")
	w.must(err)
	for name, try := range map[string][3]string{
		"another version": {"2", "es", text.Digest}, "another language": {"1", "fr", text.Digest}, "a text that was not shown": {"1", "es", strings.Repeat("0", 64)},
	} {
		t.Run("R23 not "+name, func(t *testing.T) {
			if _, err := w.SignUndertaking(w.ctx, me, try[0], try[1], try[2]); !errors.Is(err, people.ErrInvalid) {
				t.Error(err)
			}
		})
	}
	u, err := w.SignUndertaking(w.ctx, me, text.Version, text.Language, text.Digest)
	if err != nil || u.Person != w.legal || !u.Expires.Equal(u.Signed.AddDate(0, 0, 730)) {
		t.Errorf("%+v, %v", u, err)
	}
	if _, err := w.Undertaking(w.ctx, authz.Caller{Person: w.second}, u.ID); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("another's: %v", err)
	}
	if _, err := w.UndertakingText(w.ctx, "de"); !errors.Is(err, people.ErrInvalid) {
		t.Error(err)
	}
}

func TestWhoRecordsTraining(t *testing.T) {
	w := newWorld(t)
	fp, there, of := w.holder(authz.FP, w.here, ""), w.person(w.there, ""), w.person("", partner)
	here := w.person(w.here, "")
	for _, c := range []struct {
		name, by, mission, of string
		want                  error
	}{
		{"the focal point one of the mission", fp, w.here, here, nil},
		{"the focal point one of another mission", fp, w.here, there, people.ErrInvalid},
		{"the focal point in another mission", fp, w.there, there, evidence.ErrNotFound},
		{"the focal point anybody", fp, "", here, authz.ErrDenied},
		{"Legal one of a partner", w.legal, "", of, nil},
		{"Legal one of a mission under another", w.legal, w.here, there, people.ErrInvalid},
		{"a referral officer", w.holder(authz.RO, w.here, ""), w.here, here, authz.ErrDenied},
		{"SoD 8 one's own", fp, w.here, fp, people.ErrOwnAccess},
		{"SoD 8 Legal's own", w.legal, "", w.legal, people.ErrOwnAccess},
		{"SoD 9 an auditor", w.holder(authz.OIG, "", ""), "", here, authz.ErrDenied},
	} {
		t.Run("R44 "+c.name, func(t *testing.T) {
			_, err := w.imported(w.as(c.by), c.mission, peopletest.CSV(w.clock.Now(), c.of))
			if !errors.Is(err, c.want) {
				t.Error(err)
			}
			if trained := !slices.Contains(w.locks(c.of), "TRAINING_EXPIRED"); trained != (c.want == nil || c.of == here) {
				t.Errorf("trained: %v", trained)
			}
		})
	}
}

func TestAnImportIsAllOrNothing(t *testing.T) {
	w := newWorld(t)
	a, b := w.person(w.here, ""), w.person(w.here, "")
	head := "person,course,version,language,passed\n"
	good := a + ",data_protection,1,fr,2026-02-20\n"
	for name, c := range map[string]struct {
		csv string
		row int
	}{
		"the language":      {head + good + b + ",data_protection,1,de,2026-02-20\n", 2},
		"the day":           {head + good + b + ",data_protection,1,en,20/02/2026\n", 2},
		"a day to come":     {head + good + b + ",data_protection,1,en,2026-12-20\n", 2},
		"one long ago":      {head + good + b + ",data_protection,1,en,2020-12-20\n", 2},
		"a name":            {head + good + "Ana González,data_protection,1,en,2026-02-20\n", 2},
		"nobody":            {head + newID() + ",data_protection,1,en,2026-02-20\n" + good, 1},
		"another course":    {head + good + b + ",cooking,1,en,2026-02-20\n", 2},
		"a repetition":      {head + good + good, 2},
		"a missing field":   {head + good + b + ",data_protection\n", 2},
		"no column names":   {good, 0},
		"no rows":           {head, 0},
		"an open quotation": {head + good + "\"x,y\n", 2},
		"an end before":     {"person,course,version,language,passed,expires\n" + a + ",data_protection,1,en,2026-02-20,2026-02-20\n", 1},
	} {
		t.Run("R44 "+name, func(t *testing.T) {
			var bad *people.ImportError
			if _, err := w.imported(w.as(w.legal), w.here, c.csv); !errors.As(err, &bad) || !errors.Is(err, people.ErrInvalid) {
				t.Fatal(err)
			}
			if bad.Faults[0].Row != c.row || bad.Faults[0].Mend == "" || strings.Contains(bad.Error(), "Ana") {
				t.Errorf("R55 %+v", bad.Faults)
			}
			if !slices.Contains(w.locks(a), "TRAINING_EXPIRED") {
				t.Error("a part was imported")
			}
		})
	}
	if all, err := w.imported(w.as(w.legal), w.here, head+good); err != nil || len(all) != 1 || all[0].Language != "fr" {
		t.Fatalf("%v, %v", all, err)
	}
	t.Run("what is recorded already", func(t *testing.T) {
		if _, err := w.imported(w.as(w.legal), w.here, head+good); !errors.Is(err, people.ErrInvalid) {
			t.Error(err)
		}
	})
	t.Run("R45 coverage by mission and role", func(t *testing.T) {
		_, err := w.GrantRole(w.ctx, w.as(w.legal), people.Grant{Person: a, Role: authz.RO, Mission: w.here})
		w.must(err)
		w.holder(authz.RO, w.here, "")
		list, err := w.TrainingCoverage(w.ctx, w.as(w.legal), w.here)
		if err != nil || len(list) != 1 || len(list[0].Holders) != 2 || list[0].Trained != 1 || list[0].Signed != 0 || list[0].Role != authz.RO {
			t.Errorf("%+v, %v", list, err)
		}
		if _, err := w.TrainingCoverage(w.ctx, w.as(w.holder(authz.HOM, w.here, "")), ""); !errors.Is(err, authz.ErrDenied) {
			t.Error(err)
		}
		if _, err := w.TrainingCoverage(w.ctx, w.as(w.holder(authz.FP, w.there, "")), w.here); !errors.Is(err, evidence.ErrNotFound) {
			t.Error(err)
		}
	})
}
