package transfer

import (
	"context"
	"slices"
	"strings"
	"time"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/terms"
	"safeconduct/authz/rulebook"
	"safeconduct/transfer/attest"
)

// rules are the policy data of transfers in force (rulebook.Rules), with what follows from them.
type rules struct{ rulebook.Rules }

// ruled are the rules in force now.
func (o *Office) ruled(ctx context.Context, tx Tx) (rules, error) {
	b, err := tx.Rulebook(ctx)
	return rules{b.At(o.Office.Time()).Rules}, err
}

// rulesNow reads the rules in a transaction of its own, for what the clock does.
func (o *Office) rulesNow(ctx context.Context) (r rules, err error) {
	err = o.Store.View(ctx, func(tx Tx) (err error) { r, err = o.ruled(ctx, tx); return err })
	return r, err
}

func (r rules) window() time.Duration  { return time.Duration(r.Transfer.WindowHours) * time.Hour }
func (r rules) session() time.Duration { return time.Duration(r.Transfer.SessionHours) * time.Hour }
func (r rules) held() time.Duration    { return time.Duration(r.Transfer.HeldDays) * 24 * time.Hour }

func (r rules) lease() time.Duration { return time.Duration(r.Transfer.LeaseMinutes) * time.Minute }

// opaque are the numbers of the files of a transfer that cannot be matched to its manifest.
func (r rules) opaque(t Transfer) []int {
	var all []int
	for _, f := range t.Files {
		if attest.Opaque(f.MediaType, r.Transfer.MatchedTypes) {
			all = append(all, f.N)
		}
	}
	return all
}

func stated(s string) bool { return strings.TrimSpace(s) != "" }

// needsSecondPerson judges by the band of the assessment and by the categories
// declared. Without an assessment it says yes: it fails closed.
func (r rules) needsSecondPerson(a *assessment.Assessment, declared []string, known []terms.Category) bool {
	if a == nil || slices.Contains(r.SecondPerson.Bands, string(a.Result.Band)) {
		return true
	}
	for _, code := range declared {
		i := slices.IndexFunc(known, func(c terms.Category) bool { return c.Code == code })
		if i < 0 || known[i].NeedsOfficer() || slices.Contains(r.SecondPerson.Sensitivities, string(known[i].Sensitivity)) ||
			slices.Contains(r.SecondPerson.Categories, code) {
			return true
		}
	}
	return false
}
