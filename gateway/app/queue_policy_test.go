package app_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/templates"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/rulebook"
	"safeconduct/gateway/app/apptest"
)

// What Legal writes of policy data, whatever it is, waits for a data protection officer who did not write it, and for nobody else.
func TestPolicyDataWaitForTheOfficer(t *testing.T) {
	type drafted struct {
		id, link string
		details  []string
		ends     func(officer authz.Caller) error
		later    func() // another is written after it, where it is not rejected but passed over
	}
	for name, c := range map[string]struct {
		what, kind string
		write      func(w *apptest.World, by authz.Caller) drafted
	}{
		"R37 the rulebook": {"approve_rules", rulebook.KindRulebook, func(w *apptest.World, by authz.Caller) drafted {
			b, err := w.Rules.Rulebook(w.Ctx, by)
			w.Must(err)
			b, err = w.Rules.Draft(w.Ctx, by, b.Current.Rules, time.Time{}, "as before")
			w.Must(err)
			return drafted{rulebook.ID, "/rulebook", []string{"edition " + strconv.Itoa(b.Draft.Number)}, func(o authz.Caller) error {
				return failure(w.Rules.Reject(w.Ctx, o, b.Version))
			}, nil}
		}},
		"R37 a term": {"approve_term", terms.KindPurpose, func(w *apptest.World, by authz.Caller) drafted {
			p, err := w.Terms.CreatePurpose(w.Ctx, by, terms.Purpose{Code: "work", Text: "Work", LegalBasis: "consent"})
			w.Must(err)
			return drafted{p.ID, "/purposes", []string{"work"}, func(o authz.Caller) error {
				return failure(w.Terms.ApprovePurpose(w.Ctx, o, p.ID, p.Version))
			}, nil}
		}},
		"R14 R37 a notice": {"approve_notice", terms.KindNotice, func(w *apptest.World, by authz.Caller) drafted {
			all, err := w.Terms.Notices(w.Ctx, by, w.Purpose.ID)
			w.Must(err)
			write := func(number string) terms.Notice {
				n, err := w.Terms.WriteNotice(w.Ctx, by, terms.Notice{Purpose: w.Purpose.ID, Number: number, Texts: all[0].Texts, EffectiveFrom: w.Clock.Now()})
				w.Must(err)
				return n
			}
			n := write("2")
			return drafted{n.ID, "/notices?purpose=" + w.Purpose.ID, []string{w.Purpose.Code, "2"}, func(o authz.Caller) error {
				return failure(w.Terms.ApproveNotice(w.Ctx, o, n.ID))
			}, func() { n = write("3") }}
		}},
		"R37 an agreement template": {"approve_template", templates.KindTemplate, func(w *apptest.World, by authz.Caller) drafted {
			shipped, err := templates.Shipped()
			w.Must(err)
			write := func() templates.Template {
				x, err := w.Templates.Write(w.Ctx, by, templates.Standard, shipped.Content, time.Time{}, "as before")
				w.Must(err)
				return x
			}
			x := write()
			return drafted{x.ID, "/agreement-templates/" + x.ID, []string{templates.Standard, "version " + strconv.Itoa(x.Number)}, func(o authz.Caller) error {
				return failure(w.Templates.Approve(w.Ctx, o, x.ID))
			}, func() { x = write() }}
		}},
		"R37 R40 an assessment template": {"approve_template", assessment.KindTemplate, func(w *apptest.World, by authz.Caller) drafted {
			e, err := w.Assessments.Template(w.Ctx)
			w.Must(err)
			e, err = w.Assessments.CreateTemplate(w.Ctx, by, e.Template, time.Time{}, "as before")
			w.Must(err)
			return drafted{e.ID, "/assessment-templates/" + e.ID, []string{"version " + strconv.Itoa(e.Template.Version)}, func(o authz.Caller) error {
				return failure(w.Assessments.WithdrawTemplate(w.Ctx, o, e.ID, "not this one"))
			}, nil}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := apptest.New(t, apptest.Options{})
			author, officer := w.Also(w.As(authz.DPO), authz.LEG), w.Another(authz.DPO)
			began := w.Clock.Now()
			d := c.write(w, author)
			wrote := w.Clock.Now()
			t.Run("R36 it waits for another officer", func(t *testing.T) {
				p, err := w.Queues.Queue(w.Ctx, officer, "", 10)
				w.Must(err)
				if len(p.Items) != 1 {
					t.Fatalf("%+v", p.Items)
				}
				i := p.Items[0]
				if i.What != c.what || i.Kind != c.kind || i.ID != d.id || i.Link != d.link || i.Role != authz.DPO || i.Risk != assessment.Moderate ||
					i.Since.Before(began) || i.Since.After(wrote) || !slices.Equal(i.Details, d.details) {
					t.Errorf("%+v", i)
				}
			})
			t.Run("R36 not for who wrote it, nor for anybody else", func(t *testing.T) {
				for role := range w.Persons {
					wait(t, w, role)
				}
			})
			t.Run("R36 nor once it is decided on", func(t *testing.T) {
				if d.later != nil { // whose approval passes over what was written before
					w.Clock.Add(time.Minute)
					d.later()
					if p, err := w.Queues.Queue(w.Ctx, officer, "", 10); err != nil || len(p.Items) != 2 {
						t.Errorf("both wait: %+v, %v", p.Items, err)
					}
				}
				w.Must(d.ends(officer))
				if p, err := w.Queues.Queue(w.Ctx, officer, "", 10); err != nil || len(p.Items) > 0 {
					t.Errorf("%+v, %v", p.Items, err)
				}
			})
			w.Verify()
		})
	}
}
