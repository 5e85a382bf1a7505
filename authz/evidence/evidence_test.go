package evidence_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
)

func entry() evidence.Entry {
	return evidence.Entry{
		ID: "e1", Time: time.Date(2026, 3, 1, 9, 0, 0, 123_456_000, time.UTC), Kind: evidence.Change, Actor: "p1", Role: authz.LEG,
		Action: authz.AgreementActivate, Verdict: evidence.Allowed, Policy: "authz:x", Mission: "m1",
		Subject: evidence.Ref{Kind: "agreement", ID: "a1", Version: 4},
		Objects: []evidence.Ref{{Kind: "agreement", ID: "a1", Version: 4, Digest: "00"}},
	}
}

func TestCanonical(t *testing.T) {
	t.Run("R52 the stored form never changes", func(t *testing.T) {
		const want = `{"action":"agreement.activate","actor":"p1","id":"e1","kind":"change","mission":"m1",` +
			`"objects":[{"digest":"00","id":"a1","kind":"agreement","version":4}],"policy":"authz:x","role":"LEG",` +
			`"subject":{"id":"a1","kind":"agreement","version":4},"time":"2026-03-01T09:00:00.123456Z","verdict":"allowed"}`
		got, err := entry().Canonical()
		if err != nil || string(got) != want {
			t.Fatalf("%s, %v", got, err)
		}
		// The example of FIPS 180-4.
		if d := evidence.DigestOf([]byte("abc")); d != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" {
			t.Error(d)
		}
	})
	t.Run("every member counts", func(t *testing.T) {
		base, err := entry().Canonical()
		if err != nil {
			t.Fatal(err)
		}
		for name, change := range map[string]func(*evidence.Entry){
			"id": func(e *evidence.Entry) { e.ID = "e2" }, "time": func(e *evidence.Entry) { e.Time = e.Time.Add(time.Microsecond) },
			"kind": func(e *evidence.Entry) { e.Kind = evidence.Denial }, "actor": func(e *evidence.Entry) { e.Actor = "p2" },
			"token": func(e *evidence.Entry) { e.Token = "t" }, "role": func(e *evidence.Entry) { e.Role = authz.DPO },
			"action": func(e *evidence.Entry) { e.Action = authz.AgreementLift }, "phase": func(e *evidence.Entry) { e.Phase = "PULL" },
			"verdict": func(e *evidence.Entry) { e.Verdict = evidence.Refused }, "codes": func(e *evidence.Entry) { e.Codes = []string{"X"} },
			"policy": func(e *evidence.Entry) { e.Policy = "" }, "mission": func(e *evidence.Entry) { e.Mission = "m2" },
			"partner": func(e *evidence.Entry) { e.Partner = "q" }, "subject": func(e *evidence.Entry) { e.Subject.Version++ },
			"objects": func(e *evidence.Entry) { e.Objects = nil }, "facts": func(e *evidence.Entry) { e.Facts = "f" },
			"request": func(e *evidence.Entry) { e.Request = "r" }, "source": func(e *evidence.Entry) { e.Source = "s" },
			"result": func(e *evidence.Entry) { e.Result = "active" },
		} {
			e := entry()
			change(&e)
			got, err := e.Canonical()
			if err != nil || bytes.Equal(got, base) {
				t.Errorf("%s does not count: %v", name, err)
			}
		}
	})
	t.Run("what has no JSON form is an error", func(t *testing.T) {
		for _, v := range []any{make(chan int), func() {}, map[string]any{"x": make(chan int)}} {
			if got, err := evidence.Canonical(v); err == nil {
				t.Errorf("%T: %s", v, got)
			}
		}
	})
}

// What is stored can be read and written again to the same bytes, whatever it
// holds: the verifier computes digests from what is stored.
func TestCanonicalIsAFixedPoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := entry()
		e.ID, e.Request = rapid.String().Draw(t, "id"), rapid.String().Draw(t, "request")
		e.Time = time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(t, "time")).UTC()
		e.Codes = rapid.SliceOf(rapid.String()).Draw(t, "codes")
		e.Subject.Version = rapid.IntRange(0, 1<<53).Draw(t, "version")
		first, err := e.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		var read evidence.Entry
		if err := json.Unmarshal(first, &read); err != nil {
			t.Fatal(err)
		}
		second, err := read.Canonical()
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("%s\n%s\n%v", first, second, err)
		}
		if strings.ContainsAny(string(first), "\n\t") {
			t.Fatal("white space in the canonical form")
		}
	})
}
