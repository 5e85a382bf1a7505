package agreements

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/signing"
	"safeconduct/authz"
)

// The machine of domain.md section 4. Each method answers with the agreement
// after the event, or with a *lifecycle.TransitionError that names the state,
// the guard and the mend; the agreement it is called on never changes.

func (a Agreement) illegal(event, guard, mend string) error {
	return &lifecycle.TransitionError{Entity: KindAgreement, State: string(a.State), Event: event, Guard: guard, Mend: mend}
}

func (a Agreement) in(event string, states ...State) error {
	if slices.Contains(states, a.State) {
		return nil
	}
	names := make([]string, len(states))
	for i, s := range states {
		names[i] = string(s)
	}
	return a.illegal(event, "the state is "+strings.Join(names, " or "), a.onward())
}

// onward is what can be done in the state.
func (a Agreement) onward() string {
	switch a.State {
	case Draft:
		return "complete the draft, and send it to Legal's review"
	case Review:
		return "have Legal decide on it"
	case Approved, PartSigned:
		if a.Document.Paper != nil {
			return "have Legal attest the scan of the paper that was signed"
		}
		return "have both parties sign it"
	case Signed:
		return "have Legal put it in force"
	case Active:
		return "it is in force: amend, suspend or terminate it"
	case Suspended:
		return "have Legal and the DPO lift the suspension, or terminate it"
	case Expired:
		return "renew it by an amendment with a later term, or close it out"
	case Terminated:
		return "close it out, and draft a new agreement where data are still to be shared"
	case Rejected, ClosedOut:
		return "draft a new agreement"
	}
	return "read the agreement"
}

// next is the agreement in its new state, with the act in its history.
func (a Agreement) next(to State, act Act) Agreement {
	a.State, a.Version, a.Actor, a.Updated = to, a.Version+1, act.Person, act.At
	a.History = append(slices.Clip(a.History), act)
	return a
}

// SendToReview: draft -> review. Guard: Annex I is complete.
func (a Agreement) SendToReview(act Act) (Agreement, error) {
	if err := a.in(act.Event, Draft); err != nil {
		return a, err
	}
	if missing := a.Document.Scope.missing(); len(missing) > 0 {
		return a, a.illegal(act.Event, "Annex I is complete", "add "+strings.Join(missing, ", "))
	}
	return a.next(Review, act), nil
}

func (s Scope) missing() []string {
	var missing []string
	for _, f := range []struct {
		name  string
		empty bool
	}{
		{"missions", len(s.Missions) == 0},
		{"purposes", len(s.Purposes) == 0},
		{"subject_types", len(s.SubjectTypes) == 0},
		{"categories", len(s.Categories) == 0},
		{"fields", len(s.Fields) == 0},
		{"recipient_countries", len(s.RecipientCountries) == 0},
		{"storage_countries", len(s.StorageCountries) == 0},
		{"onward_rule", s.OnwardRule == ""},
		{"onward_recipients", s.OnwardRule == "listed" && len(s.OnwardRecipients) == 0},
		{"max_subjects_per_transfer", s.MaxSubjectsPerTransfer < 1},
		{"max_subjects_per_year", s.MaxSubjectsPerYear < 1},
	} {
		if f.empty {
			missing = append(missing, f.name)
		}
	}
	for _, c := range s.Categories {
		if s.RetentionDays[c] < 1 {
			missing = append(missing, "retention_days."+c)
		}
	}
	return missing
}

// Return: review -> draft.
func (a Agreement) Return(act Act) (Agreement, error) { return a.reviewed(Draft, act) }

// Reject: review -> rejected.
func (a Agreement) Reject(act Act) (Agreement, error) { return a.reviewed(Rejected, act) }

// Approve: review -> approved for signature. Guard: the mandatory clauses are
// there (R33 needs C20), and no clause deviates unseen.
func (a Agreement) Approve(act Act) (Agreement, error) {
	if err := a.in(act.Event, Review); err != nil {
		return a, err
	}
	if missing := a.Document.MissingClauses(); len(missing) > 0 {
		return a, a.illegal(act.Event, "every mandatory clause is present", "add "+strings.Join(missing, ", ")+", then send to review again")
	}
	if open := a.UnapprovedDeviations(); len(open) > 0 {
		return a, a.illegal(act.Event, "Legal has approved every clause that deviates", "approve or return "+strings.Join(open, ", "))
	}
	return a.reviewed(Approved, act)
}

