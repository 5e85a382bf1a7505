package app_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/signing"
	"safeconduct/authz"
	"safeconduct/authz/identity"
	"safeconduct/authz/people"
	"safeconduct/config"
	"safeconduct/gateway/app"
	"safeconduct/gateway/app/apptest"
	"safeconduct/gateway/cli/client"
	"safeconduct/gateway/cli/demo"
	"safeconduct/gateway/edge"
	"safeconduct/gateway/telemetry"
	"safeconduct/gateway/telemetry/telemetrytest"
	"safeconduct/transfer"
	"safeconduct/transfer/consent"
	"safeconduct/transfer/gate"
)

// program is the real program after the whole story, and who writes to its database by hand.
type program struct {
	*app.App
	world    demo.World
	transfer string
	order    client.Order
	log      *telemetrytest.Log
	hand     *apptest.Hand
}

func programByHand(t *testing.T) *program {
	t.Helper()
	c := config.Default([]string{"HOME=" + t.TempDir()})
	c.Server.Listen = "127.0.0.1:0"
	p := &program{log: &telemetrytest.Log{}}
	var err error
	p.App, err = app.Open(t.Context(), c, p.log)
	must(t, err)
	t.Cleanup(func() { must(t, p.Close()) })
	must(t, p.Listen(t.Context()))
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		must(t, <-ended)
	})
	payload, err := demo.Sample()
	must(t, err)
	player := demo.Player{System: demo.System{Services: p.Services, Parts: p.Parts, Origin: c.Log.Origin, URL: p.URL()}, Payload: payload, Report: silent{}, Now: time.Now, Random: rand.Reader}
	p.world, p.transfer, err = player.Play(ctx)
	must(t, err)
	p.order = client.Order{
		Mission: p.world.Mission, Partner: p.world.Partner, Purpose: p.world.Purpose, Nature: "personal", RecipientClass: gate.ClassServiceProvider, Origin: client.Origin{Source: gate.OwnData},
		Categories: p.world.Categories, Fields: payload.Fields, Subjects: payload.Cases[1:], Files: []client.File{{MediaType: payload.MediaType}},
	}
	db, err := sql.Open("sqlite", filepath.Join(c.Data, "safeconduct.db")+"?_pragma=busy_timeout(10000)")
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	p.hand = apptest.NewHand(t, db, false)
	return p
}

// call is one request to the API, and the problem that answers it, nil where it is served.
func (p *program) call(t *testing.T, secret identity.Secret, method, path string, in, out any) error {
	t.Helper()
	c, err := client.New(p.URL(), secret, client.Options{Language: "en"})
	must(t, err)
	defer c.Close()
	_, err = c.Call(t.Context(), method, path, in, out)
	return err
}

// counted reports whether Prometheus reads that rows of the kind were altered.
func (p *program) counted(kind string) bool {
	name := strings.ReplaceAll(telemetry.MetricTampered, ".", "_") + "_total"
	label := strings.ReplaceAll(string(telemetry.AttrKind), ".", "_")
	for line := range strings.Lines(scrape(p.App)) {
		var n float64
		if rest, ok := strings.CutPrefix(line, fmt.Sprintf("%s{%s=%q} ", name, label, kind)); ok {
			if _, err := fmt.Sscan(rest, &n); err == nil && n >= 1 {
				return true
			}
		}
	}
	return false
}

// recorded waits until the log has an entry which says that a row of the kind was altered.
func (p *program) recorded(t *testing.T, kind string) bool {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond) // an entry is listed once it has its place
	defer tick.Stop()
	for range 1500 {
		var page struct{ Items []transfer.LogLine }
		must(t, p.call(t, p.world.Tokens[authz.LEG], http.MethodGet, "/log/entries?code="+url.QueryEscape(app.Tampered), nil, &page))
		for _, l := range page.Items {
			if l.Entry.Subject.Kind == kind {
				return true
			}
		}
		<-tick.C
	}
	return false
}

// forgery is one row by hand, the act that would profit, and how the row is put right again.
type forgery struct {
	name, kind string
	told       gate.Code // all that who profits learns
	hand       func(t *testing.T, p *program) (act func() error, undo func())
}

// TestTamperedIsMeasured: what a fake alarm hears in TestInsider, the real program tells Prometheus.
func TestTamperedIsMeasured(t *testing.T) {
	p := programByHand(t)
	pull := func(t *testing.T) error {
		t.Helper()
		return p.call(t, p.world.Tokens[authz.PDL], http.MethodGet, "/transfers/"+p.transfer+"/files/1", nil, nil)
	}
	request := func(t *testing.T) error {
		t.Helper()
		return p.call(t, p.world.Tokens[authz.RO], http.MethodPost, "/transfers", p.order, nil)
	}
	for _, tc := range forgeries(pull, request) {
		t.Run("R49 R53 R55 "+tc.name, func(t *testing.T) {
			if p.counted(tc.kind) {
				t.Fatalf("a %s counts as altered before any was", tc.kind)
			}
			act, undo := tc.hand(t, p)
			defer undo()
			err := act()
			if err == nil {
				t.Fatal("it was believed")
			}
			var refusal *edge.Problem
			if !errors.As(err, &refusal) || len(refusal.Refusals) != 1 || refusal.Refusals[0].Code != tc.told {
				t.Errorf("it was not refused with %s alone: %v", tc.told, err)
			}
			if !p.counted(tc.kind) {
				t.Errorf("Prometheus reads of no %s that was altered:\n%s", tc.kind, scrape(p.App))
			}
			if !p.recorded(t, tc.kind) {
				t.Errorf("no entry says that a %s was altered", tc.kind)
			}
			if !strings.Contains(p.log.String(), fmt.Sprintf(`"kind":%q`, tc.kind)) {
				t.Errorf("the log of operations names no %s", tc.kind)
			}
		})
	}
}

