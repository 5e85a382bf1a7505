package cli_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"safeconduct/agreements"
	"safeconduct/agreements/signing"
	"safeconduct/authz"
	"safeconduct/gateway/cli/client"
	"safeconduct/gateway/cli/demo"
)

// rewritten waits until the world in a folder names another address than URL,
// which is set to it: rewritten DIR
func rewritten(ts *testscript.TestScript, _ bool, args []string) {
	poll(ts, "it is not served again", func() bool { return world(ts, args[0]).URL != ts.Getenv("URL") })
	ts.Setenv("URL", world(ts, args[0]).URL)
}

func world(ts *testscript.TestScript, dir string) demo.World {
	w, err := demo.Load(ts.MkAbs(dir))
	ts.Check(err)
	return w
}

func call(ts *testscript.TestScript, w demo.World, role authz.Role, method, path string, in, out any) {
	c, err := client.New(w.URL, w.Tokens[role], client.Options{})
	ts.Check(err)
	defer c.Close()
	_, err = c.Call(context.Background(), method, path, in, out)
	ts.Check(err)
}

// enter takes a world up: tokens into files token-ROLE, the address into URL,
// an order for two persons into order.json. enter DIR
func enter(ts *testscript.TestScript, _ bool, args []string) {
	w := world(ts, args[0])
	ts.Setenv("URL", w.URL)
	ts.Setenv("AGREEMENT", w.Agreement)
	for name, value := range map[string]string{"MISSION": w.Mission, "PARTNER": w.Partner, "PURPOSE": w.Purpose, "CATEGORY": w.Categories[0]} {
		ts.Setenv(name, value)
	}
	for role, secret := range w.Tokens {
		ts.Check(os.WriteFile(ts.MkAbs("token-"+strings.ToLower(string(role))), []byte(secret.Reveal()+"\n"), 0o600))
	}
	b, err := json.Marshal(client.Order{
		Mission: w.Mission, Partner: w.Partner, Purpose: w.Purpose, Nature: "personal", RecipientClass: "service_provider", Origin: client.Origin{Source: "own"},
		Categories: w.Categories, Fields: []string{"case_reference", "notes"}, Subjects: []string{"NEW-1", "NEW-2"},
	})
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("order.json"), b, 0o600))
}

// consent records that persons consent: consent DIR CASE...
func consent(ts *testscript.TestScript, _ bool, args []string) {
	w := world(ts, args[0])
	call(ts, w, authz.RO, http.MethodPost, "/consents/batch", map[string]any{
		"mission": w.Mission, "decision": "given", "notice_version": "1", "language": "en", "could_ask_questions": true, "understood": true,
		"purposes": []string{w.Purpose}, "recipients": []string{w.Partner}, "categories": w.Categories, "form": "written",
		"event_time": time.Now().UTC(), "subject_type": "beneficiary", "case_references": args[1:],
		"evidence": map[string]any{"kind": "signed_document", "sha256": strings.Repeat("0a", 32)},
		"capacity": map[string]any{"aspects": []string{"age", "cognitive", "physical", "psychological"}, "method": "interview", "result": "capable"},
	}, nil)
}

// approve approves the transfer that a result names, and puts its id into
// TRANSFER: approve DIR RESULT
func approve(ts *testscript.TestScript, _ bool, args []string) {
	var sent struct{ Transfer string }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &sent))
	call(ts, world(ts, args[0]), authz.HOM, http.MethodPost, "/transfers/"+sent.Transfer+"/approvals", map[string]any{"granted": true, "attestation": "nothing less would do"}, nil)
	ts.Setenv("TRANSFER", sent.Transfer)
}

// keep keeps the newest checkpoint of the log in a file; where an older one is
// named, as soon as there is a newer one: keep DIR FILE [OLDER]
func keep(ts *testscript.TestScript, _ bool, args []string) {
	older := ""
	if len(args) > 2 {
		older = ts.ReadFile(args[2])
	}
	var checkpoint client.Raw
	poll(ts, "no newer checkpoint comes", func() bool {
		call(ts, world(ts, args[0]), authz.OIG, http.MethodGet, "/log/checkpoint", nil, &checkpoint)
		return string(checkpoint) != older
	})
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), checkpoint, 0o600))
}

// draft drafts a second agreement and has it approved for signature; its id is
// in DRAFT: draft DIR
func draft(ts *testscript.TestScript, _ bool, args []string) {
	w := world(ts, args[0])
	var first struct {
		Document agreements.Document `json:"document"`
	}
	call(ts, w, authz.FP, http.MethodGet, "/agreements/"+w.Agreement, nil, &first)
	d := first.Document
	var second struct{ ID string }
	call(ts, w, authz.FP, http.MethodPost, "/agreements", map[string]any{
		"type": d.Type, "title": "Second agreement", "mission": d.Mission, "partner": d.Partner, "language": d.Language, "scope": d.Scope,
		"clauses": d.Clauses, "effective_from": d.EffectiveFrom, "valid_until": d.ValidUntil,
	}, &second)
	call(ts, w, authz.FP, http.MethodPost, "/agreements/"+second.ID+"/review", nil, nil)
	call(ts, w, authz.LEG, http.MethodPost, "/agreements/"+second.ID+"/approval", map[string]string{"decision": "approved"}, nil)
	ts.Setenv("DRAFT", second.ID)
}

// confirm confirms the authority of who holds a role and a key: confirm DIR ROLE FILE
func confirm(ts *testscript.TestScript, _ bool, args []string) {
	w := world(ts, args[0])
	key, err := signing.LoadPublicKey(ts.MkAbs(args[2]))
	ts.Check(err)
	var who struct {
		Person struct{ ID string } `json:"person"`
	}
	call(ts, w, authz.Role(strings.ToUpper(args[1])), http.MethodGet, "/tokens/current", nil, &who)
	call(ts, w, authz.LEG, http.MethodPost, "/people/"+who.Person.ID+"/keys/"+key.Thumbprint()+"/confirmation", map[string]string{"authority": "letter"}, nil)
}