func (a Agreement) reviewed(to State, act Act) (Agreement, error) {
	if err := a.in(act.Event, Review); err != nil {
		return a, err
	}
	if a.wrote(act.Person) {
		return a, a.illegal(act.Event, "who drafted it does not decide on it", "ask another person of Legal")
	}
	return a.next(to, act), nil
}

// AddSignature: approved -> part-signed -> signed. Guard: the same document
// digest, which the caller has verified with the signature; one per party.
func (a Agreement) AddSignature(s Signature, act Act) (Agreement, error) {
	if err := a.in(act.Event, Approved, PartSigned); err != nil {
		return a, err
	}
	if s.Party != signing.PartyIOM && s.Party != a.Document.Partner {
		return a, a.illegal(act.Event, "the signatory is of IOM or of the partner", "sign for a party of the agreement")
	}
	if a.SignedBy(s.Party) {
		return a, a.illegal(act.Event, "each party signs once", "the other party still must sign")
	}
	if s.SignedAt.After(act.At) {
		return a, a.illegal(act.Event, "signed before it is handed in", "set the clock of the signing machine")
	}
	a.Signatures = append(slices.Clip(a.Signatures), s)
	if a.SignedBy(signing.PartyIOM) && a.SignedBy(a.Document.Partner) {
		return a.next(Signed, act), nil
	}
	return a.next(PartSigned, act), nil
}

// Posts says which posts of a mission are held (R35).
type Posts struct {
	Mission                string
	Controller, FocalPoint bool
}

// Activate: signed -> active. Guards: effective date reached, a controller and
// a focal point in post in each mission of the scope (R35), of which the caller
// hands over the first that lacks one; C20 present (R33), and the activator is not the
// drafter (separation of duties 3). The approved assessment is the caller's to
// check: it is another record.
func (a Agreement) Activate(posts Posts, assessed bool, act Act) (Agreement, error) {
	if err := a.in(act.Event, Signed); err != nil {
		return a, err
	}
	switch {
	case a.wrote(act.Person):
		return a, a.illegal(act.Event, "the drafter is not the activator (separation of duties 3)", "ask another person of Legal")
	case act.At.Before(a.Document.EffectiveFrom):
		return a, a.illegal(act.Event, "the effective date is reached", "wait until "+a.Document.EffectiveFrom.Format(time.RFC3339))
	case !act.At.Before(a.Document.ValidUntil):
		return a, a.illegal(act.Event, "the term is not over", "draft a new agreement")
	case !posts.Controller:
		return a, a.illegal(act.Event, posts.the("controller"), "have Legal grant HOM to the head of mission, or end what suspends or locks that person's roles")
	case !posts.FocalPoint:
		return a, a.illegal(act.Event, posts.the("focal point"), "have the head of mission grant FP, or end what suspends or locks that person's roles")
	case len(a.Document.MissingClauses()) > 0:
		return a, a.illegal(act.Event, "every mandatory clause is present (R33)", "amend the agreement")
	case len(a.UnapprovedDeviations()) > 0:
		return a, a.illegal(act.Event, "Legal has approved every clause that deviates", "draft a new agreement")
	case !assessed:
		return a, a.illegal(act.Event, "a risk-benefit assessment of it is approved (R40)", "submit one and have it approved")
	}
	return a.next(Active, act), nil
}

// the is the guard of a post.
func (p Posts) the(post string) string {
	return strings.TrimSpace("each mission of the scope has a " + post + " (R35); vacant in " + p.Mission)
}

// Suspend: active -> suspended. Guard: a reason. Of a suspension by the mission,
// headquarters decides within the time given.
func (a Agreement) Suspend(within time.Duration, act Act) (Agreement, error) {
	if err := a.in(act.Event, Active); err != nil {
		return a, err
	}
	if strings.TrimSpace(act.Reason) == "" {
		return a, a.illegal(act.Event, "a reason", "say why")
	}
	if !act.At.Before(a.Document.ValidUntil) { // SYS says so within a minute; a suspension would bar its renewal
		return a, a.illegal(act.Event, "its term goes on", "nothing: it has expired, and nothing is sent under it")
	}
	s := Suspension{Act: act}
	if act.Role == authz.HOM || act.Role == authz.FP {
		until := act.At.Add(within)
		s.DecideBy = &until
	}
	a.Suspension, a.Lifts = &s, nil
	return a.next(Suspended, act), nil
}

