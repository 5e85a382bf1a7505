package transfer

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
)

//go:embed policy.yaml
var policyText []byte

// Policy is the policy data of transfers: the numbers that domain.md marks [P].
// They are data, versioned, and cited by each decision.
type Policy struct {
	Version      int               `yaml:"version" json:"version"`
	SecondPerson SecondPerson      `yaml:"second_person" json:"second_person"`
	Assurances   []authz.Assurance `yaml:"assurances" json:"assurances"` // that may send and pull (R50)
	WindowHours  int               `yaml:"window_hours" json:"window_hours"`
	PullLimit    int               `yaml:"pull_limit" json:"pull_limit"`       // sessions per file
	SessionHours int               `yaml:"session_hours" json:"session_hours"` // how long a session may be resumed
	HeldDays     int               `yaml:"held_days" json:"held_days"`
	LeaseMinutes int               `yaml:"lease_minutes" json:"lease_minutes"` // an open upload untouched for longer is swept
}

// SecondPerson says which transfers wait for an approver (condition 28).
type SecondPerson struct {
	Bands         []string            `yaml:"bands" json:"bands"`
	Sensitivities []terms.Sensitivity `yaml:"sensitivities" json:"sensitivities"`
}

// DefaultPolicy reads the policy data that ships with the program.
func DefaultPolicy() (Policy, error) {
	var p Policy
	d := yaml.NewDecoder(bytes.NewReader(policyText))
	d.KnownFields(true)
	if err := d.Decode(&p); err != nil {
		return Policy{}, fmt.Errorf("reading the policy data: %w", err)
	}
	if p.Version < 1 || len(p.Assurances) == 0 || p.WindowHours < 1 || p.PullLimit < 1 || p.SessionHours < 1 || p.HeldDays < 1 || p.LeaseMinutes < 1 {
		return Policy{}, fmt.Errorf("reading the policy data: a number is missing or below one")
	}
	return p, nil
}

// Digest identifies the policy data.
func (p Policy) Digest() (string, error) {
	b, err := evidence.Canonical(p)
	if err != nil {
		return "", err
	}
	return evidence.DigestOf(b)[:16], nil
}

func (p Policy) window() time.Duration  { return time.Duration(p.WindowHours) * time.Hour }
func (p Policy) session() time.Duration { return time.Duration(p.SessionHours) * time.Hour }
func (p Policy) held() time.Duration    { return time.Duration(p.HeldDays) * 24 * time.Hour }
func (p Policy) lease() time.Duration   { return time.Duration(p.LeaseMinutes) * time.Minute }

// needsSecondPerson judges by the band of the assessment and by the categories
// declared. Without an assessment it says yes: it fails closed.
func (p Policy) needsSecondPerson(a *assessment.Assessment, declared []string, known []terms.Category) bool {
	if a == nil || slices.Contains(p.SecondPerson.Bands, string(a.Result.Band)) {
		return true
	}
	for _, code := range declared {
		i := slices.IndexFunc(known, func(c terms.Category) bool { return c.Code == code })
		if i < 0 || known[i].Sensitive || slices.Contains(p.SecondPerson.Sensitivities, known[i].Sensitivity) {
			return true
		}
	}
	return false
}
