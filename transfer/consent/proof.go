package consent

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"safeconduct/agreements/terms"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

// ProofKind is what shows that the person said so. A fingerprint is none: it
// shows who was there, not what they agreed to (R12).
type ProofKind string

// The kinds of proof.
const (
	SignedDocument ProofKind = "signed_document"
	Recording      ProofKind = "recording"
)

// Proof names a document or a recording by its digest. The log holds no more
// of it (R03).
type Proof struct {
	Kind   ProofKind `json:"kind" enum:"signed_document,recording" doc:"a fingerprint alone is no proof (R12)"`
	SHA256 string    `json:"sha256" pattern:"^[0-9a-f]{64}$" doc:"of the document or the recording, hex"`
}

// Evidence is a proof with who attached it.
type Evidence struct {
	Proof
	By string    `json:"attached_by"`
	At time.Time `json:"attached"`
}

// NotWritten is why consent was not given in writing (R05).
type NotWritten string

// The reasons.
const (
	IsChild     NotWritten = "child"
	LowLiteracy NotWritten = "low_literacy"
	Incapacity  NotWritten = "incapacity"
	Other       NotWritten = "other"
)

func (n NotWritten) known() bool {
	return slices.Contains([]NotWritten{IsChild, LowLiteracy, Incapacity, Other}, n)
}

// Certification is a named IOM staff member's word, in writing, that verbal
// consent was given (R06).
type Certification struct {
	By     string    `json:"certified_by"`
	At     time.Time `json:"certified"`
	SHA256 string    `json:"sha256,omitempty"` // of the signed statement, where there is one
}

// Who expressed consent.
const (
	BySubject   = "subject"
	ByGuardian  = "guardian"
	ByAuthority = "guardianship_authority"
)

// Aspect is what capacity is assessed on (R07).
type Aspect string

// Aspects are all that an assessment of capacity looks at.
func Aspects() []Aspect { return []Aspect{"age", "cognitive", "physical", "psychological"} }

// The results of an assessment of capacity.
const (
	Capable   = "capable"
	Incapable = "incapable"
)

// CapacityStated is an assessment of capacity as it is handed in. It says what
// was looked at and what came of it, and nothing about the person's health.
type CapacityStated struct {
	Aspects  []Aspect `json:"aspects" nullable:"false" minItems:"1" maxItems:"4" enum:"age,cognitive,physical,psychological" doc:"what was looked at; consent counts when all four were (R07)"`
	Method   string   `json:"method" minLength:"1" maxLength:"200" doc:"how, without naming anybody" example:"interview"`
	Result   string   `json:"result" enum:"capable,incapable"`
	Assessor string   `json:"assessor,omitempty" maxLength:"128" doc:"id or post of who assessed; you where it is left out"`
}

// Capacity is an assessment of capacity with who recorded it.
type Capacity struct {
	CapacityStated
	By string    `json:"recorded_by"`
	At time.Time `json:"recorded"`
}

// whole is R07: every aspect was looked at, somebody says how, and who.
func (c Capacity) whole() bool {
	for _, a := range Aspects() {
		if !slices.Contains(c.Aspects, a) {
			return false
		}
	}
	return c.Method != "" && c.Assessor != "" && (c.Result == Capable || c.Result == Incapable)
}

// GuardianStated is who decides for a child, or for a person without capacity.
type GuardianStated struct {
	Kind     string `json:"kind" enum:"guardian,guardianship_authority"`
	Proof    string `json:"authority_proof_sha256,omitempty" pattern:"^[0-9a-f]{64}$" doc:"of the document that shows the authority, hex"`
	Verified bool   `json:"verified,omitempty" doc:"you have verified that document"`
}

// Guardian is that, with who verified the proof of authority (R08).
type Guardian struct {
	Kind       string     `json:"kind"`
	Proof      string     `json:"authority_proof_sha256,omitempty"`
	VerifiedBy string     `json:"verified_by,omitempty"`
	Verified   *time.Time `json:"verified,omitempty"`
	By         string     `json:"recorded_by"`
	At         time.Time  `json:"recorded"`
}

// ViewsStated are the person's own views, where another decides (R08).
type ViewsStated struct {
	Outcome string `json:"outcome" enum:"agrees,disagrees,cannot_express"`
	SHA256  string `json:"sha256,omitempty" pattern:"^[0-9a-f]{64}$" doc:"of what was written down, hex"`
}