// Lift: suspended -> active, by Legal and the DPO together; the first act is
// recorded, the second lifts. Whoever suspended does not count (separation of
// duties 11). Guard: the cause is closed, which each states as the reason.
func (a Agreement) Lift(act Act) (Agreement, error) {
	if err := a.in(act.Event, Suspended); err != nil {
		return a, err
	}
	if strings.TrimSpace(act.Reason) == "" {
		return a, a.illegal(act.Event, "the cause is closed", "say how it was closed")
	}
	if a.Suspension != nil && a.Suspension.Person == act.Person {
		return a, a.illegal(act.Event, "whoever suspends does not lift (separation of duties 11)", "ask another person of your office")
	}
	both, err := a.two(a.Lifts, act, "Legal and the DPO lift together", authz.LEG, authz.DPO)
	if err != nil {
		return a, err
	}
	if len(both) < 2 {
		a = a.next(Suspended, act)
		a.Lifts = both
		return a, nil
	}
	// What one of two asked for before is asked for again, or not at all.
	a.Suspension, a.Lifts, a.Endings = nil, nil, nil
	return a.next(Active, act), nil
}

// Terminate: active/suspended -> terminated, by the head of mission and Legal
// together, or by the partner signatory's notice alone.
func (a Agreement) Terminate(act Act) (Agreement, error) {
	if err := a.in(act.Event, Active, Suspended); err != nil {
		return a, err
	}
	if strings.TrimSpace(act.Reason) == "" {
		return a, a.illegal(act.Event, "a reason", "say why")
	}
	if act.Role == authz.PSG {
		return a.next(Terminated, act), nil
	}
	both, err := a.two(a.Endings, act, "the head of mission and Legal terminate together", authz.HOM, authz.LEG)
	if err != nil {
		return a, err
	}
	if len(both) < 2 {
		a = a.next(a.State, act)
		a.Endings = both
		return a, nil
	}
	a.Endings = both
	return a.next(Terminated, act), nil
}

// Expire: active/suspended -> expired, by the clock. Guard: valid_until reached.
func (a Agreement) Expire(act Act) (Agreement, error) {
	if err := a.in(act.Event, Active, Suspended); err != nil {
		return a, err
	}
	if act.At.Before(a.Document.ValidUntil) {
		return a, a.illegal(act.Event, "valid_until is reached", "wait, or terminate it")
	}
	return a.next(Expired, act), nil
}

// MarkOverdue: suspended -> suspended, once: the time in which headquarters was
// to decide is over, and it stays suspended.
func (a Agreement) MarkOverdue(act Act) (Agreement, error) {
	if err := a.in(act.Event, Suspended); err != nil {
		return a, err
	}
	if !a.overdue(act.At) {
		return a, a.illegal(act.Event, "the time to decide is over, and nobody was told", "wait, or nothing: it was told")
	}
	s := *a.Suspension
	s.Overdue = &act.At
	a.Suspension = &s
	return a.next(Suspended, act), nil
}

func (a Agreement) overdue(now time.Time) bool {
	s := a.Suspension
	return s != nil && s.DecideBy != nil && s.Overdue == nil && !now.Before(*s.DecideBy)
}

// CloseOut: expired/terminated -> closed out. Guards: no copy is left of which
// the destruction was not certified and the certificate accepted (R27), and an
// expired one is not about to be renewed.
func (a Agreement) CloseOut(open int, act Act) (Agreement, error) {
	if err := a.in(act.Event, Expired, Terminated); err != nil {
		return a, err
	}
	if a.State == Expired && a.Amendment != nil {
		return a, a.illegal(act.Event, "no renewal is on its way", "have the amendment activated, or withdraw it first")
	}
	if open != 0 {
		return a, a.illegal(act.Event, "every certificate of destruction is accepted (R27)",
			strconv.Itoa(open)+" transfers lack one; have the partner certify, and accept it")
	}
	return a.next(ClosedOut, act), nil
}

// two adds act to the acts so far, of which each role counts once and each
// person once.
func (a Agreement) two(acts []Act, act Act, guard string, roles ...authz.Role) ([]Act, error) {
	if !slices.Contains(roles, act.Role) {
		return nil, a.illegal(act.Event, guard, "ask them")
	}
	for _, done := range acts {
		if done.Role == act.Role || done.Person == act.Person {
			return nil, a.illegal(act.Event, guard, "the other of the two still must act")
		}
	}
	return append(slices.Clip(acts), act), nil
}
