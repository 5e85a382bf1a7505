package edge

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/agreements/imports"
	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/signing"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/identity"
	"safeconduct/authz/people"
	"safeconduct/authz/rulebook"
	"safeconduct/gateway/duty"
	"safeconduct/transfer"
	"safeconduct/transfer/blob"
	"safeconduct/transfer/gate"
	"safeconduct/transfer/seal"
)

// ProblemType is the media type of a Problem (RFC 9457).
const ProblemType = "application/problem+json"

// retryAfter is what a client is told to wait before it tries again.
const retryAfter = 5 * time.Second

// retrySoon is what a client is told to wait for the first of two equal requests.
const retrySoon = 3 * time.Second

// maxDetail bounds the text of an error that is shown, in bytes.
const maxDetail = 600

// Problem is what went wrong, as a client sees it (RFC 9457). Members after RequestID appear only where they apply.
type Problem struct {
	Type      string        `json:"type" doc:"urn:safeconduct: and the kind of problem"`
	Title     string        `json:"title" doc:"the kind of problem, in words"`
	Status    int           `json:"status" doc:"HTTP status"`
	Detail    string        `json:"detail,omitempty" doc:"what happened"`
	Instance  string        `json:"instance,omitempty" doc:"this occurrence"`
	RequestID string        `json:"request_id,omitempty" doc:"what to quote to the operator"`
	Refusals  []RefusalView `json:"refusals,omitempty" doc:"every code that stands in the way, the primary one first"`
	Transfer  string        `json:"transfer,omitempty" doc:"the transfer that was refused; it keeps its id"`
	State     string        `json:"state,omitempty" doc:"the state in which the event is not possible"`
	Guard     string        `json:"guard,omitempty" doc:"the rule that stood in the way"`
	Mend      string        `json:"mend,omitempty" doc:"what to do instead"`
	Duty      string        `json:"duty,omitempty" doc:"the duty that another process plays"`
	Made      string        `json:"made,omitempty" doc:"id of what was made, where it is not shown again"`
	Errors    []FieldError  `json:"errors,omitempty" doc:"what is wrong with the request, place by place"`

	retry time.Duration // after which to try again; 0: not told
}

// RefusalView is one refusal of the gate with how to mend it, and by whom (gate.md, R56).
type RefusalView struct {
	Code        gate.Code     `json:"code"`
	Phase       gate.Phase    `json:"phase,omitempty"`
	Object      evidence.Ref  `json:"object,omitzero"`
	Rows        []int         `json:"rows,omitempty" doc:"subjects by row number, from 1"`
	Subjects    []string      `json:"subjects,omitempty" doc:"the same subjects by opaque id"`
	Detail      []string      `json:"detail,omitempty" doc:"fields, categories, clauses, countries, dates or ids at fault"`
	Mend        string        `json:"mend" doc:"what to do"`
	Ask         string        `json:"ask" doc:"who can help"`
	Contacts    []ContactView `json:"contacts,omitempty" doc:"whom to ask: the mission's focal point, then Legal, or the data protection officer or the course where it is theirs (R56)"`
	Overridable bool          `json:"overridable" doc:"whether a live emergency exception could set it aside"`
	Policy      string        `json:"policy_version,omitempty"`
}

// ViewRefusal is the refusal with its mend in the language. Whom to ask is added by who knows the contacts.
func ViewRefusal(mends Mends, f gate.Refusal, lang string) RefusalView {
	mend, ask := mends.Of(f, lang)
	return RefusalView{
		Code: f.Code, Phase: f.Phase, Object: f.Object, Rows: f.Rows, Subjects: f.Subjects, Detail: f.Detail,
		Mend: mend, Ask: ask, Overridable: f.Overridable, Policy: f.Policy,
	}
}

// FieldError is one fault of a request. It does not repeat the value.
type FieldError struct {
	Location string `json:"location,omitempty"`
	Message  string `json:"message"`
}

// Error makes a Problem an error that HTTP layers can pass on. It names the type only.
func (p *Problem) Error() string { return p.Type + ": " + strconv.Itoa(p.Status) }

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is ProblemType, whatever was negotiated.
func (*Problem) ContentType(string) string { return ProblemType }

// GetHeaders is what goes beside the problem: Retry-After where trying again helps, the challenge with 401 (RFC 6750).
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.retry > 0 {
		h.Set("Retry-After", strconv.FormatInt(int64((p.retry+time.Second-1)/time.Second), 10))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	return h
}

