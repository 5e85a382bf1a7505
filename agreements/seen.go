package agreements

import (
	"slices"

	"safeconduct/authz"
)

// given reports whether a document in this state is the partner's to read: what
// is drafted and reviewed is IOM's alone until it is approved for signature.
func (s State) given() bool { return !slices.Contains([]State{Draft, Review, Rejected}, s) }

// partnerOnly reports whether the caller reads the agreement for the partner
// and in no role of IOM.
func (a Agreement) partnerOnly(c authz.Caller) bool { return !c.In(a.Document.Mission) }

// seenBy leaves out, for people of the partner alone, what IOM made of the
// agreement, why, and who did: left are the documents that were approved for
// signature, and who signed them (gate.md: the partner is not told the cause).
func (a Agreement) seenBy(c authz.Caller) Agreement {
	if !a.partnerOnly(c) {
		return a
	}
	a.Drafter, a.Editors, a.Actor, a.History, a.Suspension, a.Lifts, a.Endings = "", nil, "", []Act{}, nil, nil, nil
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