func forgeries(pull, request func(*testing.T) error) []forgery {
	// altered changes what the newest version of a record says.
	altered := func(p *program, kind, id string, change func(map[string]any)) (undo func()) {
		_, version := p.hand.Newest(kind, id)
		had := p.hand.Text("SELECT hex(body) FROM record_versions WHERE kind = $1 AND id = $2 AND version = $3", kind, id, version)
		p.hand.Alter(kind, id, change)
		return func() {
			p.hand.Exec("UPDATE record_versions SET body = unhex($1) WHERE kind = $2 AND id = $3 AND version = $4", had, kind, id, version)
		}
	}
	gone := func(p *program, table, id string) func() {
		return func() { p.hand.Exec("DELETE FROM "+table+" WHERE id = $1", id) }
	}
	personOf := func(p *program, role authz.Role) string {
		return p.hand.Text("SELECT person FROM tokens WHERE hash = $1", p.world.Tokens[role].Hash())
	}
	return []forgery{
		{"a token that nobody issued", identity.KindToken, gate.AuthInvalid, func(t *testing.T, p *program) (func() error, func()) {
			secret, err := identity.NewSecret(rand.Reader)
			must(t, err)
			pattern, id := p.hand.Text("SELECT id FROM tokens WHERE hash = $1", p.world.Tokens[authz.LEG].Hash()), app.NewID()
			p.hand.Forge(identity.KindToken, "tokens", pattern, id, func(said map[string]any) { said["hash"] = secret.Hash() },
				map[string]any{"hash": secret.Hash(), "person": personOf(p, authz.LEG)})
			return func() error { return p.call(t, secret, http.MethodGet, "/log/entries", nil, nil) }, gone(p, "tokens", id)
		}},
		{"a role that nobody granted", people.KindGrant, gate.AuthInvalid, func(t *testing.T, p *program) (func() error, func()) {
			pattern, person, id := p.hand.Text("SELECT id FROM grants WHERE person = $1", personOf(p, authz.OIG)), personOf(p, authz.PDL), app.NewID()
			p.hand.Forge(people.KindGrant, "grants", pattern, id, func(said map[string]any) { said["person"] = person },
				map[string]any{"person": person, "role": string(authz.OIG), "mission": "", "partner": ""})
			return func() error { return p.call(t, p.world.Tokens[authz.PDL], http.MethodGet, "/log/entries", nil, nil) }, gone(p, "grants", id)
		}},
		{"a signatory with another key", people.KindKey, gate.GateUnavailable, func(t *testing.T, p *program) (func() error, func()) {
			key, err := signing.GenerateKey(rand.Reader)
			must(t, err)
			jwk, err := key.Public().MarshalJSON()
			must(t, err)
			id := p.hand.Text("SELECT id FROM signing_keys WHERE person = $1", personOf(p, authz.PSG))
			undo := altered(p, people.KindKey, id, func(said map[string]any) { said["public"] = string(jwk) })
			return func() error { return request(t) }, undo
		}},
		{"an approval that nobody gave", transfer.KindTransfer, gate.PullDenied, func(t *testing.T, p *program) (func() error, func()) {
			person := personOf(p, authz.RO)
			undo := altered(p, transfer.KindTransfer, p.transfer, func(said map[string]any) {
				all, _ := said["approvals"].([]any)
				all[0].(map[string]any)["person"] = person
			})
			return func() error { return pull(t) }, undo
		}},
		{"a withdrawal that is undone", consent.KindConsent, gate.PullDenied, func(t *testing.T, p *program) (func() error, func()) {
			id := p.hand.Text("SELECT c.id FROM consents c JOIN transfer_subjects s ON s.subject = c.subject WHERE s.transfer = $1 AND c.version = 2", p.transfer)
			p.hand.RollBack(consent.KindConsent, "consents", id, nil)
			return func() error { return pull(t) }, func() { p.hand.Exec("UPDATE consents SET version = 2 WHERE id = $1", id) }
		}},
		{"a suspension that is undone", agreements.KindAgreement, gate.GateUnavailable, func(t *testing.T, p *program) (func() error, func()) {
			must(t, request(t)) // it is served while every row is as it was
			must(t, p.call(t, p.world.Tokens[authz.LEG], http.MethodPost, "/agreements/"+p.world.Agreement+"/suspension", map[string]any{"reason": "an incident"}, nil))
			_, version := p.hand.Newest(agreements.KindAgreement, p.world.Agreement)
			p.hand.RollBack(agreements.KindAgreement, "agreements", p.world.Agreement, map[string]any{"state": "active"})
			return func() error { return request(t) }, func() {
				p.hand.Exec("UPDATE agreements SET version = $1, state = 'suspended' WHERE id = $2", version, p.world.Agreement)
			}
		}},
	}
}