// Sentinels that the edge itself answers with.
var (
	// ErrMalformed says that a body or a parameter cannot be read at all.
	ErrMalformed = errors.New("malformed")
	// ErrRunning says that the first request under an Idempotency-Key is not done yet.
	ErrRunning = errors.New("the first request under this key is not done yet")
	// ErrKeyReused says that an Idempotency-Key belongs to another request.
	ErrKeyReused = errors.New("the key belongs to another request")

	errSlowBody    = errors.New("the body came too slowly")
	errCrossOrigin = errors.New("cross-origin request")
	errHost        = errors.New("host name not allowed")
	errMethod      = errors.New("method not allowed")
	errFull        = errors.New("no place is free for the request")

	// In no row of the table: internal errors.
	errPanic   = errors.New("panic")
	errNoError = errors.New("a problem was asked for without an error")
)

// ShownError says that what was done under an Idempotency-Key is not shown again.
type ShownError struct{ Made string } // id of what was made, if any

// Error holds no id.
func (*ShownError) Error() string { return "it was done, and is not shown again" }

// limitedError says that the caller has sent too much, and how long to wait.
type limitedError struct{ wait time.Duration }

func (*limitedError) Error() string { return "too many requests" }

// Mends tells how a refusal code is mended, in a language, and who can help. gate.Catalogue is one.
type Mends interface {
	Text(code gate.Code, lang string) (mend, ask string)
	Of(r gate.Refusal, lang string) (mend, ask string)
}

// refused is an error that carries the decision of the gate.
type refused interface {
	error
	Refused() gate.Decision
	TransferID() string
}

// problems turns errors into Problems: the one place where that is decided.
type problems struct {
	mends Mends
	words map[string]bool // see Words
	// contacts is nil where refusals name nobody.
	contacts Contacts
}

// shown says what of an error is shown to the caller.
type shown int

const (
	nothing  shown = iota // the text of the kind
	sentinel              // the sentinel alone
	message               // the whole text: written for users, without personal data
)

// row maps one sentinel.
type row struct {
	is    error
	kind  kind
	shown shown
	code  gate.Code // the refusal that it is, where it is one; with @KIND, as the catalogue of mends has it
}

// outages is the first part of the problem table: what is unavailable comes before what is denied, since a denial that
// could not be recorded must not be answered as one (evidence.Office.Authorise).
func outages() []row {
	return []row{
		{evidence.ErrUnavailable, kindUnavailable, nothing, gate.LogUnavailable},
		{transfer.ErrLogUnavailable, kindUnavailable, nothing, gate.LogUnavailable},
		{errFull, kindUnavailable, nothing, ""},
		{transfer.ErrBusy, kindUnavailable, nothing, ""},
		{seal.ErrUnavailable, kindUnavailable, nothing, ""},
		{blob.ErrUnavailable, kindUnavailable, nothing, ""},
		// A server refuses this process: nothing was done, and it goes on when somebody has mended its rights.
		{seal.ErrDenied, kindUnavailable, nothing, ""},
		{blob.ErrDenied, kindUnavailable, nothing, ""},
	}
}

// rows is the rest of the problem table. The first match decides.
func rows() []row {
	return []row{
		{errSlowBody, kindSlow, nothing, ""},
		{errHost, kindMisdirected, nothing, ""},
		{errPeer, kindPeer, nothing, ""},
		{errCrossOrigin, kindCrossOrigin, nothing, ""},
		{errMethod, kindMethod, nothing, ""},
		{ErrRunning, kindRunning, nothing, ""},
		{ErrKeyReused, kindReused, nothing, ""},
		{evidence.ErrNotFound, kindNotFound, nothing, ""},
		{transfer.ErrNotAvailable, kindRefused, nothing, gate.PullDenied}, // all that a partner is told
		{evidence.ErrTampered, kindRefused, nothing, gate.GateUnavailable},
		{identity.ErrUnknown, kindNoIdentity, nothing, gate.AuthInvalid},
		{authz.ErrNoTask, kindRefused, nothing, gate.AuthRoleDenied + "@" + terms.KindPurpose}, // R23
		{authz.ErrDenied, kindRefused, nothing, gate.AuthRoleDenied},
		{people.ErrOwnAccess, kindRefused, sentinel, gate.AuthRoleDenied},  // separation of duties 8
		{rulebook.ErrOwnDraft, kindRefused, sentinel, gate.AuthRoleDenied}, // separation of duties 8
		{people.ErrClassDenied, kindRefused, sentinel, gate.RecipientClassDenied},
		{people.ErrSameSide, kindRefused, sentinel, gate.AuthRoleDenied}, // separation of duties 11
		{transfer.ErrTooLarge, kindTooLarge, sentinel, ""},
		{transfer.ErrDigest, kindInvalid, sentinel, ""},
		{agreements.ErrScanTooLarge, kindTooLarge, sentinel, ""},
		{agreements.ErrScanType, kindMediaType, sentinel, ""},
		{agreements.ErrScanDigest, kindInvalid, sentinel, ""},
		{people.ErrInvalid, kindInvalid, message, ""},
		{rulebook.ErrInvalid, kindInvalid, message, ""},
		{rulebook.ErrNoDraft, kindConflict, sentinel, ""},
		{assessment.ErrInvalid, kindInvalid, message, ""},
		{assessment.ErrTemplateUnknown, kindInvalid, sentinel, ""},
		{people.ErrKeyUnproven, kindInvalid, sentinel, ""},
		{signing.ErrSignature, kindInvalid, sentinel, ""},
		{signing.ErrAlgorithm, kindInvalid, sentinel, ""},
		{signing.ErrDigest, kindInvalid, sentinel, ""},
		{signing.ErrSubject, kindInvalid, sentinel, ""},
		{signing.ErrAge, kindInvalid, sentinel, ""},
		{signing.ErrKey, kindInvalid, sentinel, ""},
		{signing.ErrStatement, kindInvalid, sentinel, ""},
		{people.ErrNotVacant, kindConflict, sentinel, ""},
		{evidence.ErrConflict, kindConflict, sentinel, ""},
		{evidence.ErrExists, kindConflict, sentinel, ""},
		{ErrMalformed, kindMalformed, message, ""},
		{context.DeadlineExceeded, kindUnavailable, nothing, ""},
		{context.Canceled, kindUnavailable, nothing, ""},
	}
}

