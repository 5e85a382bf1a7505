package edge

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/imports"
)

// Words are what the places that problems name may consist of: the names of members and parameters, and the ids that
// everybody may read. A place is told as far as it consists of them: the name of a member that does not exist, and the key
// of a map, are the caller's text and may name a person (R55). It is called while routes are mounted, before Run.
func (s *Server) Words(words ...string) {
	for _, w := range words {
		s.problems.words[w] = true
	}
}

// roots are where a place begins.
func roots() map[string]bool {
	return map[string]bool{"body": true, "path": true, "query": true, "header": true}
}

// place is a location as far as it may be told.
func (ps *problems) place(location string) string {
	told := 0
	for segment := range strings.SplitSeq(location, ".") {
		word, index, _ := strings.Cut(segment, "[")
		if !ps.words[word] || strings.Trim(index, "0123456789[]") != "" {
			break
		}
		told += len(segment) + len(".")
	}
	return location[:max(0, told-len("."))]
}

// at adds a fault, once.
func (p *Problem) at(faults map[FieldError]bool, f FieldError) {
	if !faults[f] {
		faults[f] = true
		p.Errors = append(p.Errors, f)
	}
}

// fromModel keeps the places and messages of an error that huma made.
func (ps *problems) fromModel(m *huma.ErrorModel, lang string) *Problem {
	p := newProblem(kindOfStatus(m.Status), lang)
	if p.Status >= http.StatusInternalServerError {
		return p
	}
	if p.Detail == "" {
		p.Detail = cut(m.Detail)
	}
	faults := map[FieldError]bool{}
	for _, e := range m.Errors {
		if e == nil {
			continue
		}
		location := e.Location
		if e.Message == validation.MsgUnexpectedProperty { // its last part is no member, even where another is called so
			location, _, _ = strings.Cut(location, ".")
		}
		p.at(faults, FieldError{Location: cut(ps.place(location)), Message: cut(e.Message)})
	}
	return p
}

// invalid is an assessment that is not as its template has it.
func (ps *problems) invalid(err *assessment.InvalidError, lang string) *Problem {
	p := newProblem(kindInvalid, lang)
	p.Detail = assessment.ErrInvalid.Error()
	faults := map[FieldError]bool{}
	for _, f := range err.Problems {
		p.at(faults, FieldError{Location: ps.place(f.Field), Message: cut(f.Problem)})
	}
	return p
}

// imported is a list of agreements of which nothing was imported: every finding by its line and column, whose names are
// the program's own.
func (ps *problems) imported(err *imports.Error, lang string) *Problem {
	p := newProblem(kindInvalid, lang)
	p.Detail = cut(err.Error())
	faults := map[FieldError]bool{}
	for _, f := range err.Findings {
		p.at(faults, FieldError{Location: "line " + strconv.Itoa(f.Line) + ", column " + f.Column, Message: cut(f.Problem + "; " + f.Mend)})
	}
	return p
}
