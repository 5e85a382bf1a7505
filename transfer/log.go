package transfer

import (
	"context"
	"fmt"
	"slices"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

// LogFilter narrows what is listed of the evidence log. Empty members do not.
type LogFilter struct {
	From     time.Time
	To       time.Time // exclusive
	Kind     evidence.Kind
	Verdict  evidence.Verdict
	Code     string
	Mission  string
	Partner  string
	Actor    string
	Object   string // id of what was acted upon
	After    int64  // sequence number to go on after; -1 from the start
	AtMost   int
	narrowed bool     // not all may be seen, only:
	missions []string // what is of these
	own      string   // what this person did
}

// Shows reports whether the caller may see the entry.
func (f LogFilter) Shows(e evidence.Entry) bool {
	return !f.narrowed || slices.Contains(f.missions, e.Mission) || f.own != "" && e.Actor == f.own
}

// Wants reports whether the filter lets the entry through.
func (f LogFilter) Wants(e evidence.Entry) bool {
	return f.Shows(e) && (f.From.IsZero() || !e.Time.Before(f.From)) && (f.To.IsZero() || e.Time.Before(f.To)) &&
		(f.Kind == "" || e.Kind == f.Kind) && (f.Verdict == "" || e.Verdict == f.Verdict) && (f.Code == "" || slices.Contains(e.Codes, f.Code)) &&
		(f.Mission == "" || e.Mission == f.Mission) && (f.Partner == "" || e.Partner == f.Partner) &&
		(f.Actor == "" || e.Actor == f.Actor) && (f.Object == "" || e.Subject.ID == f.Object)
}

// LogLine is one sequenced entry, as it may be read.
type LogLine struct {
	Seq   int64          `json:"seq"`
	Leaf  string         `json:"leaf"` // the salted commitment, hex
	Entry evidence.Entry `json:"entry"`
}

// LogTx reads the evidence log.
type LogTx interface {
	evidence.Recorder
	// LogLines lists sequenced entries in order. It reads a bounded part of
	// the log; next is where to go on after, -1 at the end of the log.
	LogLines(ctx context.Context, f LogFilter) (lines []LogLine, next int64, err error)
	// LogLine is the sequenced entry of the number; ErrNotFound where there is
	// none, or its body was erased.
	LogLine(ctx context.Context, seq int64) (LogLine, error)
	// LatestCheckpoint is the newest signed checkpoint; ErrNotFound before
	// the first.
	LatestCheckpoint(ctx context.Context) ([]byte, error)
	ExcerptTx
	FactsTx
	HeldTx
}

// LogOffice is the service over the evidence log.
type LogOffice struct {
	office *evidence.Office
	store  evidence.Store[LogTx]
	log    Log
}

// NewLogOffice makes the service. The log is waited for by exports alone.
func NewLogOffice(office *evidence.Office, store evidence.Store[LogTx], log Log) *LogOffice {
	return &LogOffice{office: office, store: store, log: log}
}

// maxLines bounds one page of the log.
const maxLines = 500

// Entries lists what the caller may see of the log: all at headquarters, their
// mission's as its head or focal point, and their own as a referral officer. A page
// may be short, or empty, before the end: next says where to go on after, and is
// -1 at the end.
func (l *LogOffice) Entries(ctx context.Context, c authz.Caller, f LogFilter) (lines []LogLine, next int64, err error) {
	if f.AtMost < 1 || f.AtMost > maxLines {
		return nil, 0, fmt.Errorf("%w: at most 1 to %d entries a page", people.ErrInvalid, maxLines)
	}
	if err := l.narrow(ctx, c, &f); err != nil {
		return nil, 0, err
	}
	err = l.store.View(ctx, func(tx LogTx) (err error) { lines, next, err = tx.LogLines(ctx, f); return err })
	return lines, next, err
}

func (l *LogOffice) narrow(ctx context.Context, c authz.Caller, f *LogFilter) error {
	check := func(res authz.Resource) bool {
		_, denied := l.office.Enforcer.Check(c, authz.LogRead, res)
		return denied == nil
	}
	if check(authz.Resource{Kind: "log"}) {
		return nil
	}
	f.narrowed = true
	for _, m := range c.Missions() {
		switch {
		case check(authz.Resource{Kind: "log", Mission: m}):
			f.missions = append(f.missions, m)
		case check(authz.Resource{Kind: "log", Mission: m, Owner: c.Person}):
			f.own = c.Person
		}
	}
	if len(f.missions) > 0 || f.own != "" {
		return nil
	}
	_, err := l.office.Authorise(ctx, c, authz.LogRead, authz.Resource{Kind: "log"})
	return err
}

// Checkpoint is the newest signed checkpoint of the log, for keeping elsewhere.
func (l *LogOffice) Checkpoint(ctx context.Context, c authz.Caller) ([]byte, error) {
	if _, err := l.office.Authorise(ctx, c, authz.LogCheckpoint, authz.Resource{Kind: "log"}); err != nil {
		return nil, err
	}
	var note []byte
	err := l.store.View(ctx, func(tx LogTx) (err error) { note, err = tx.LatestCheckpoint(ctx); return err })
	return note, err
}
