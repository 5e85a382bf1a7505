package gate

import "slices"

// Waits reports whether an attempt to commit came too early and is told so, with
// every code that applies, and nothing is refused for good: a transfer whose last
// approval is not in "is in the state awaiting approval, which is not a refusal", and
// COMMIT is decided "when the last approval is in" (gate.md). Until then the other
// codes may be mended; the approval asks for them all again. A denial is an answer:
// with it nothing waits.
//
// What is sealed and can never pass is refused at once all the same, so that its
// bytes and its key are destroyed and lie for no approval (lasting). The end of the
// agreement is among it: "Expiry during upload: the commit recheck fails, bytes and
// data key are destroyed" holds whether an approval is missing or not.
func (d Decision) Waits() bool {
	return d.Phase == Commit &&
		slices.ContainsFunc(d.Refusals, func(r Refusal) bool { return r.Code == ApprovalPending }) &&
		!slices.ContainsFunc(d.Refusals, func(r Refusal) bool { return slices.Contains(lasting(), r.Code.Base()) })
}

// lasting are the codes that nothing mends of what is sealed.
func lasting() []Code {
	lasting := []Code{
		ReqIncomplete, NatureUndeclared, NatureMismatch, // the manifest is not written again
		RecipientAuthority,        // Legal's case, and never a transfer (R34)
		AgrExpired, AgrTerminated, // a renewal is another document, which is CHANGED_DURING_UPLOAD
		ConsentRefused, ConsentWithdrawn, // mended by removing the person, whom nobody takes out of what is sealed (R02)
		RetElapsed, // the data are to be destroyed
	}
	for _, c := range []condition{payload(), landed()} { // other bytes, or other rules, than were asked for
		for _, r := range c.codes {
			lasting = append(lasting, r.code)
		}
	}
	return lasting
}
