package gate

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"safeconduct/transfer/approvals"
)

// Where the absence of a member of the facts permits, and why it may. It refuses
// at every other phase.
type permitted struct {
	at  []Phase
	why string
}

func mayBeAbsent() map[string]permitted {
	all, toCommit := everyPhase(), []Phase{Request, Commit}
	against := "stands against the transfer: the gathering looks for it, and fails where it cannot"
	passed := "names records that were passed over; nothing is judged by them"
	return map[string]permitted{
		"Rulebook":         {all, "names the record that the rules were read from"},
		"Read":             {all, "names records of which only what was found is judged"},
		"PassedOver":       {all, passed},
		"Unreadable":       {all, "all could be read"},
		"Ambiguous":        {all, against},
		"Candidates":       {all, "names what may be picked; that there are several says Ambiguous"},
		"Stopped":          {all, against},
		"Statistics":       {all, against},
		"Actor.Untasked":   {all, "says why the policy denies; that it denies says Allowed"},
		"Actor.Lapsed":     {all, "names the training that is not valid; that none is says Trained"},
		"Actor.Unbinding":  {all, "names the undertaking that is not valid; that none is says Bound"},
		"Conflicts":        {all, against},
		"RaisedFrom":       {all, "is when to ask again; nothing is refused by it"},
		"StaleBy":          {all, "names the cause; the assessment that it made stale says so itself"},
		"Holds":            {all, against},
		"Overdue":          {all, against},
		"OverdueHere":      {all, "names those of the mission; that there is any says Overdue"},
		"Incident":         {all, against},
		"SubjectsThisYear": {all, "a count, of which none is what was found"},

		"PassedOver.Agreements":  {all, passed},
		"PassedOver.Assessments": {all, passed},
		"PassedOver.Causes":      {all, passed},
		"PassedOver.Pullers":     {all, passed},
		"PassedOver.Unnamed":     {all, "counts records that were passed over"},

		"Manifest.Origin":         {[]Phase{Pull}, "what was released before it was asked for is not asked for it"},
		"Manifest.Origin.Country": {all, "the mission's stands for it"},
		"Manifest.Onward":         {all, "the recipient gives the data to nobody"},
		"Manifest.Opaque":         {all, "every file can be matched to the manifest"},

		"Disclosures": {[]Phase{Pull}, "what was released is stopped by a withdrawal alone"},

		"Approval":                 {[]Phase{Request}, "there is nothing to approve yet"},
		"Approval.Given":           {[]Phase{Request}, "there is nothing to approve yet"},
		"Approval.Needless":        {all, "one is needed, and was given"},
		"Files":                    {[]Phase{Request, Pull}, "the payload is judged when it has landed"},
		"Landing":                  {[]Phase{Request, Pull}, "only the landing is judged by it"},
		"Landing.Sealed":           {[]Phase{Request, Pull}, "only the landing is judged by it"},
		"Landing.AgreementAtStart": {[]Phase{Request, Pull}, "only the landing is judged by it"},
		"Landing.DocumentAtStart":  {[]Phase{Request, Pull}, "only the landing is judged by it"},
		"Pull":                     {toCommit, "only a pull is judged by it"},
		"Pull.Recipient":           {toCommit, "only a pull is judged by it"},
		"Pull.Released":            {toCommit, "only a pull is judged by it"},
		"Pull.WindowEnds":          {toCommit, "only a pull is judged by it"},
		"Pull.Limit":               {toCommit, "only a pull is judged by it"},
		"Pull.Recalled":            {all, against},
		"Pull.HeldTooLong":         {all, against},
		"Pull.Destroyed":           {all, against},
		"Pull.Sessions":            {all, "a count, of which none is what was found"},
		"Pull.Resumed":             {all, "a session that does not go on in another is counted"},
		"Pull.Unpulled":            {all, "a pull is counted"},
	}
}

// needing is, for a member, passing facts that need it, where those of passing do not.
func needing() map[string]func(Phase) Facts {
	return map[string]func(Phase) Facts{
		"Disclosures": passingOfNobody,
		"Country": func(p Phase) Facts {
			f := passing(p)
			f.Manifest.Origin, f.Clearance, f.Agreement.Document.Scope.TransferMechanism = Origin{Source: OwnData}, nil, ""
			return f
		},
		"Manifest.ContentAttested": func(p Phase) Facts {
			f := passing(p)
			f.Manifest.Opaque, f.Manifest.ContentAttested, f.Approval.Given[0].Necessity = []int{1}, "1", true
			return f
		},
		"Manifest.SubjectsDigest": func(p Phase) Facts {
			f := passing(p)
			f.DPOApprovals[0].Scope, f.DPOApprovals[0].Manifest = approvals.ForTransfer, f.DPOUse().Manifest
			return f
		},
	}
}

// members lists those of v, and of those that are structures of this package
// theirs too.
func members(t reflect.Type, path string) (all [][]int, names []string) {
	for i := range t.NumField() {
		field := t.Field(i)
		all, names = append(all, []int{i}), append(names, path+field.Name)
		if field.Type.Kind() != reflect.Struct || field.Type.PkgPath() != t.PkgPath() {
			continue
		}
		inner, of := members(field.Type, path+field.Name+".")
		for n, index := range inner {
			all, names = append(all, append([]int{i}, index...)), append(names, of[n])
		}
	}
	return all, names
}

// Each member of the facts is taken away in turn: its absence refuses, unless it
// is listed with a reason; what is listed and refuses is listed in vain.
func TestWhatIsAbsentRefuses(t *testing.T) {
	indices, names := members(reflect.TypeFor[Facts](), "")
	listed, need := mayBeAbsent(), needing()
	for name := range listed {
		if !slices.Contains(names, name) {
			t.Errorf("%s is listed, and no member of the facts", name)
		}
	}
	if len(names) < 60 {
		t.Errorf("only %d members", len(names))
	}
	for i, name := range names {
		base := passing
		if own, ok := need[name]; ok {
			base = own
		}
		t.Run(strings.ReplaceAll(name, ".", " "), func(t *testing.T) {
			for _, phase := range everyPhase() {
				f := base(phase)
				if d := Decide(f); !d.Released() {
					t.Fatalf("%s: does not pass: %v", phase, d.Codes())
				}
				reflect.ValueOf(&f).Elem().FieldByIndex(indices[i]).SetZero()
				d, may := Decide(f), slices.Contains(listed[name].at, phase)
				if d.Released() != may {
					t.Errorf("%s: without it released %t (%v), listed as permitted %t: %s", phase, d.Released(), d.Codes(), may, listed[name].why)
				}
			}
		})
	}
}
