package evidence_test

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
)

// desk keeps entries in memory; while broken it keeps none.
type desk struct {
	entries []evidence.Entry
	broken  error
}

func (d *desk) Update(_ context.Context, fn func(evidence.Recorder) error) ([]string, error) {
	before := len(d.entries)
	if err := fn(d); err != nil {
		d.entries = d.entries[:before]
		return nil, err
	}
	return nil, nil
}

func (d *desk) View(_ context.Context, fn func(evidence.Recorder) error) error { return fn(d) }

func (d *desk) Record(_ context.Context, e evidence.Entry) error {
	if d.broken != nil {
		return d.broken
	}
	d.entries = append(d.entries, e)
	return nil
}

func office(t *testing.T, d *desk) *evidence.Office {
	t.Helper()
	enforcer, err := authz.NewEnforcer(authz.Config{})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	return &evidence.Office{
		Enforcer: enforcer, Denials: d, Policy: "authz:p transfer:1:q",
		Now:   func() time.Time { return time.Date(2026, 3, 1, 10, 0, 0, 1_234_567, time.FixedZone("", 3600)) },
		NewID: func() string { n++; return "id" + strconv.Itoa(n) },
	}
}

const (
	mission  = "01900000-0000-7000-8000-0000000000a1"
	partner  = "01900000-0000-7000-8000-0000000000b1"
	transfer = "01900000-0000-7000-8000-0000000000c1"
)

var officer = authz.Caller{ // read only
	Person: "p1", Token: "t1", Request: "r1", Source: "s1", Assurance: authz.AssuranceVouched,
	Grants: []authz.Grant{{ID: "g1", Version: 1, Role: authz.RO, Mission: mission}},
}

func TestAuthorise(t *testing.T) {
	res := authz.Resource{Kind: "transfer", ID: transfer, Mission: mission, Partner: partner}
	t.Run("R53 what is allowed answers the role and records nothing by itself", func(t *testing.T) {
		d := &desk{}
		role, err := office(t, d).Authorise(t.Context(), officer, authz.TransferRequest, res)
		if err != nil || role != authz.RO || len(d.entries) != 0 {
			t.Errorf("%q, %v, %v", role, err, d.entries)
		}
	})
	t.Run("R43 a denial is recorded as fully as a release", func(t *testing.T) {
		d := &desk{}
		role, err := office(t, d).Authorise(t.Context(), officer, authz.TransferApprove, res)
		if !errors.Is(err, authz.ErrDenied) || errors.Is(err, evidence.ErrUnavailable) || role != "" {
			t.Fatalf("%q, %v", role, err)
		}
		if len(d.entries) != 1 {
			t.Fatalf("%d entries", len(d.entries))
		}
		e := d.entries[0]
		if e.Kind != evidence.Denial || e.Verdict != evidence.Refused || len(e.Codes) != 1 || e.Codes[0] != "AUTH_ROLE_DENIED" {
			t.Errorf("%+v", e)
		}
		if e.ID == "" || e.Actor != "p1" || e.Token != "t1" || e.Role != "" || e.Action != authz.TransferApprove || e.Mission != mission ||
			e.Partner != partner || e.Subject != (evidence.Ref{Kind: "transfer", ID: transfer}) || e.Request != "r1" || e.Source != "s1" ||
			e.Policy != "authz:p transfer:1:q" {
			t.Errorf("%+v", e)
		}
		if want := time.Date(2026, 3, 1, 9, 0, 0, 1_234_000, time.UTC); e.Time != want {
			t.Errorf("time %v, want %v", e.Time, want)
		}
	})
	t.Run("LOG_UNAVAILABLE a denial that cannot be recorded fails closed", func(t *testing.T) {
		cause := errors.New("disk full")
		role, err := office(t, &desk{broken: cause}).Authorise(t.Context(), officer, authz.TransferApprove, res)
		if !errors.Is(err, evidence.ErrUnavailable) || !errors.Is(err, cause) || role != "" {
			t.Errorf("%q, %v", role, err)
		}
	})
	t.Run("a scope that does not reach is a denial", func(t *testing.T) {
		d, c := &desk{}, officer
		c.Scope = []authz.Action{authz.TransferRead}
		if _, err := office(t, d).Authorise(t.Context(), c, authz.TransferRequest, res); !errors.Is(err, authz.ErrDenied) || len(d.entries) != 1 {
			t.Errorf("%v, %d entries", err, len(d.entries))
		}
	})
}

func TestDeny(t *testing.T) {
	d := &desk{}
	if err := office(t, d).Deny(t.Context(), officer, "a", authz.Resource{}, "X", "Y"); err != nil || len(d.entries[0].Codes) != 2 {
		t.Errorf("%v, %+v", err, d.entries)
	}
	d.broken = context.Canceled
	if err := office(t, d).Deny(t.Context(), officer, "a", authz.Resource{}, "X"); !errors.Is(err, evidence.ErrUnavailable) {
		t.Error(err)
	}
}

// An entry is for ever, and what a caller puts into a path can be anything.
func TestOnlyIDsReachAnEntry(t *testing.T) {
	const hidden = "not an id"
	for name, id := range map[string]string{
		"none": "", "an id": transfer, "the system": "SYS", "a digest": strings.Repeat("0a", 32),
		"a thumbprint": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
	} {
		t.Run("R55 kept: "+name, func(t *testing.T) {
			for _, e := range entriesOf(t, id) {
				if e.Subject.ID != id || e.Mission != id || e.Partner != id {
					t.Errorf("%+v", e)
				}
			}
		})
	}
	for name, typed := range map[string]string{
		"a name": "Ana Maria", "one word": "Gonzalez", "lower case": "gonzalez", "a case": "CASE-1", "an address": "ana@example.org",
		"a name of 43 characters": "Ana Maria de los Angeles Gonzalez y Gomez 1", "a name after an id": transfer + " Ana",
		"a name on a line of its own": transfer + "\nAna", "an id and a line": transfer + "\n", "a name before an id": "Ana " + transfer,
		"longer than a digest": strings.Repeat("0a", 33), "longer than a thumbprint": strings.Repeat("A", 44), "shorter than one": strings.Repeat("A", 42),
		"not UTF-8": "\xff", "nothing visible": " ", "the system in another case": "sys",
	} {
		t.Run("R55 hidden: "+name, func(t *testing.T) {
			for _, e := range entriesOf(t, typed) {
				if e.Subject.ID != hidden || e.Mission != hidden || e.Partner != hidden {
					t.Errorf("%+v", e)
				}
				if b, err := e.Canonical(); err != nil || bytes.Contains(b, []byte(typed)) && typed != " " && typed != "sys" {
					t.Errorf("%s, %v", b, err)
				}
			}
		})
	}
}

// entriesOf are the entries of an act and of a denial whose ids are all id.
func entriesOf(t *testing.T, id string) []evidence.Entry {
	t.Helper()
	d := &desk{}
	o, res := office(t, d), authz.Resource{Kind: "transfer", ID: id, Mission: id, Partner: id}
	if _, err := o.Authorise(t.Context(), officer, authz.TransferApprove, res); !errors.Is(err, authz.ErrDenied) {
		t.Fatal(err)
	}
	return append(d.entries, o.Entry(officer, authz.RO, evidence.Change, authz.TransferRequest, res))
}