// from answers with the problem that err is, in lang. Whatever is not in the table is an internal error, of which the
// caller learns nothing.
func (ps *problems) from(err error, lang string) *Problem {
	var ready *Problem
	var r refused
	var tooLarge *http.MaxBytesError
	var shown *ShownError
	var other *duty.OtherError
	var limited *limitedError
	switch {
	case errors.As(err, &ready):
		return ready
	case errors.As(err, &other):
		return otherDuty(other, lang)
	case errors.As(err, &shown):
		p := newProblem(kindShown, lang)
		p.Made = shown.Made
		return p
	case errors.As(err, &limited):
		p := newProblem(kindLimited, lang)
		p.retry = limited.wait
		return p
	case errors.As(err, &r):
		return ps.refusal(r, lang)
	case errors.As(err, &tooLarge):
		return newProblem(kindTooLarge, lang)
	}
	if unavailable := ps.first(outages(), err, lang); unavailable != nil {
		return unavailable
	}
	var transition *lifecycle.TransitionError
	if errors.As(err, &transition) { // before its cause, which may be in the table too
		p := newProblem(kindTransition, lang)
		p.Detail, p.State, p.Guard, p.Mend = cut(transition.Error()), transition.State, transition.Guard, transition.Mend
		return p
	}
	var bad *people.ImportError
	if errors.As(err, &bad) {
		return ps.badRows(bad, lang)
	}
	var invalid *assessment.InvalidError
	if errors.As(err, &invalid) {
		return ps.invalid(invalid, lang)
	}
	var imported *imports.Error
	if errors.As(err, &imported) {
		return ps.imported(imported, lang)
	}
	var locked *authz.LockedError
	if errors.As(err, &locked) {
		return ps.locked(locked, lang)
	}
	if known := ps.first(rows(), err, lang); known != nil {
		return known
	}
	return newProblem(kindInternal, lang)
}

func (ps *problems) first(table []row, err error, lang string) *Problem {
	for _, row := range table {
		if !errors.Is(err, row.is) {
			continue
		}
		p := newProblem(row.kind, lang)
		switch row.shown {
		case message:
			p.Detail = cut(err.Error())
		case sentinel:
			p.Detail = row.is.Error()
		case nothing:
		}
		if row.code != "" {
			code, kind, _ := strings.Cut(string(row.code), "@")
			mend, ask := ps.mends.Of(gate.Refusal{Code: gate.Code(code), Object: evidence.Ref{Kind: kind}}, lang)
			p.Refusals = []RefusalView{{Code: gate.Code(code), Mend: mend, Ask: ask}}
			if p.Detail == "" {
				p.Detail = mend
			}
		}
		return p
	}
	return nil
}

func (ps *problems) refusal(r refused, lang string) *Problem {
	p := newProblem(kindRefused, lang)
	p.Transfer = r.TransferID()
	for _, f := range r.Refused().Refusals {
		p.Refusals = append(p.Refusals, ViewRefusal(ps.mends, f, lang))
	}
	if len(p.Refusals) > 0 {
		p.Detail = p.Refusals[0].Mend
	}
	return p
}

func newProblem(k kind, lang string) *Problem {
	s := traitsOf(k)
	p := &Problem{Type: urn + string(k), Title: s.title.in(lang), Status: s.status, Detail: s.detail.in(lang)}
	switch k {
	case kindUnavailable:
		p.retry = retryAfter
	case kindRunning:
		p.retry = retrySoon
	default:
	}
	return p
}

// cut bounds a text without splitting a character.
func cut(text string) string {
	if len(text) <= maxDetail {
		return text
	}
	end := maxDetail
	for end > 0 && text[end]&0xC0 == 0x80 {
		end--
	}
	return text[:end] + "…"
}
