package gate

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/terms"
	"safeconduct/authz/evidence"
)

func everyPhase() []Phase { return []Phase{Request, Commit, Pull} }

// judged is the condition that has the code.
func judged(t interface{ Fatalf(string, ...any) }, code Code) (place int, c condition) {
	for i, c := range conditions() {
		for _, r := range c.codes {
			if r.code == code.Base() {
				return i, c
			}
		}
	}
	t.Fatalf("no condition has %s", code)
	return 0, condition{}
}

func TestDecideReleasesWhereEveryConditionHolds(t *testing.T) {
	for _, phase := range everyPhase() {
		if d := Decide(passing(phase)); !d.Released() || d.Phase != phase || d.Policy != "policy-1" {
			t.Errorf("%s: %v", phase, d.Codes())
		}
		if d := Decide(passingOfNobody(phase)); !d.Released() {
			t.Errorf("R19 of nobody at %s: %v", phase, d.Codes())
		}
	}
}

// Each breakage gives exactly its code at the phases of its condition, and
// nothing at the others.
func TestDecideNamesExactlyWhatIsBroken(t *testing.T) {
	covered := map[Code]bool{ReqIncomplete: true, LogUnavailable: true, GateUnavailable: true} // tests of their own
	names := func(b breakage, passing func(Phase) Facts) {
		covered[b.code.Base()] = true
		t.Run(strings.TrimSpace(fmt.Sprintf("%s %s", b.code, b.name)), func(t *testing.T) {
			_, c := judged(t, b.code)
			for _, phase := range everyPhase() {
				f := passing(phase)
				b.harm(&f)
				if f.Phase == Pull && !f.Manifest.natured() {
					continue // what was released had one: it was not read (GATE_UNAVAILABLE)
				}
				var want []string
				if c.phases&in(phase) != 0 && (!b.waits || phase != Pull) {
					want = []string{string(b.code)}
				}
				d := Decide(f)
				if got := d.Codes(); !slices.Equal(got, want) {
					t.Errorf("%s: got %v, want %v", phase, got, want)
				}
				for _, r := range d.Refusals {
					if r.Overridable != (specOverride(t, r.Code) == Emergency) {
						t.Errorf("%s: overridable %t", r.Code, r.Overridable)
					}
				}
			}
		})
	}
	for _, b := range breakages() {
		names(b, passing)
	}
	for _, b := range nobodyBreakages() {
		names(b, passingOfNobody)
	}
	for _, c := range conditions() {
		for _, r := range c.codes {
			if !covered[r.code] {
				t.Errorf("no breakage shows %s", r.code)
			}
		}
	}
}

func TestDecideIncompleteRequest(t *testing.T) {
	for name, harm := range map[string]func(*Facts){
		"mission":         func(f *Facts) { f.Manifest.Mission = "" },
		"partner":         func(f *Facts) { f.Manifest.Partner = " " },
		"purpose":         func(f *Facts) { f.Manifest.Purpose = "" },
		"data_origin":     func(f *Facts) { f.Manifest.Origin.Source = "found" },
		"recipient_class": func(f *Facts) { f.Manifest.RecipientClass = "" },
		"categories":      func(f *Facts) { f.Manifest.Categories = []string{""} },
		"fields":          func(f *Facts) { f.Manifest.Fields = nil },
		"subjects":        func(f *Facts) { f.Subjects, f.Manifest.Subjects = nil, 0 },
		"files":           func(f *Facts) { f.Manifest.Files = 0 },
	} {
		t.Run("REQ_INCOMPLETE "+name, func(t *testing.T) {
			for _, phase := range everyPhase() {
				f := passing(phase)
				harm(&f)
				d := Decide(f)
				code, detail := ReqIncomplete, name
				if phase == Pull { // what was released was complete: it was not read
					code, detail = GateUnavailable, "manifest "+name
				}
				if len(d.Refusals) != 1 || d.Refusals[0].Code != code || !slices.Equal(d.Refusals[0].Detail, []string{detail}) {
					t.Errorf("%s: %+v", phase, d.Refusals)
				}
			}
		})
	}
	t.Run("REQ_INCOMPLETE content of opaque files not attested", func(t *testing.T) {
		f := passing(Request)
		f.Manifest.Opaque = []int{1}
		if got := Decide(f); !slices.Equal(got.Codes(), []string{"REQ_INCOMPLETE"}) || !slices.Equal(got.Refusals[0].Detail, []string{"content_attestation"}) {
			t.Errorf("got %v", got.Refusals)
		}
		f.Manifest.ContentAttested = "1"
		if got := Decide(f).Codes(); len(got) > 0 {
			t.Errorf("attested: %v", got)
		}
	})
	t.Run("REQ_INCOMPLETE fewer subjects than declared", func(t *testing.T) {
		f := passing(Request)
		f.Subjects = f.Subjects[:2]
		if got := Decide(f).Codes(); !slices.Equal(got, []string{"REQ_INCOMPLETE"}) {
			t.Error(got)
		}
	})
}

