package edge

import (
	"fmt"

	"safeconduct/authz"
	"safeconduct/authz/people"
	"safeconduct/transfer/gate"
)

// locked is the problem of who lacks what unlocks every role, with the mend of each (R23, R44).
func (ps *problems) locked(e *authz.LockedError, lang string) *Problem {
	p := newProblem(kindRefused, lang)
	for _, code := range e.Codes {
		mend, ask := ps.mends.Text(gate.Code(code), lang)
		p.Refusals = append(p.Refusals, RefusalView{Code: gate.Code(code), Mend: mend, Ask: ask})
	}
	if len(p.Refusals) > 0 {
		p.Detail = p.Refusals[0].Mend
	}
	return p
}

// badRows names every row of an import that is at fault, with its mend. It repeats nothing of a row.
func (ps *problems) badRows(e *people.ImportError, lang string) *Problem {
	p := newProblem(kindInvalid, lang)
	p.Detail = "Nothing was imported: mend the rows that are named, and import the whole file again."
	for _, f := range e.Faults {
		at := "file"
		if f.Row > 0 {
			at = fmt.Sprintf("row %d", f.Row)
		}
		if f.Column != "" {
			at += ", column " + f.Column
		}
		p.Errors = append(p.Errors, FieldError{Location: at, Message: f.Mend})
	}
	return p
}
