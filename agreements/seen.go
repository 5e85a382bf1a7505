package agreements

import (
	"slices"

	"safeconduct/authz"
)

// given reports whether a document in this state is others' to read: what is
// drafted and reviewed is the signing mission's and headquarters' alone until it
// is approved for signature.
func (s State) given() bool { return !slices.Contains([]State{Draft, Review, Rejected}, s) }

// SharedWith are the missions beside the signing one that send under the
// agreement, and so may know of it: those of the scope in force, and none before
// the document was approved for signature.
func (a Agreement) SharedWith() []string {
	if !a.State.given() {
		return nil
	}
	return a.Document.others()
}

// AmendmentSharedWith is SharedWith for the amendment that is on its way: the
// missions of both scopes, once it is approved for signature.
func (a Agreement) AmendmentSharedWith() []string {
	if a.Amendment == nil || !a.Amendment.State.given() {
		return nil
	}
	next := a.Amendment.Document.others()
	return slices.DeleteFunc(a.SharedWith(), func(m string) bool { return !slices.Contains(next, m) })
}

// KnownTo reports whether people of a mission know of the agreement: to the
// caller of another one it is as unknown as none.
func (a Agreement) KnownTo(c authz.Caller) bool {
	return c.In(a.Document.Mission) || a.sharedBy(c) != ""
}

// sharedBy is a mission of the caller's that the agreement is shared with, or
// empty.
func (a Agreement) sharedBy(c authz.Caller) string {
	shared := a.SharedWith()
	if i := slices.IndexFunc(shared, c.In); i >= 0 {
		return shared[i]
	}
	return ""
}

// outside reports whether the caller reads the agreement for the partner, or for
// a mission that it is shared with, and in no role of the mission that signs it
// or of headquarters.
func (a Agreement) outside(c authz.Caller) bool { return !c.In(a.Document.Mission) }

// seenBy leaves out, for people from outside, what the signing mission and
// headquarters made of the agreement, why, and who did: left are the documents
// that were approved for signature, and who signed them (gate.md: the partner is
// not told the cause). A mission that shares it is told why it is suspended,
// since that stops its transfers (AGR_SUSPENDED), but not by whom.
func (a Agreement) seenBy(c authz.Caller) Agreement {
	if !a.outside(c) {
		return a
	}
	var told *Suspension
	if s := a.Suspension; s != nil && a.sharedBy(c) != "" {
		told = &Suspension{Act: Act{Event: s.Event, Role: s.Role, At: s.At, Reason: s.Reason}, DecideBy: s.DecideBy}
	}
	a.Drafter, a.Editors, a.Actor, a.History, a.Suspension, a.Lifts, a.Endings = "", nil, "", []Act{}, told, nil, nil
	a.Deviations, a.Signatures = unnamed(a.Deviations), unattested(a.Signatures)
	switch m := a.Amendment; {
	case m == nil:
	case !m.State.given():
		a.Amendment, a.Documents = nil, a.Document.Version
	default:
		a.Amendment = &Amendment{
			State: m.State, Document: m.Document, Digest: m.Digest, Deviations: unnamed(m.Deviations), Signatures: unattested(m.Signatures),
		}
	}
	a.Former = slices.Clone(a.Former)
	for i, f := range a.Former {
		a.Former[i].Deviations, a.Former[i].Signatures = unnamed(f.Deviations), unattested(f.Signatures)
	}
	return a
}

// unnamed keeps which clause was approved to deviate, and when.
func unnamed(all []Deviation) []Deviation {
	all = slices.Clone(all)
	for i := range all {
		all[i].Person, all[i].Reason = "", ""
	}
	return all
}

// unattested keeps who signed, and not who attested it for Legal.
func unattested(all []Signature) []Signature {
	all = slices.Clone(all)
	for i, s := range all {
		if s.Attestation != nil {
			of := *s.Attestation
			of.Person = ""
			all[i].Attestation = &of
		}
	}
	return all
}
