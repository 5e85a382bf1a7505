package assessment

// People says whom, of those that the records know of and that an assessment
// judges by, is meant: among those of a transfer, or among those for whom an
// assessment stands (question S2 of domain.md section 3).
type People struct {
	Child         bool `json:"child"`
	Needs         bool `json:"specific_needs"`
	Unaccompanied bool `json:"unaccompanied"` // child
}

// PeopleScale says which answers stand for whom: those from Vulnerable on for a
// child and for specific needs, those from Unaccompanied on for an unaccompanied
// child.
type PeopleScale struct {
	Question      string `json:"question" yaml:"question"`
	Vulnerable    int    `json:"vulnerable" yaml:"vulnerable"`
	Unaccompanied int    `json:"unaccompanied" yaml:"unaccompanied"`
}

// usualScale is that of domain.md section 3, by which the templates are judged
// that say nothing of their own.
func usualScale() PeopleScale { return PeopleScale{Question: "S2", Vulnerable: 4, Unaccompanied: 5} }

func (s PeopleScale) of(answers Answers) People {
	v := answers[s.Question].Value
	if v == nil {
		return People{}
	}
	return People{Child: *v >= s.Vulnerable, Needs: *v >= s.Vulnerable, Unaccompanied: *v >= s.Unaccompanied}
}

// people are those for whom the answers stand.
func (t Template) people(answers Answers) People {
	if t.People == nil {
		return usualScale().of(answers)
	}
	return t.People.of(answers)
}

func (t Template) validatePeople() error {
	s := t.People
	if s == nil {
		return nil
	}
	q, ok := t.Question(s.Question)
	if !ok || q.Group != GroupSeverity || s.Vulnerable < q.Scale.Min || s.Unaccompanied < s.Vulnerable || s.Unaccompanied > q.Scale.Max {
		return bad("people: %q is no severity, or its answers %d and %d are off its scale", s.Question, s.Vulnerable, s.Unaccompanied)
	}
	return nil
}

// standsFor is whom the assessment was judged for, by its template.
func (a Assessment) standsFor() People {
	if a.Result.People != nil {
		return *a.Result.People
	}
	return usualScale().of(a.Answers) // scored before results said so
}

// leavesOut names those of p for whom the assessment does not stand.
func (a Assessment) leavesOut(p People) []string {
	stands := a.standsFor()
	var out []string
	for _, who := range []struct {
		name        string
		among, told bool
	}{
		{"child", p.Child, stands.Child},
		{"specific_needs", p.Needs, stands.Needs},
		{"unaccompanied_child", p.Unaccompanied, stands.Unaccompanied},
	} {
		if who.among && !who.told {
			out = append(out, who.name)
		}
	}
	return out
}