// Views are that, with who recorded them.
type Views struct {
	ViewsStated
	By string    `json:"recorded_by"`
	At time.Time `json:"recorded"`
}

// Assent is what a person who cannot consent says to it. It is never enough
// alone (R09): no rule reads it in place of a guardian's consent.
type Assent struct {
	Given bool      `json:"given"`
	By    string    `json:"recorded_by"`
	At    time.Time `json:"recorded"`
}

// Circumstances are what is known of the person's capacity to consent, and of
// who decides for them. What is left out stays as it was.
type Circumstances struct {
	ExpressedBy string          `json:"expressed_by,omitempty" enum:"subject,guardian,guardianship_authority" doc:"subject where it is left out"`
	Capacity    *CapacityStated `json:"capacity,omitempty" doc:"of the person (R07)"`
	Guardian    *GuardianStated `json:"guardian,omitempty" doc:"for a child, or without capacity (R08)"`
	Views       *ViewsStated    `json:"views,omitempty" doc:"the person's own, where another decides (R08)"`
	Assent      *bool           `json:"assent,omitempty" doc:"never enough alone (R09)"`
}

func (p Proof) check() error {
	if p.Kind != SignedDocument && p.Kind != Recording {
		return fmt.Errorf("%w: evidence is a signed_document or a recording; a fingerprint alone is none (R12)", people.ErrInvalid)
	}
	if !evidence.IsDigest(p.SHA256) {
		return fmt.Errorf("%w: evidence is named by its SHA-256, 64 hex digits", people.ErrInvalid)
	}
	return nil
}

func (c Circumstances) empty() bool {
	return c.ExpressedBy == "" && c.Capacity == nil && c.Guardian == nil && c.Views == nil && c.Assent == nil
}

func (c Circumstances) check() error {
	if !slices.Contains([]string{"", BySubject, ByGuardian, ByAuthority}, c.ExpressedBy) {
		return fmt.Errorf("%w: expressed_by is subject, guardian or guardianship_authority", people.ErrInvalid)
	}
	if k := c.Capacity; k != nil {
		unknown := slices.ContainsFunc(k.Aspects, func(a Aspect) bool { return !slices.Contains(Aspects(), a) })
		if unknown || len(k.Aspects) == 0 || strings.TrimSpace(k.Method) == "" || k.Result != Capable && k.Result != Incapable {
			return fmt.Errorf("%w: capacity needs its aspects, a method, and a result: capable or incapable (R07)", people.ErrInvalid)
		}
	}
	if g := c.Guardian; g != nil && (g.Kind != ByGuardian && g.Kind != ByAuthority || g.Proof != "" && !evidence.IsDigest(g.Proof) || g.Verified && g.Proof == "") {
		return fmt.Errorf("%w: a guardian is a guardian or a guardianship_authority, verified by a proof of authority named by its SHA-256 (R08)", people.ErrInvalid)
	}
	if v := c.Views; v != nil && (!slices.Contains([]string{"agrees", "disagrees", "cannot_express"}, v.Outcome) || v.SHA256 != "" && !evidence.IsDigest(v.SHA256)) {
		return fmt.Errorf("%w: views are agrees, disagrees or cannot_express (R08)", people.ErrInvalid)
	}
	return nil
}

// known writes the circumstances into a record, as person states them at now.
func (r *Record) known(c Circumstances, person string, now time.Time) {
	if c.ExpressedBy != "" {
		r.ExpressedBy = c.ExpressedBy
	}
	if c.Capacity != nil {
		r.Capacity = &Capacity{CapacityStated: *c.Capacity, By: person, At: now}
		if r.Capacity.Assessor == "" {
			r.Capacity.Assessor = person
		}
	}
	if g := c.Guardian; g != nil {
		r.Guardian = &Guardian{Kind: g.Kind, Proof: g.Proof, By: person, At: now}
		if g.Verified {
			r.Guardian.VerifiedBy, r.Guardian.Verified = person, &now
		}
	}
	if c.Views != nil {
		r.Views = &Views{ViewsStated: *c.Views, By: person, At: now}
	}
	if c.Assent != nil {
		r.Assent = &Assent{Given: *c.Assent, By: person, At: now}
	}
}

