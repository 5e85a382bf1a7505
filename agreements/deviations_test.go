package agreements_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/templates"
	"safeconduct/authz"
	"safeconduct/authz/people"
	"safeconduct/gateway/store"
)

func clause(a agreements.Agreement, code string) agreements.Clause {
	for _, c := range a.Document.Clauses {
		if c.Code == code {
			return c
		}
	}
	return agreements.Clause{}
}

func TestFromATemplate(t *testing.T) {
	w := newWorld(t)
	draft := func(edit func(*agreements.Document)) (agreements.Agreement, error) {
		d := w.document()
		d.Template, d.Clauses = nil, nil
		edit(&d)
		return w.Create(w.ctx, w.people["FP"], d)
	}
	t.Run("R37 R54 it has the template's clauses and safeguards, and names it", func(t *testing.T) {
		a, err := draft(func(d *agreements.Document) {
			d.Clauses = []agreements.Clause{{Code: "C17", Parameters: map[string]string{"notice_hours": "12"}}}
			d.Safeguards = &templates.Safeguards{Physical: []string{"A guard at night"}}
		})
		w.must(err)
		of, s := a.Document.Template, a.Document.Safeguards
		if of.Name != "standard" || of.Version != 3 || of.Digest.IsZero() || len(a.Document.MissingClauses()) != 0 || len(a.UnapprovedDeviations()) != 0 {
			t.Errorf("%+v", a.Document)
		}
		if clause(a, "C17").Parameters["notice_hours"] != "12" || clause(a, "C18").Parameters["record_years"] != "5" || !slices.Contains(s.Physical, "A guard at night") || len(s.Physical) < 3 || len(s.Technical) < 3 {
			t.Errorf("%+v %+v", clause(a, "C17"), s)
		}
		words, err := w.Text(w.ctx, w.people["HOM"], a.ID)
		if err != nil || len(words) != 25 || words[19].Code != "C20" || len(words[19].Text) < 100 {
			t.Errorf("%+v, %v", words, err)
		}
	})
	for name, edit := range map[string]func(*agreements.Document){
		"an unknown template":    func(d *agreements.Document) { d.Template = &agreements.TemplateRef{Name: "other"} },
		"a version not in force": func(d *agreements.Document) { d.Template = &agreements.TemplateRef{Name: "standard", Version: 1} },
		"another text version":   func(d *agreements.Document) { d.Clauses = []agreements.Clause{{Code: "C03", Text: "2"}} },
		"a parameter out of bounds": func(d *agreements.Document) {
			d.Clauses = []agreements.Clause{{Code: "C17", Parameters: map[string]string{"notice_hours": "48"}}}
		},
		"R33 another text of C20":   func(d *agreements.Document) { d.Clauses = []agreements.Clause{{Code: "C20", Deviation: "We waive."}} },
		"an agreement that is none": func(d *agreements.Document) { d.Supersedes = newID() },
		"a parent that is none":     func(d *agreements.Document) { d.Parent = newID() },
		"parameters and its own text": func(d *agreements.Document) {
			d.Clauses = []agreements.Clause{{Code: "C17", Deviation: "x", Parameters: map[string]string{"notice_hours": "1"}}}
		},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			if _, err := draft(edit); !errors.Is(err, people.ErrInvalid) {
				t.Error(err)
			}
		})
	}
}

func TestDeviations(t *testing.T) {
	w := newWorld(t)
	fp, legal, second := w.people["FP"], w.people["LEG"], w.people["second LEG"]
	d := w.document()
	d.Clauses[11].Deviation = "The partner may share with its parent body."
	a, err := w.Create(w.ctx, legal, d)
	w.must(err)
	if got := a.UnapprovedDeviations(); !slices.Equal(got, []string{"C12"}) {
		t.Fatalf("%v", got)
	}
	_, err = w.ApproveDeviation(w.ctx, second, a.ID, "C12", "fine")
	refused(t, err, "the state is review")
	a, err = w.SendToReview(w.ctx, fp, a.ID)
	w.must(err)
	t.Run("AGR_CLAUSE_MISSING:C12 not approved for signature while it is open", func(t *testing.T) {
		_, err := w.Decide(w.ctx, second, a.ID, "approved", "")
		refused(t, err, "every clause that deviates")
	})
	t.Run("SoD 3 who wrote it does not approve it", func(t *testing.T) {
		_, err := w.ApproveDeviation(w.ctx, legal, a.ID, "C12", "mine")
		refused(t, err, "who wrote it")
	})
	t.Run("it needs a reason, and a clause that deviates", func(t *testing.T) {
		_, err := w.ApproveDeviation(w.ctx, second, a.ID, "C12", " ")
		refused(t, err, "a reason")
		_, err = w.ApproveDeviation(w.ctx, second, a.ID, "C13", "x")
		refused(t, err, "the clause deviates")
	})
	for _, name := range []string{"FP", "HOM", "DPO", "OIG", "RO"} {
		if _, err := w.ApproveDeviation(w.ctx, w.people[name], a.ID, "C12", "x"); !errors.Is(err, authz.ErrDenied) {
			t.Errorf("%s: %v", name, err)
		}
	}
	a, err = w.ApproveDeviation(w.ctx, second, a.ID, "C12", "a stricter law binds it")
	if err != nil || len(a.UnapprovedDeviations()) != 0 || a.Deviations[0].Person != second.Person {
		t.Fatalf("%+v, %v", a.Deviations, err)
	}
	t.Run("another text needs another approval", func(t *testing.T) {
		b, err := w.Decide(w.ctx, second, a.ID, "returned", "the title")
		w.must(err)
		d.Title = "Another"
		b, err = w.Revise(w.ctx, fp, b.ID, d)
		if err != nil || len(b.UnapprovedDeviations()) != 1 {
			t.Errorf("%v, %v", b.UnapprovedDeviations(), err)
		}
	})
	t.Run("R33 of a document without a template every clause deviates", func(t *testing.T) {
		a.Document.Template = nil
		if got := a.UnapprovedDeviations(); len(got) != 24 {
			t.Errorf("%v", got)
		}
	})
}

