// Package authz says who may do what. It answers one question, Check, and
// every path of the system asks it: screen, API, command line and batch (R53).
// The answer is deny unless a line of the policy allows (domain.md section 5).
package authz

import (
	"slices"
	"time"
)

// Role is a business role of domain.md section 4. A person holds a role for
// one mission, for one partner, or for headquarters.
type Role string

// The roles, as domain.md names them.
const (
	RO  Role = "RO"  // referral officer of a mission
	HOM Role = "HOM" // head (chief) of mission, the controller
	FP  Role = "FP"  // data protection focal point of a mission
	LEG Role = "LEG" // Office of Legal Affairs, headquarters
	DPO Role = "DPO" // data protection officer, headquarters
	PSG Role = "PSG" // partner signatory
	PDL Role = "PDL" // partner downloader
	OIG Role = "OIG" // auditor, headquarters; writes nothing (separation of duties 9)
	SYS Role = "SYS" // the clock and the system; holds no business role (8)
)

// Place is where a role is held.
type Place string

// The three places.
const (
	AtMission Place = "mission"
	AtPartner Place = "partner"
	AtHQ      Place = "headquarters"
)

// PlaceOf tells where role is held; ok is false for SYS and for unknown roles,
// which nobody can be granted.
func PlaceOf(role Role) (place Place, ok bool) {
	switch role {
	case RO, HOM, FP:
		return AtMission, true
	case PSG, PDL:
		return AtPartner, true
	case LEG, DPO, OIG:
		return AtHQ, true
	default:
		return "", false
	}
}

// Assurance says how a caller was proven when the credential was minted. A
// token records it, and the gate reads it (condition 1).
type Assurance string

// The assurances, weakest first.
const (
	// AssuranceNone is a credential of which nothing is known.
	AssuranceNone Assurance = "none"
	// AssuranceVouched is a token that a role-granter handed over in person,
	// after having checked the holder's identity document.
	AssuranceVouched Assurance = "vouched"
	// AssuranceMFA is a login with two factors.
	AssuranceMFA Assurance = "mfa"
)

// Grant is one role that the caller holds now.
type Grant struct {
	ID      string
	Version int
	Role    Role
	Mission string // set for RO, HOM, FP
	Partner string // set for PSG, PDL
	// Purposes are the tasks under which who is Tasked comes to people's data (R23).
	Purposes []string
}

// Caller is the person behind a request, with the grants that the register
// held when the request arrived. It is never cached between requests.
type Caller struct {
	Person    string
	Token     string // id of the token, never its secret
	Root      string // id of the token that it was made with, if it was
	Assurance Assurance
	Grants    []Grant
	Scope     []Action  // what the token is limited to; empty: all that the roles allow
	Locks     []string  // refusal codes of what keeps the roles locked: no valid training (R44), no undertaking (R23), LockUnruled
	RolesAsOf time.Time // the token carries no role granted later
	Request   string    // request id, for the log
	Source    string    // commitment to the source address, never the address
}

// System is the caller for what the clock does.
func System(request string) Caller {
	return Caller{Person: string(SYS), Grants: []Grant{{Role: SYS}}, Assurance: AssuranceMFA, Request: request}
}

// Reaches reports whether the caller's token extends to action. It narrows, and
// allows nothing by itself.
func (c Caller) Reaches(action Action) bool {
	return len(c.Scope) == 0 || slices.Contains(c.Scope, action)
}

// In reports whether the caller holds any role in the mission, or any role of
// headquarters: without one, the mission's records answer as unknown.
func (c Caller) In(mission string) bool {
	return slices.ContainsFunc(c.Grants, func(g Grant) bool {
		place, ok := PlaceOf(g.Role)
		return ok && (place == AtHQ || (mission != "" && g.Mission == mission))
	})
}

// Of reports whether the caller holds any role of the partner.
func (c Caller) Of(partner string) bool {
	return partner != "" && slices.ContainsFunc(c.Grants, func(g Grant) bool { return g.Partner == partner })
}

// Missions lists the missions in which the caller holds a role.
func (c Caller) Missions() []string {
	var ids []string
	for _, g := range c.Grants {
		if g.Mission != "" && !slices.Contains(ids, g.Mission) {
			ids = append(ids, g.Mission)
		}
	}
	return ids
}

// Partners lists the partners for which the caller holds a role.
func (c Caller) Partners() []string {
	var ids []string
	for _, g := range c.Grants {
		if g.Partner != "" && !slices.Contains(ids, g.Partner) {
			ids = append(ids, g.Partner)
		}
	}
	return ids
}

// Places are where a caller holds roles: a list is read by them, before the
// policy is asked of each record.
type Places struct {
	HQ       bool
	Missions []string
	Partners []string
	Person   string
}

// Places answers with where the caller holds roles.
func (c Caller) Places() Places {
	return Places{HQ: c.AtHQ(), Missions: c.Missions(), Partners: c.Partners(), Person: c.Person}
}

// AtHQ reports whether the caller holds a role of headquarters.
func (c Caller) AtHQ() bool {
	return slices.ContainsFunc(c.Grants, func(g Grant) bool {
		place, ok := PlaceOf(g.Role)
		return ok && place == AtHQ
	})
}

// As is the caller with the grants of one role only, so that the act is done
// under it; with none of them where the caller does not hold it.
func (c Caller) As(role Role) Caller {
	c.Grants = slices.DeleteFunc(slices.Clone(c.Grants), func(g Grant) bool { return g.Role != role })
	return c
}

// Holds reports whether the caller holds role anywhere.
func (c Caller) Holds(role Role) bool {
	return slices.ContainsFunc(c.Grants, func(g Grant) bool { return g.Role == role })
}

// Resource is what is acted upon, as far as authorisation needs to know it.
type Resource struct {
	Kind    string // a record kind, such as "transfer"
	ID      string
	Mission string
	Partner string
	Owner   string // person who made it, for "own" rules
	// Purposes are those that it serves, where it holds a person's data (R23).
	Purposes []string
}
