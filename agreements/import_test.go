package agreements_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/agreements/imports"
	"safeconduct/agreements/templates"
	"safeconduct/agreements/terms"
	"safeconduct/authz/evidence"
)

func TestImportSaysAllThatThePaperSays(t *testing.T) {
	w := newWorld(t)
	row := func(further ...string) []imports.Row {
		rows := w.rows(1)
		rows[0].TransferMechanism, rows[0].Programmes, rows[0].FurtherMissions = "Standard clauses", []string{"shelter"}, further
		return rows
	}
	t.Run("R39 the mechanism of transfer, the programmes and further missions", func(t *testing.T) {
		done, err := w.Import(w.ctx, w.people["LEG"], row(w.there, w.here, w.there), false)
		w.must(err)
		a, err := w.Agreement(w.ctx, w.people["there FP"], done[0].Agreement) // who shares it reads it
		w.must(err)
		if s := a.Document.Scope; s.TransferMechanism != "Standard clauses" || !slices.Equal(s.Programmes, []string{"shelter"}) || !slices.Equal(s.Missions, []string{w.here, w.there}) {
			t.Errorf("%+v", s)
		}
	})
	t.Run("R54 the safeguards of Annex II in their three kinds, and the agreement that the paper hangs on", func(t *testing.T) {
		first, err := w.Import(w.ctx, w.people["LEG"], row(), false)
		w.must(err)
		rows := row()
		rows[0].ScanSHA256, rows[0].Parent = hexSum(pdf("hanging")), first[0].Agreement
		rows[0].Safeguards = imports.Safeguards{Institutional: []string{"a focal point"}, Technical: []string{" disks are encrypted ", "disks are encrypted"}, Physical: []string{"a locked room"}}
		done, err := w.Import(w.ctx, w.people["LEG"], rows, false)
		w.must(err)
		a, err := w.Agreement(w.ctx, w.people["LEG"], done[0].Agreement)
		w.must(err)
		want := templates.Safeguards{Institutional: []string{"a focal point"}, Technical: []string{"disks are encrypted"}, Physical: []string{"a locked room"}}
		if s := a.Document.Safeguards; a.Document.Parent != first[0].Agreement || s == nil || !reflect.DeepEqual(*s, want) {
			t.Errorf("%+v", a.Document)
		}
		plain, err := w.Agreement(w.ctx, w.people["LEG"], first[0].Agreement)
		w.must(err)
		if plain.Document.Safeguards != nil {
			t.Errorf("of a paper that lists none: %+v", plain.Document.Safeguards)
		}
	})
	t.Run("an agreement that is not there is no parent, by its column", func(t *testing.T) {
		rows := row()
		rows[0].ScanSHA256, rows[0].Parent = hexSum(pdf("orphan")), newID()
		_, err := w.Import(w.ctx, w.people["LEG"], rows, false)
		var bad *imports.Error
		if !errors.As(err, &bad) || len(bad.Findings) != 1 || bad.Findings[0].Column != "parent" {
			t.Errorf("%v", err)
		}
	})
	for name, of := range map[string]struct{ who, mission string }{"of a mission that is not theirs": {"FP", w.there}, "of none": {"LEG", newID()}} {
		t.Run("a further mission "+name+" is unknown, by its column", func(t *testing.T) {
			rows := row(of.mission)
			rows[0].ScanSHA256 = hexSum(pdf("another"))
			_, err := w.Import(w.ctx, w.people[of.who], rows, false)
			var bad *imports.Error
			if !errors.As(err, &bad) || len(bad.Findings) != 1 || bad.Findings[0].Column != "further_missions" {
				t.Errorf("%v", err)
			}
		})
	}
	t.Run("a category that nobody has approved is not in force, and says who approves it", func(t *testing.T) {
		w.write(func(tx allTx) error {
			return tx.SaveCategory(w.ctx, terms.Category{ID: newID(), Version: 1, Code: "health", Fields: []string{"need"}, Sensitivity: terms.High, ApprovalScope: "agreement", Course: terms.Course[terms.CategoryValues]{Proposed: true}})
		})
		rows := row()
		rows[0].ScanSHA256, rows[0].Categories = hexSum(pdf("third")), append(rows[0].Categories, "health")
		_, err := w.Import(w.ctx, w.people["FP"], rows, false)
		var bad *imports.Error
		if !errors.As(err, &bad) || !slices.ContainsFunc(bad.Findings, func(f imports.Finding) bool {
			return f.Column == "categories" && strings.HasSuffix(f.Problem, "is not in force: it is proposed") && f.Mend == "have the data protection officer approve it"
		}) {
			t.Errorf("%v", err)
		}
	})
}

// The same paper is found again among however many agreements, and after an amendment that is no paper.
func TestPaperIsFoundAgain(t *testing.T) {
	w := newWorld(t)
	fp, legal := w.people["FP"], w.people["second LEG"]
	done, err := w.Import(w.ctx, fp, w.rows(1), false)
	w.must(err)
	first := done[0]
	s := w.scan("FP", first.Agreement, pdf("papera"))
	a, err := w.Attest(w.ctx, legal, first.Agreement, s.ID, s.SHA256, "seen", nil)
	w.must(err)
	w.assess(a, assessment.Approved, nil)
	a, err = w.Activate(w.ctx, legal, a.ID)
	w.must(err)
	a, err = w.Activate(w.ctx, legal, w.agreed(w.amend(a, func(d *agreements.Document) { d.Clauses = nil })).ID)
	w.must(err)
	if a.Document.Paper != nil || len(a.Former) != 1 {
		t.Fatalf("%+v", a)
	}
	w.write(func(tx allTx) error {
		for range agreements.MaxBetween + 5 {
			other := a
			other.ID, other.Version, other.Former = newID(), 1, nil
			if err := tx.SaveAgreement(w.ctx, other); err != nil {
				return err
			}
		}
		return nil
	})
	again, err := w.Import(w.ctx, fp, w.rows(1), false)
	if err != nil || len(again) != 1 || !again[0].Before || again[0].Agreement != first.Agreement {
		t.Errorf("%+v, %v", again, err)
	}
	if _, err := w.Import(w.ctx, w.people["there FP"], w.rows(1), true); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("of another mission: %v", err)
	}
}