func TestTemplates(t *testing.T) {
	w := newWorld(t)
	desk := templates.NewDesk(w.office, store.For[templates.Tx](w.store))
	first, err := templates.Shipped()
	w.must(err)
	write := func(name, who string) (templates.Template, error) {
		return desk.Write(w.ctx, w.people[who], name, first.Content, w.clock.Now().Add(time.Hour), "new")
	}
	for _, name := range []string{"FP", "HOM", "DPO", "OIG", "RO", "PSG"} {
		if _, err := write("standard", name); !errors.Is(err, authz.ErrDenied) {
			t.Errorf("%s writes: %v", name, err)
		}
	}
	next, err := write("standard", "LEG")
	if err != nil || next.Number != 4 || next.State != templates.Draft {
		t.Fatalf("%+v, %v", next.Ref(), err)
	}
	inForce := func() int {
		t.Helper()
		d := w.document()
		d.Template = nil
		a, err := w.Create(w.ctx, w.people["FP"], d)
		w.must(err)
		return a.Document.Template.Version
	}
	if _, err := desk.Approve(w.ctx, w.people["LEG"], next.ID); !errors.Is(err, authz.ErrDenied) {
		t.Errorf("Legal approves: %v", err)
	}
	if inForce() != 3 {
		t.Error("a draft template is used")
	}
	next, err = desk.Approve(w.ctx, w.people["DPO"], next.ID)
	w.must(err)
	if inForce() != 3 {
		t.Error("it is used before its moment")
	}
	w.clock.Add(2 * time.Hour)
	if inForce() != 4 {
		t.Error("it is not used from its moment on")
	}
	for _, id := range []string{next.ID, templates.ShippedID, templates.SecondShippedID, templates.FirstShippedID} {
		if _, err := desk.Approve(w.ctx, w.people["DPO"], id); !errors.Is(err, lifecycle.ErrIllegal) {
			t.Errorf("approved again: %v", err)
		}
	}
	if all, err := desk.Templates(w.ctx, w.people["PSG"]); err != nil || len(all) != 4 {
		t.Errorf("%d, %v", len(all), err)
	}
	t.Run("R37 no draft is approved over a later one", func(t *testing.T) {
		early, err := write("shelter", "LEG")
		w.must(err)
		late, err := write("shelter", "LEG")
		w.must(err)
		_, err = desk.Approve(w.ctx, w.people["DPO"], late.ID)
		w.must(err)
		_, err = desk.Approve(w.ctx, w.people["DPO"], early.ID)
		refused(t, err, "no later version of it is approved")
	})
	t.Run("R37 another text has another version", func(t *testing.T) {
		content := first.Content
		content.Clauses = slices.Clone(content.Clauses)
		c := &content.Clauses[0]
		c.Text = maps.Clone(c.Text)
		c.Text["en"] += " And more."
		if _, err := desk.Write(w.ctx, w.people["LEG"], "standard", content, time.Time{}, "new"); !errors.Is(err, people.ErrInvalid) || !strings.Contains(err.Error(), c.Code) {
			t.Errorf("under the version that there is: %v", err)
		}
		c.Version = "9"
		if _, err := desk.Write(w.ctx, w.people["LEG"], "standard", content, time.Time{}, "new"); err != nil {
			t.Error(err)
		}
	})
	if other, err := write("health", "LEG"); err != nil || other.Number != 1 {
		t.Errorf("%+v, %v", other.Ref(), err)
	}
	if _, err := write("Health!", "LEG"); !errors.Is(err, people.ErrInvalid) {
		t.Error(err)
	}
}
