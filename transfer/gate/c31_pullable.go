package gate

// Codes of condition 31.
const (
	PullDenied   Code = "PULL_DENIED"
	PullWindow   Code = "PULL_WINDOW"
	PullLimit    Code = "PULL_LIMIT"
	PullRecalled Code = "PULL_RECALLED"
)

// pullable is condition 31: released, for this recipient, in its window, within
// its number of pull sessions, not recalled, not certified as destroyed. A resumed session was counted when
// it began.
func pullable() condition {
	return condition{
		number: "31", phases: atPull, codes: never(PullDenied, PullWindow, PullLimit, PullRecalled),
		check: func(f *Facts) []Finding {
			p := &f.Pull
			var found []Finding
			add := func(code Code, wrong bool) {
				if wrong {
					found = append(found, one(code, f.Transfer)...)
				}
			}
			// R27: what was certified as destroyed does not come back, where nobody would owe its destruction.
			add(PullDenied, !p.Recipient || !p.Released || p.Destroyed)
			if p.Released { // window and sessions begin with the release
				add(PullWindow, p.HeldTooLong || !f.Now.Before(p.WindowEnds))
				add(PullLimit, p.Limit < 1 || p.Sessions < 0 || !p.Resumed && p.Sessions >= p.Limit)
			}
			add(PullRecalled, p.Recalled)
			return found
		},
	}
}
