package rulebook

import (
	"cmp"
	"fmt"
	"time"
)

// Lives are the longest lives of what people are given or prove, in days of 24 hours. They bound what is made from then on:
// what was made before keeps the end that it was given. An edition from before there was such a member has none, which then
// is not written, so that its digest stays; it means what the methods below say. Token and Partner are alike.
type Lives struct {
	KeyDays        int `json:"key_days" minimum:"1" maximum:"3660" doc:"life of a signing key from its enrolment; what was signed with it before stands"`
	DelegationDays int `json:"delegation_days" minimum:"1" maximum:"1830" doc:"longest delegation of a post (R35)"`
	DisclosureDays int `json:"disclosure_days" minimum:"1" maximum:"1830" doc:"longest life of a disclosure assessment: what else is published of the same people changes what a table gives away (R19)"`
}

// Token bounds the tokens of a person.
type Token struct {
	LifeDays int `json:"life_days" minimum:"1" maximum:"366" doc:"longest life, in days of 24 hours"`
	Made     int `json:"made" minimum:"1" maximum:"100" doc:"how many live tokens may have been made with one that was handed over: enough for each machine and script of a person, and each decision on a transfer reads those of all who may receive it"`
}

// Partner bounds what is made easier for small partners.
type Partner struct {
	SmallStaff int `json:"small_staff" minimum:"1" maximum:"20" doc:"up to how many people of a partner one may sign and download, with Legal's note (separation of duties 10)"`
}

// What an edition means that has no such member: as it was before there was one.
const (
	formerTokenDays      = 90
	formerMadeTokens     = 20
	formerKeyDays        = 730
	formerDelegationDays = 366
	formerDisclosureDays = 366
	formerSmallStaff     = 3
	formerStanding       = 100
	formerStandingMost   = 1000
	formerRecallDays     = 7
)

// The most that an edition can allow.
const (
	mostTokenDays      = 366
	mostMadeTokens     = 100
	mostKeyDays        = 3660
	mostDelegationDays = 1830
	mostDisclosureDays = 1830
	mostSmallStaff     = 20
	mostStanding       = 10_000
	mostNotice         = 3660
)

// MostDisclosureLife is the longest life of a disclosure assessment that any edition can have allowed.
const MostDisclosureLife = mostDisclosureDays * day

const day = 24 * time.Hour

func days(n, former int) time.Duration { return time.Duration(cmp.Or(n, former)) * day }

// TokenLife is the longest life of a token.
func (r Rules) TokenLife() time.Duration { return days(r.Token.LifeDays, formerTokenDays) }

// MadeTokens is how many live tokens may have been made with one that was handed over.
func (r Rules) MadeTokens() int { return cmp.Or(r.Token.Made, formerMadeTokens) }

// KeyLife is how long a signing key lives from its enrolment.
func (r Rules) KeyLife() time.Duration { return days(r.Lives.KeyDays, formerKeyDays) }

// DelegationLife is how long one delegation of a post lasts at most (R35).
func (r Rules) DelegationLife() time.Duration {
	return days(r.Lives.DelegationDays, formerDelegationDays)
}

// DisclosureLife is how long a disclosure assessment holds at most (R19).
func (r Rules) DisclosureLife() time.Duration {
	return days(r.Lives.DisclosureDays, formerDisclosureDays)
}

// RecallTime is how long a partner has to destroy what it pulled of a transfer that is recalled (R27).
func (r Rules) RecallTime() time.Duration { return days(r.Transfer.RecallDays, formerRecallDays) }

// SmallStaff is up to how many people of a partner one may sign and download (separation of duties 10).
func (r Rules) SmallStaff() int { return cmp.Or(r.Partner.SmallStaff, formerSmallStaff) }

// Standing is how many transfers a standing approval of a pathway covers where it does not say, and at most.
func (r Rules) Standing() (usual, most int) {
	return cmp.Or(r.Approval.StandingTransfers, formerStanding), cmp.Or(r.Approval.StandingTransfersMost, formerStandingMost)
}

// validateLives wants all of them: only an edition from before is without.
func (r Rules) validateLives() error {
	for _, n := range []struct {
		name        string
		value, most int
	}{
		{"token.life_days", r.Token.LifeDays, mostTokenDays},
		{"token.made", r.Token.Made, mostMadeTokens},
		{"lives.key_days", r.Lives.KeyDays, mostKeyDays},
		{"lives.delegation_days", r.Lives.DelegationDays, mostDelegationDays},
		{"lives.disclosure_days", r.Lives.DisclosureDays, mostDisclosureDays},
		{"partner.small_staff", r.Partner.SmallStaff, mostSmallStaff},
		{"approval.standing_transfers_most", r.Approval.StandingTransfersMost, mostStanding},
		{"approval.standing_transfers", r.Approval.StandingTransfers, r.Approval.StandingTransfersMost},
	} {
		if n.value < 1 || n.value > n.most {
			return fmt.Errorf("%w: %s must lie between 1 and %d", ErrInvalid, n.name, n.most)
		}
	}
	return nil
}