func TestDecideFailsClosed(t *testing.T) {
	alone := []string{"GATE_UNAVAILABLE"}
	for _, phase := range everyPhase() {
		for name, harm := range map[string]func(*Facts){
			"a fact unreadable":            func(f *Facts) { f.Unreadable = []string{"party"} },
			"unreadable and more is wrong": func(f *Facts) { f.Unreadable, f.Agreement, f.Partner = []string{"agreement"}, nil, nil },
			"no clock":                     func(f *Facts) { f.Now = time.Time{} },
			"R37 no policy version":        func(f *Facts) { f.Policy = "" },
			"zero facts":                   func(f *Facts) { *f = Facts{Phase: f.Phase} },
			"phase unheard of":             func(f *Facts) { f.Phase = Phase(strings.ToLower(string(f.Phase))) },
			"no phase":                     func(f *Facts) { f.Phase = "" },
		} {
			t.Run(fmt.Sprintf("GATE_UNAVAILABLE %s %s", phase, name), func(t *testing.T) {
				f := passing(phase)
				harm(&f)
				if d := Decide(f); !slices.Equal(d.Codes(), alone) || d.Refusals[0].Overridable {
					t.Errorf("%+v", d)
				}
			})
		}
	}
	if d := Decide(Facts{}); d.Released() {
		t.Error("zero facts released")
	}
}

// A missing record yields only its own code; another record's absence, its own.
func TestDecideMissingRecords(t *testing.T) {
	for _, phase := range everyPhase() {
		f := passing(phase)
		f.Agreement, f.Assessment = nil, nil
		if got := Decide(f).Codes(); !slices.Equal(got, []string{"AGR_MISSING", "RBA_MISSING"}) {
			t.Errorf("%s: %v", phase, got)
		}
		f.Ambiguous = true
		if got := Decide(f).Codes(); !slices.Equal(got, []string{"AGR_AMBIGUOUS"}) {
			t.Errorf("%s: %v", phase, got)
		}
	}
}

