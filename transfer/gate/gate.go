// Package gate is the decision whether personal data may leave: one pure
// function, facts in, decision out, the same for every path (R53). It reads no
// clock, no store and no network, and fails closed: what is not known refuses.
//
// A condition of gate.md is one file, one line in the table below and its mend
// texts in mends.yaml.
package gate

import (
	"time"

	"safeconduct/authz/evidence"
)

// phases is the set of phases at which a condition is judged.
type phases uint8

const (
	atRequest phases = 1 << iota
	atCommit
	atPull

	toCommit = atRequest | atCommit
	always   = toCommit | atPull
	sealed   = atCommit | atPull
)

// in is the set that holds the phase alone; empty for an unknown one.
func in(p Phase) phases {
	switch p {
	case Request:
		return atRequest
	case Commit:
		return atCommit
	case Pull:
		return atPull
	default:
		return 0
	}
}

// condition is one line of gate.md's table. check answers what is wrong, in
// the order of codes; it neither keeps nor changes the facts.
type condition struct {
	number string // as gate.md has it, such as 4a
	phases phases
	codes  []rule
	// people says that it asks how people answered, or what stands about them: it
	// is not asked where the sender is refused (Facts.Needed).
	people bool
	check  func(*Facts) []Finding
}

// rule is a code and whether an emergency exception can set it aside.
type rule struct {
	code     Code
	override Override
}

// never and emergency write the override column of gate.md.
func never(codes ...Code) []rule     { return rules(Never, codes) }
func emergency(codes ...Code) []rule { return rules(Emergency, codes) }

func rules(o Override, codes []Code) []rule {
	out := make([]rule, 0, len(codes))
	for _, c := range codes {
		out = append(out, rule{c, o})
	}
	return out
}

// conditions is gate.md's table, in its order, which is the order of refusals.
func conditions() []condition {
	return []condition{
		sender(),         // 1
		trained(),        // 2
		complete(),       // 3
		nature(),         // 4
		demonstrated(),   // 4a
		partner(),        // 5
		recipientClass(), // 6
		downloader(),     // 7
		agreement(),      // 8
		signatures(),     // 9
		inForce(),        // 10
		notEnded(),       // 11
		clauses(),        // 12
		scope(),          // 13
		jurisdiction(),   // 14
		onward(),         // 15
		assessed(),       // 16
		assessedNow(),    // 17
		acceptable(),     // 18
		sensitive(),      // 19
		notified(),       // 20
		consented(),      // 21
		evidenced(),      // 22
		notRefused(),     // 23
		capable(),        // 24
		notHeld(),        // 25
		kept(),           // 26
		noIncident(),     // 27
		approved(),       // 28
		payload(),        // 29
		landed(),         // 30
		pullable(),       // 31
	}
}

// Decide answers whether the transfer may go on, with every code that applies,
// in the order of gate.md's table; the first is the primary one. It is total:
// it answers for any facts, changes none, and refuses where they are not whole
// or the phase is unknown (GATE_UNAVAILABLE, alone: on facts that could not be
// read every other code would be a guess). Of the people it says nothing where
// who sends is refused (Facts.Needed).
func Decide(f Facts) Decision {
	d := Decision{Phase: f.Phase, Policy: f.Policy}
	at := in(f.Phase)
	if unread := unreadable(&f); at == 0 || len(unread) > 0 {
		d.Refusals = []Refusal{refusal(&f, landed(), Finding{Code: GateUnavailable, Object: f.Transfer, Detail: unread})}
		return d
	}
	withheld := f.Withheld()
	f = f.Needed()
	for _, c := range conditions() {
		if c.phases&at == 0 || c.people && withheld { // R23
			continue
		}
		for _, found := range c.check(&f) {
			d.Refusals = append(d.Refusals, refusal(&f, c, found))
		}
	}
	return d
}

func refusal(f *Facts, c condition, found Finding) Refusal {
	return Refusal{
		Code: found.Code, Phase: f.Phase, Object: found.Object,
		Rows: found.Rows, Subjects: found.People, Detail: found.Detail,
		Overridable: c.overridable(found.Code), Policy: f.Policy,
	}
}

// overridable holds for a code of the condition with E in the table; a code
// that the condition does not name is never set aside.
func (c condition) overridable(code Code) bool {
	for _, r := range c.codes {
		if r.code == code.Base() {
			return r.override == Emergency
		}
	}
	return false
}

// unreadable names what could not be read, and what must have been read to
// decide at all: the clock, the policy, which transfer it is and, at a pull, where condition 3 is not
// asked again, the manifest of what was released.
func unreadable(f *Facts) []string {
	names := append([]string(nil), f.Unreadable...)
	if f.Now.IsZero() {
		names = append(names, "clock")
	}
	if f.Policy == "" {
		names = append(names, "policy") // R37
	}
	if f.Transfer.ID == "" { // approvals and derogations are of one transfer
		names = append(names, "transfer")
	}
	if f.Phase == Pull {
		for _, field := range f.missingFields() {
			names = append(names, "manifest "+field)
		}
		if !f.Manifest.natured() { // nor is condition 4
			names = append(names, "manifest nature")
		}
	}
	return names
}

// instant is a moment as a refusal names it (RFC 3339, UTC); nothing where there is none.
func instant(t time.Time) []string {
	if t.IsZero() {
		return nil
	}
	return []string{t.UTC().Format(time.RFC3339)}
}

// ids are those of the records, as a refusal names them.
func ids(refs ...evidence.Ref) []string {
	named := make([]string, len(refs))
	for i, ref := range refs {
		named[i] = ref.ID
	}
	return named
}

// one is a finding about a record, as a list.
func one(code Code, object evidence.Ref, detail ...string) []Finding {
	return []Finding{{Code: code, Object: object, Detail: detail}}
}
