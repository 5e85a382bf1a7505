package assessment_test

import (
	"strings"
	"testing"
	"time"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/terms"
)

func TestCauses(t *testing.T) {
	t.Parallel()
	yes := approved(t, low()) // of agr-1 version 1, for KE, on template 1, submitted now
	in := assessment.Setting{Partner: "par-1", Country: "SO"}
	later := now.Add(time.Microsecond)
	earlier := now.Add(-time.Microsecond)
	cause := func(trigger assessment.Trigger, subject string, at time.Time, change func(*assessment.Cause)) assessment.Cause {
		c := assessment.Cause{ID: "c", Version: 1, Trigger: trigger, Subject: subject, At: at}
		if change != nil {
			change(&c)
		}
		return c
	}
	country := func(c *assessment.Cause) { c.Country = "KE" }
	raise := func(code string, at time.Time) assessment.Cause {
		return assessment.Raised(terms.Raise{ID: "c", Category: code, Person: "p", Now: earlier, At: at})
	}
	template := func(n int) func(*assessment.Cause) { return func(c *assessment.Cause) { c.Template = n } }
	for name, tc := range map[string]struct {
		cause assessment.Cause
		want  assessment.Trigger // none: it stays approved
	}{
		"incident later":             {assessment.Incident("c", "p", "par-1", "inc", later), assessment.PartnerIncident},
		"incident at that instant":   {assessment.Incident("c", "p", "par-1", "inc", now), assessment.PartnerIncident},
		"incident before":            {assessment.Incident("c", "p", "par-1", "inc", earlier), ""},
		"another partner's incident": {assessment.Incident("c", "p", "par-2", "inc", later), ""},
		"the partner moved":          {assessment.Moved("c", "p", "par-1", "UG", earlier), assessment.NewCountry},
		"it moved to where assessed": {assessment.Moved("c", "p", "par-1", "KE", later), ""},
		"another partner moved":      {assessment.Moved("c", "p", "par-2", "UG", later), ""},
		"broader amendment":          {assessment.Amended("c", "p", assessment.BroaderAmendment, "agr-1", 2, earlier), assessment.BroaderAmendment},
		"a country in the amendment": {assessment.Amended("c", "p", assessment.NewCountry, "agr-1", 2, later), assessment.NewCountry},
		"the version it is about":    {assessment.Amended("c", "p", assessment.NewCategory, "agr-1", 1, later), ""},
		"another agreement's":        {assessment.Amended("c", "p", assessment.NewCategory, "agr-2", 2, later), ""},
		"alert":                      {cause(assessment.ConflictAlert, "country:KE", later, country), assessment.ConflictAlert},
		"alert before":               {cause(assessment.ConflictAlert, "country:KE", earlier, country), ""},
		"alert where the mission is": {cause(assessment.ConflictAlert, "country:SO", later, nil), assessment.ConflictAlert},
		"alert there before":         {cause(assessment.ConflictAlert, "country:SO", earlier, nil), ""},
		"alert elsewhere":            {cause(assessment.ConflictAlert, "country:UG", later, nil), ""},
		"template withdrawn":         {cause(assessment.TemplateWithdrawn, "template:1", earlier, template(1)), assessment.TemplateWithdrawn},
		"a category raised":          {raise("IDENTITY", later), assessment.CategoryRaised},
		"raised at that instant":     {raise("IDENTITY", now), assessment.CategoryRaised},
		"raised before":              {raise("IDENTITY", earlier), ""},
		"to be raised":               {raise("IDENTITY", later.Add(time.Microsecond)), ""},
		"another category raised":    {raise("PHOTO", later), ""},
		"not raised after all":       {raise("IDENTITY", later).Dropped(terms.Raise{Person: "p", Now: now}), ""},
		"another template":           {cause(assessment.TemplateWithdrawn, "template:2", later, template(2)), ""},
	} {
		t.Run("RBA_STALE "+name, func(t *testing.T) {
			t.Parallel()
			got, by := yes.Under([]assessment.Cause{tc.cause}, in, later)
			switch {
			case tc.want == "" && (got.State != assessment.Approved || by != nil):
				t.Errorf("%s by %v", got.State, by)
			case tc.want != "" && (got.State != assessment.Stale || got.StaleReason != tc.want || got.StaleCause != "c" || by == nil || got.LiveAt(now)):
				t.Errorf("%s %s by %v", got.State, got.StaleReason, by)
			}
			if sub := submitted(t, low()); sub.State != assessment.Submitted {
				t.Error("changed")
			} else if same, by := sub.Under([]assessment.Cause{tc.cause}, in, later); by != nil || same.State != assessment.Submitted {
				t.Error("only what is approved goes stale")
			}
		})
	}
	t.Run("a mission without a country, or in a country that is listed", func(t *testing.T) {
		t.Parallel()
		for _, country := range []string{"", "KE"} {
			var found []string
			for _, s := range yes.Concerns(assessment.Setting{Partner: "par-1", Country: country}) {
				if strings.HasPrefix(s, assessment.AboutCountry("")) {
					found = append(found, s)
				}
			}
			if len(found) != 1 || found[0] != assessment.AboutCountry("KE") {
				t.Errorf("in %q: %v", country, found)
			}
		}
	})
	t.Run("the oldest cause is named", func(t *testing.T) {
		t.Parallel()
		old, young := assessment.Incident("old", "p", "par-1", "i", now), cause(assessment.ConflictAlert, "country:KE", later, country)
		if got, _ := yes.Under([]assessment.Cause{young, old}, in, later); got.StaleCause != "old" {
			t.Errorf("%+v", got.StaleCause)
		}
	})
}