// Certifier is who certified verbal consent; empty where nobody did. They are
// not the approver of a transfer that rests on it (separation of duties 6).
func (r Record) Certifier() string {
	if r.Certified == nil {
		return ""
	}
	return r.Certified.By
}

// The gaps of gate conditions 20, 22 and 24.
const (
	NoticeMissing      Gap = "NOTICE_MISSING"
	NoticePurpose      Gap = "NOTICE_PURPOSE"
	EvidenceMissing    Gap = "CONSENT_EVIDENCE"
	Uncertified        Gap = "CONSENT_UNCERTIFIED"
	CapacityUnassessed Gap = "CAPACITY_UNASSESSED"
	GuardianMissing    Gap = "GUARDIAN_MISSING"
	GuardianUnverified Gap = "GUARDIAN_UNVERIFIED"
	ViewsMissing       Gap = "VIEWS_MISSING"
)

// JudgeNotice is gate condition 20 for one consent: the notice that it names is
// of the purpose, was the one in force when the person was asked, and speaks their
// language (R14). Consent that was given while it was stays good when another
// version comes. notices are all of the purpose, and may be in any order.
func JudgeNotice(r *Record, notices []terms.Notice) Gap {
	if r.Notice == "" || r.Language == "" || len(notices) == 0 {
		return NoticeMissing
	}
	for _, n := range notices {
		if n.Number != r.Notice {
			continue
		}
		if n.InForce(r.EventTime) && !n.Replaced(r.EventTime, notices) && n.Speaks(r.Language) {
			return NoGap
		}
		return NoticeMissing
	}
	return NoticePurpose // it names one that is for something else
}

// JudgeEvidence is gate condition 22 for one consent: written consent has the
// signed document (R04), recorded consent the recording and why it was not
// written (R05), verbal consent the certification (R06). What a partner
// collected counts only where the agreement gives that duty to them, who are
// collector, and evidence is attached (R10).
func JudgeEvidence(r *Record, collector string) []Gap {
	var gaps []Gap
	if !r.evidenced() || r.Partner != "" && (r.Partner != collector || r.Evidence == nil) {
		gaps = append(gaps, EvidenceMissing)
	}
	if r.Form == Verbal && r.Certified == nil {
		gaps = append(gaps, Uncertified)
	}
	return gaps
}

func (r *Record) evidenced() bool {
	has := func(kind ProofKind) bool {
		return r.Evidence != nil && r.Evidence.Kind == kind && evidence.IsDigest(r.Evidence.SHA256)
	}
	switch r.Form {
	case Written:
		return has(SignedDocument)
	case Audio, Video:
		return has(Recording) && r.NotWritten.known()
	case Verbal:
		return true // its certification is asked for by itself
	default:
		return false
	}
}

// SpokenFor reports that another expressed the consent of a grown person who was
// assessed as capable: nobody consents in their place (R02, R08).
func (r *Record) SpokenFor() bool {
	return r.ExpressedBy != "" && r.ExpressedBy != BySubject && r.Capacity != nil && r.Capacity.Result != Incapable
}

// JudgeCapacity is gate condition 24 for one consent: capacity was assessed
// (R07); for a child, or without capacity, a guardian or a guardianship
// authority consented, with a proof of authority that somebody verified, and
// the person's own views are on record (R08). Assent changes nothing (R09).
func JudgeCapacity(r *Record, child bool) []Gap {
	var gaps []Gap
	if r.Capacity == nil || !r.Capacity.whole() {
		gaps = append(gaps, CapacityUnassessed)
	}
	if !child && !r.Child && (r.Capacity == nil || r.Capacity.Result != Incapable) {
		return gaps
	}
	switch {
	case r.Guardian == nil || r.ExpressedBy != r.Guardian.Kind || r.Guardian.Kind != ByGuardian && r.Guardian.Kind != ByAuthority:
		gaps = append(gaps, GuardianMissing)
	case !evidence.IsDigest(r.Guardian.Proof) || r.Guardian.VerifiedBy == "" || r.Guardian.Verified == nil:
		gaps = append(gaps, GuardianUnverified)
	}
	if r.Views == nil {
		gaps = append(gaps, ViewsMissing)
	}
	return gaps
}
