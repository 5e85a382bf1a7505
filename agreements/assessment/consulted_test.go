package assessment_test

import (
	"errors"
	"slices"
	"testing"

	"safeconduct/agreements/assessment"
	"safeconduct/authz"
)

// From the band on that the template says, it is submitted only with who was consulted.
func TestPeopleConsulted(t *testing.T) {
	t.Parallel()
	band := func(in assessment.Answers, people ...string) (assessment.Assessment, error) {
		c := content(in)
		c.PeopleConsulted = people
		a := must(t)(assessment.New(current(t), "rba-1", "mis-1", "ro-1", c, now))
		return a.Submit(current(t), "ro-1", authz.RO, now)
	}
	for name, tc := range map[string]struct {
		in    assessment.Answers
		band  assessment.Band
		needs bool
	}{
		"R40 LOW":      {low(), assessment.Low, false},
		"R40 MODERATE": {v2(), assessment.Moderate, false},
		"R40 HIGH":     {v1(), assessment.High, true},
		"R40 SEVERE":   {v3(), assessment.Severe, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, people := range [][]string{nil, {" "}} {
				if _, err := band(tc.in, people...); tc.needs {
					refusedBy(t, err, assessment.Draft, "people are consulted")
				} else if err != nil {
					t.Error(err)
				}
			}
			a, err := band(tc.in, "community focal point")
			if err != nil || a.Result.Band != tc.band {
				t.Errorf("with them: %s, %v", a.Result.Band, err)
			}
		})
	}
	t.Run("R37 templates before it ask nothing", func(t *testing.T) {
		t.Parallel()
		a := draft(t, v1())
		a.PeopleConsulted = nil
		must(t)(a.Submit(template(t), "ro-1", authz.RO, now))
	})
	t.Run("a higher band asks no less", func(t *testing.T) {
		t.Parallel()
		own := template(t)
		own.Bands = slices.Clone(own.Bands)
		own.Bands[0].Consulted = true
		if _, err := assessment.NewEdition("e", "leg-1", own, now, "ask them", now); !errors.Is(err, assessment.ErrTemplate) {
			t.Error(err)
		}
	})
}