func TestDecideCombinationsOfOneRecord(t *testing.T) {
	for name, row := range map[string]struct {
		phase Phase
		harm  []func(*Facts)
		want  string
	}{
		"R21 R34 public, and an authority": {Request, []func(*Facts){
			func(f *Facts) { f.Manifest.RecipientClass = ClassPublic; f.Partner.AuthorityLink = true },
		}, "RECIPIENT_CLASS_DENIED RECIPIENT_AUTHORITY"},
		"signed, before its time": {Request, []func(*Facts){
			func(f *Facts) {
				f.Agreement.State = "signed"
				f.Agreement.Document.EffectiveFrom = noon().AddDate(0, 0, 1)
			},
		}, "AGR_NOT_ACTIVE AGR_NOT_YET"},
		"suspended and over": {Request, []func(*Facts){
			func(f *Facts) { f.Agreement.State = "suspended"; f.Agreement.Document.ValidUntil = noon() },
		}, "AGR_EXPIRED AGR_SUSPENDED"},
		"terminated and over": {Request, []func(*Facts){
			func(f *Facts) { f.Agreement.State = "terminated"; f.Agreement.Document.ValidUntil = noon() },
		}, "AGR_TERMINATED"},
		"both signatures at fault": {Commit, []func(*Facts){
			func(f *Facts) { f.SignatureFaults[0], f.SignatureFaults[1] = 2, 1 },
		}, "AGR_SIGNATORY_UNAUTHORISED AGR_HASH_MISMATCH"},
		"three clauses": {Request, []func(*Facts){
			func(f *Facts) { f.Agreement.Document.Clauses = f.Agreement.Document.Clauses[:22] },
		}, "AGR_CLAUSE_MISSING:C23 AGR_CLAUSE_MISSING:C24 AGR_CLAUSE_MISSING:C25"},
		"a severe draft": {Request, []func(*Facts){
			func(f *Facts) { f.Assessment.State, f.Assessment.Result.Band = "draft", "SEVERE" },
		}, "RBA_NOT_APPROVED RBA_UNACCEPTABLE"},
		"stale and lapsed": {Pull, []func(*Facts){
			func(f *Facts) { f.Assessment.StaleReason, f.Assessment.ValidUntil = "new_country", noon() },
		}, "RBA_EXPIRED RBA_STALE"},
		"stale by state, and lapsed": {Request, []func(*Facts){
			func(f *Facts) { f.Assessment.State, f.Assessment.ValidUntil = "stale", noon() },
		}, "RBA_EXPIRED RBA_STALE"},
		"R50 no role, and no second factor": {Request, []func(*Facts){
			func(f *Facts) { f.Actor.Assured, f.Actor.Allowed = false, false },
		}, "AUTH_INVALID AUTH_ROLE_DENIED"},
		"R42 no second factor, in a suspended mission": {Pull, []func(*Facts){
			func(f *Facts) {
				f.Actor.Assured, f.Stopped = false, evidence.Ref{Kind: "mission", ID: "m1", Version: 2}
			},
		}, "AUTH_INVALID AUTH_ROLE_DENIED"},
		"nobody has no role to judge": {Request, []func(*Facts){
			func(f *Facts) { f.Actor = Actor{} },
		}, "AUTH_INVALID"},
		"another than the sender has no role to judge": {Commit, []func(*Facts){
			func(f *Facts) { f.Actor = Actor{Person: "ro2", Trained: true, Bound: true} },
		}, "AUTH_INVALID"},
		"suspended, and vetted too long ago": {Request, []func(*Facts){
			func(f *Facts) { f.Partner.State, f.Partner.DueDiligence.Date = "suspended", noon().AddDate(-2, 0, 0) },
		}, "PARTNER_UNVETTED PARTNER_SUSPENDED"},
		"suspended, and never vetted": {Commit, []func(*Facts){
			func(f *Facts) { f.Partner.State, f.Partner.DueDiligence = "suspended", nil },
		}, "PARTNER_UNVETTED PARTNER_SUSPENDED"},
		"blocked by headquarters, and vetted too long ago": {Pull, []func(*Facts){
			func(f *Facts) {
				f.Partner.State, f.Partner.Block = "blocked", &lifecycle.Act{}
				f.Partner.DueDiligence.ValidUntil = noon()
			},
		}, "PARTNER_UNVETTED PARTNER_BLOCKED"},
		"severe, in a record without the mark": {Request, []func(*Facts){
			func(f *Facts) {
				k := &f.Categories[1]
				k.Sensitive, k.Sensitivity, k.ApprovalScope, f.DPOApprovals, f.Assessment.Sensitivity = false, terms.Severe, "agreement", nil, terms.Severe
			},
		}, "DPO_REQUIRED"},
		"a field of a category to be approved for each transfer, in a record without the mark": {Request, []func(*Facts){
			func(f *Facts) {
				f.Categories = append(f.Categories, terms.Category{ID: "k3", Version: 1, Code: "health", Fields: []string{"given_name"}, ApprovalScope: "transfer"})
			},
		}, "AGR_CATEGORY"},
		"R42 no role, in a suspended mission": {Request, []func(*Facts){
			func(f *Facts) {
				f.Actor.Allowed, f.Stopped = false, evidence.Ref{Kind: "mission", ID: "m1", Version: 2}
			},
		}, "AUTH_ROLE_DENIED"},
		"a field of two categories, of which the other is not sensitive": {Request, []func(*Facts){
			func(f *Facts) { f.Categories[1].Fields = append(f.Categories[1].Fields, "given_name") },
			func(f *Facts) {
				f.Categories = append(f.Categories, terms.Category{ID: "k3", Version: 1, Code: "contacts of others", Fields: []string{"phone"}})
			},
		}, ""},
		"own approval, then a second person's": {Commit, []func(*Facts){
			func(f *Facts) {
				f.Approval.Given = append(f.Approval.Given, GivenApproval{Person: "ro1", Granted: true, Allowed: true})
			},
		}, ""},
		"no approval needed": {Commit, []func(*Facts){func(f *Facts) { f.Approval = Approval{Needless: true} }}, ""},
		"pulled while it awaits approval": {Pull, []func(*Facts){
			func(f *Facts) { f.Approval.Given, f.Pull = nil, PullFacts{Recipient: true} },
		}, "APPROVAL_PENDING PULL_DENIED"},
		"resumed session of the last one allowed": {Pull, []func(*Facts){
			func(f *Facts) { f.Pull.Sessions, f.Pull.Resumed = 3, true },
		}, ""},
		"a cover sheet after the last session": {Pull, []func(*Facts){
			func(f *Facts) { f.Pull.Sessions, f.Pull.Unpulled = 3, true },
		}, ""},
		"nothing landed": {Commit, []func(*Facts){
			func(f *Facts) { f.Landing.Sealed = false; f.Files[0].Sealed = "" },
		}, "CRYPTO_FAILED"},
	} {
		t.Run(name, func(t *testing.T) {
			f := passing(row.phase)
			for _, harm := range row.harm {
				harm(&f)
			}
			if got := strings.Join(Decide(f).Codes(), " "); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

// Refusals say which record, which rows and whether they can be set aside, and
// carry neither case numbers nor names.
func TestRefusalObject(t *testing.T) {
	f := passing(Request)
	slices.Reverse(f.Subjects)
	f.Subjects[0].Consents, f.Subjects[2].Consents, f.Subjects[1].Consents[0].State = nil, nil, "withdrawn"
	f.Agreement.State = "signed"
	got, err := json.Marshal(Decide(f).Refusals)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"code":"AGR_NOT_ACTIVE","phase":"REQUEST","object":{"kind":"agreement","id":"a1","version":7},"overridable":true,"policy_version":"policy-1"},` +
		`{"code":"CONSENT_MISSING","phase":"REQUEST","rows":[1,3],"subjects":["s1","s3"],"overridable":true,"policy_version":"policy-1"},` +
		`{"code":"CONSENT_WITHDRAWN","phase":"REQUEST","rows":[2],"subjects":["s2"],"overridable":false,"policy_version":"policy-1"}]`
	if string(got) != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if !reflect.DeepEqual([]int{f.Subjects[0].Row, f.Subjects[2].Row}, []int{3, 1}) {
		t.Error("the facts were reordered")
	}
}
