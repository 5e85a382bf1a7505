// Package evidence is what an act leaves behind: one entry in the log, written
// in the transaction of the change that it evidences. Authorise, record, act:
// a service asks the Guard, and changes records only through a Store, whose
// transactions refuse to commit a change that no entry names.
package evidence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gowebpki/jcs"

	"safeconduct/authz"
)

// Kind is the kind of an entry; it stands in the leaf in clear.
type Kind string

// The kinds of entries.
const (
	Decision Kind = "decision" // the gate released or refused
	Change   Kind = "change"   // a record was made or changed
	Denial   Kind = "denial"   // authorisation said no
	Release  Kind = "release"  // bytes are about to leave
	Delivery Kind = "delivery" // the last byte was written
	Abort    Kind = "abort"    // a delivery broke off
	Receipt  Kind = "receipt"  // the recipient confirmed
	Access   Kind = "access"   // somebody of the organisation opened sealed evidence
)

// Verdict is how an act ended.
type Verdict string

// The verdicts.
const (
	Allowed Verdict = "allowed"
	Refused Verdict = "refused"
)

// Ref names one immutable version of one record, with the digest of its body.
type Ref struct {
	Kind    string `json:"kind"`
	ID      string `json:"id"`
	Version int    `json:"version"`
	Digest  string `json:"digest,omitempty"` // hex SHA-256 of the stored body
}

// Entry is one line of the evidence log (domain.md: LogEntry). It carries
// references only, never names or other personal data (R55).
type Entry struct {
	ID      string       `json:"id"`
	Time    time.Time    `json:"time"`
	Kind    Kind         `json:"kind"`
	Actor   string       `json:"actor"`
	Token   string       `json:"token,omitempty"`
	Role    authz.Role   `json:"role,omitempty"`
	Action  authz.Action `json:"action"`
	Phase   string       `json:"phase,omitempty"`
	Verdict Verdict      `json:"verdict"`
	Codes   []string     `json:"codes,omitempty"`
	Policy  string       `json:"policy"` // digest of policy and policy data (R37)
	Mission string       `json:"mission,omitempty"`
	Partner string       `json:"partner,omitempty"`
	Subject Ref          `json:"subject"`                // what was acted upon
	Objects []Ref        `json:"objects,omitempty"`      // what was changed, set by the store
	Facts   string       `json:"facts_digest,omitempty"` // of what a decision rested on, which is kept beside the log
	Request string       `json:"request,omitempty"`
	Source  string       `json:"source,omitempty"` // commitment to the source address
	Result  string       `json:"result,omitempty"` // a digest or a state, never free text
}

// Decides reports whether the entry is of a decision, which names the edition of
// the rules that it was taken under (R37). The others are not: what becomes of
// bytes is by the decision that let them go or take them in, a receipt repeats a
// digest, to open evidence changes nothing, and bytes come in under the decision
// on the request, for the one on the commit.
func (e Entry) Decides() bool {
	switch e.Kind {
	case Decision, Denial:
		return true
	case Change:
		return e.Action != authz.TransferUpload
	default:
		return false
	}
}

// Takes reports whether the entry is of a change that only takes away.
func (e Entry) Takes() bool { return e.Kind == Change && e.Action.Takes(e.Result) }

// Canonical is the body of the entry as it is committed to: RFC 8785 JSON.
func (e Entry) Canonical() ([]byte, error) { return Canonical(e) }

// Canonical writes v as RFC 8785 JSON. Records and entries are stored in this
// form, so that their digests can be computed again from what is stored.
func Canonical(v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encoding %T: %w", v, err)
	}
	out, err := jcs.Transform(plain)
	if err != nil {
		return nil, fmt.Errorf("canonicalising %T: %w", v, err)
	}
	return out, nil
}

// Sentinels that callers branch on.
var (
	// ErrNotFound is the answer for what does not exist and for what the
	// caller may not know of; the two cannot be told apart.
	ErrNotFound = errors.New("not found")
	// ErrConflict says that the record changed since it was read.
	ErrConflict = errors.New("changed meanwhile")
	// ErrExists says that the record, or its natural key, is taken.
	ErrExists = errors.New("exists already")
	// ErrUnavailable says that the store or the log cannot be reached or written.
	ErrUnavailable = errors.New("the log cannot be written")
)

// Recorder appends entries in its transaction. An entry names every record
// that was saved in the transaction since the entry before it.
type Recorder interface {
	Record(ctx context.Context, e Entry) error
}

// Store runs work in one transaction together with its evidence. T is what a
// package needs of a transaction; it embeds Recorder.
type Store[T Recorder] interface {
	// Update runs fn in a read-write transaction. A change that no entry
	// names fails it; an error from fn rolls everything back. It returns the
	// ids of the entries that were recorded.
	Update(ctx context.Context, fn func(T) error) (entries []string, err error)
	// View runs fn on one consistent snapshot; fn can change nothing.
	View(ctx context.Context, fn func(T) error) error
}
