package e2e

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"safeconduct/agreements/authorities"
	"safeconduct/agreements/clearance"
	"safeconduct/agreements/incidents"
	"safeconduct/agreements/parties"
	"safeconduct/authz"
	"safeconduct/authz/people"
	"safeconduct/e2e/servers/servertest"
	"safeconduct/gateway/api"
	"safeconduct/gateway/api/apitest"
	"safeconduct/gateway/app"
	"safeconduct/gateway/app/apptest"
	"safeconduct/gateway/edge"
	"safeconduct/gateway/store"
	"safeconduct/transfer/anonymous"
	"safeconduct/transfer/approvals"
	"safeconduct/transfer/gate"
	subjectrights "safeconduct/transfer/rights"
)

// counter stands between a gateway and PostgreSQL and counts the statements that are run.
type counter struct {
	server string
	n      atomic.Int64
	lines  sync.WaitGroup
	heard  func(statement string) // where not nil, set before the first connection
}

// countStatements answers with the DSN of the same database through the counter. TLS would hide what is counted.
func countStatements(t *testing.T, dsn string) (*counter, string) {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &counter{server: u.Host}
	c.lines.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			c.lines.Go(func() { c.relay(t, conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close() // ends Accept
		c.lines.Wait()
	})
	q := u.Query()
	q.Set("sslmode", "disable")
	u.Host, u.RawQuery = l.Addr().String(), q.Encode()
	return c, u.String()
}

func (c *counter) relay(t *testing.T, client net.Conn) {
	var d net.Dialer
	server, err := d.DialContext(context.WithoutCancel(t.Context()), "tcp", c.server)
	if err != nil {
		t.Error(err)
		_ = client.Close() // nobody to serve it
		return
	}
	var both sync.WaitGroup
	both.Go(func() {
		_, _ = io.Copy(client, server) // ends with the connection
		_ = client.Close()
	})
	_ = c.watch(client, server) // ends with the connection
	_ = server.Close()
	both.Wait()
}

// watch passes the client's messages on and counts those that run a statement: Execute and Query of the PostgreSQL
// protocol, version 3. A first message, which starts the session, has no type.
func (c *counter) watch(client io.Reader, server io.Writer) error {
	in, spoken := bufio.NewReader(client), newConversation()
	for first := true; ; first = false {
		head := 5
		if first {
			head = 4
		}
		message := make([]byte, head)
		if _, err := io.ReadFull(in, message); err != nil {
			return err
		}
		length := binary.BigEndian.Uint32(message[head-4:])
		rest := make([]byte, length-4)
		if _, err := io.ReadFull(in, rest); err != nil {
			return err
		}
		if !first && (message[0] == 'E' || message[0] == 'Q' && !bytes.HasPrefix(rest, []byte("-- ping"))) {
			c.n.Add(1)
		}
		if said := spoken.said(message[0], rest); said != "" && !first && c.heard != nil {
			c.heard(said)
		}
		if _, err := server.Write(append(message, rest...)); err != nil {
			return err
		}
	}
}

// asked is a gateway on the world's database that counts its statements. It runs no loop of its own, so that what is
// counted is what requests run.
type asked struct {
	*apptest.World
	*counter
	url    string
	doc    apitest.Document
	tokens map[authz.Role]string // of the other mission and partner
}

func ask(t *testing.T) *asked {
	t.Helper()
	dsn := servertest.Database(t, sharedPostgres(t))
	var options store.Options
	w := apptest.Ready(t, apptest.Options{Store: func(o store.Options) *store.Store {
		options = o
		return storeOn(t, dsn)(o)
	}})
	a := &asked{World: w, tokens: map[authz.Role]string{}}
	a.counter, dsn = countStatements(t, dsn)
	s := storeOn(t, dsn)(options)
	t.Cleanup(func() { w.Must(s.Close()) })
	services, err := app.Compose(t.Context(), app.Parts{Store: s, Keys: w.Ring, Keeper: w.Ring, Signer: w.Ring.LogSigner(), Blobs: w.Blobs}, w.Settings)
	w.Must(err)
	mends, err := gate.Mends()
	w.Must(err)
	config := edge.Default()
	config.Listen = "127.0.0.1:0"
	config.FailureRate, config.CallerRate = 1_000_000, 1_000_000 // the clock of the world hardly moves
	server, err := edge.New(config, edge.Deps{
		Identity: services.Identity, Mends: mends, Contacts: services.Transfers, Log: slog.New(slog.DiscardHandler), Now: w.Clock.Now, Random: rand.Reader,
		Tracer: tracenoop.NewTracerProvider(), Meter: metricnoop.NewMeterProvider(),
	})
	w.Must(err)
	mounted, err := api.Register(server, services.Services)
	w.Must(err)
	text, err := api.Document(mounted)
	w.Must(err)
	a.doc, err = apitest.Read(text)
	w.Must(err)
	listening := httptest.NewServer(server.Handler())
	t.Cleanup(listening.Close)
	a.url = listening.URL + api.Prefix
	a.others()
	return a
}

// others enrols another mission and another partner, with their people.
func (a *asked) others() {
	legal := a.As(authz.LEG)
	mission, err := a.People.CreateMission(a.Ctx, legal, people.Mission{Name: "Other", Country: "NE", Contact: "focal point"})
	a.Must(err)
	partner, err := a.Parties.Create(a.Ctx, legal, parties.Party{Name: "Other partner", Kind: parties.NGO, Country: "NE", Mission: mission.ID})
	a.Must(err)
	for _, role := range []authz.Role{authz.RO, authz.HOM, authz.FP, authz.PSG, authz.PDL} {
		p, g := people.Person{Name: string(role)}, people.Grant{Role: role, Purposes: a.Task(role)}
		if place, _ := authz.PlaceOf(role); place == authz.AtMission {
			p.Mission, g.Mission = mission.ID, mission.ID
		} else {
			p.Partner, g.Partner = partner.ID, partner.ID
		}
		p, err := a.People.CreatePerson(a.Ctx, legal, p)
		a.Must(err)
		g.Person = p.ID
		_, err = a.People.GrantRole(a.Ctx, legal, g)
		a.Must(err)
		_, secret, err := a.Identity.Issue(a.Ctx, legal, p.ID, 24*time.Hour, nil)
		a.Must(err)
		a.tokens[role] = secret.Reveal()
	}
}

// ids are those of the first mission, and of its partner where partner says so; by collection, or by parameter.
func (a *asked) ids(partner bool) map[string]string {
	whose := authz.HOM
	if partner {
		whose = authz.PSG
	}
	sent := a.Available([]byte("given_name\nAna\n"))
	profile, err := a.People.Person(a.Ctx, a.As(authz.LEG), a.Persons[whose])
	a.Must(err)
	token, _, err := a.Identity.Issue(a.Ctx, a.As(authz.LEG), a.Persons[whose], time.Hour, nil)
	a.Must(err)
	nominated, err := a.People.Nominate(a.Ctx, a.As(authz.PSG), people.Nomination{Partner: a.Partner.ID, Name: "Somebody"})
	a.Must(err)
	kept := a.keptOfPartners()
	maps.Copy(kept, map[string]string{
		"nominations": nominated.ID,
		"missions":    a.Mission.ID, "parties": a.Partner.ID, "people": a.Persons[whose], "tokens": token.ID,
		"agreements": sent.Agreement, "assessments": sent.Assessment, "consents": a.Consented[0].ID, "transfers": sent.ID,
		"grant": profile.Grants[0].ID, "key": profile.Keys[0].ID, "n": "1",
	})
	return kept
}

// keptOfPartners are a duty, and a case, an incident and a clearance, by collection. The incident is at a partner to which
// nothing is sent.
func (a *asked) keptOfPartners() map[string]string {
	fp, now := a.As(authz.FP), a.Clock.Now()
	pulled := a.Available([]byte("given_name\nAna\n"))
	d, err := a.Transfers.Pull(a.Ctx, a.As(authz.PDL), pulled.ID, 1, 0)
	a.Must(err)
	a.Must(d.Send(a.Ctx, io.Discard))
	quiet, err := a.Parties.Create(a.Ctx, fp, parties.Party{Name: "Quiet", Kind: parties.NGO, Country: "CO", Mission: a.Mission.ID})
	a.Must(err)
	i, err := a.Incidents.Report(a.Ctx, fp, incidents.Incident{Mission: a.Mission.ID, Partner: quiet.ID, Source: "theft", Event: "loss", Discovered: now, Notified: now})
	a.Must(err)
	c, err := a.Authorities.Report(a.Ctx, fp, authorities.Case{Mission: a.Mission.ID, Authority: authorities.Police, Country: "CO", Reference: "A-1", Asked: now})
	a.Must(err)
	e, err := a.Clearances.Record(a.Ctx, fp, clearance.Clearance{
		Mission: a.Mission.ID, Originator: "Agency", Purposes: []string{a.Purpose.ID}, Categories: []string{"identity"},
		Recipients: []string{a.Partner.ID}, Evidence: strings.Repeat("0a", 32), ValidUntil: now.AddDate(1, 0, 0),
	})
	a.Must(err)
	h, err := a.Holds.Place(a.Ctx, a.As(authz.RO), subjectrights.Order{Kind: subjectrights.Objection, Mission: a.Mission.ID, Case: "CASE-2", Reason: "spoken"})
	a.Must(err)
	_, err = a.Holds.Lift(a.Ctx, fp, h.ID, "answered") // it would refuse what is sent next
	a.Must(err)
	of, err := a.Approvals.Decide(a.Ctx, a.As(authz.DPO), approvals.Decision{Scope: approvals.ForTransfer, Granted: true, Transfer: pulled.ID})
	a.Must(err)
	told, err := a.Disclosures.Write(a.Ctx, fp, anonymous.DisclosureAssessment{
		Mission: a.Mission.ID, Datasets: []string{strings.Repeat("0a", 32)}, Countries: []string{"CO"}, Method: "counted", Cell: 9, Own: true, ValidUntil: now.AddDate(0, 6, 0),
	})
	a.Must(err)
	return map[string]string{
		"holds": h.ID, "dpo-approvals": of.ID, "disclosure-assessments": told.ID, "scan": strings.Repeat("0", 8) + "-0000-7000-8000-000000000000",
		"destructions": pulled.ID, "incidents": i.ID, "authority-requests": c.ID, "clearances": e.ID,
	}
}

// status calls the operation and tells what it answers and how many statements that took.
func (a *asked) status(role authz.Role, op apitest.Operation, path string) (status int, statements int64) {
	a.T.Helper()
	body, mediaType, err := a.doc.Body(op, apitest.Fill{Word: "word", Values: map[string]any{
		"mission": a.Mission.ID, "partner": a.Partner.ID, "purposes": []string{a.Purpose.ID}, "categories": []string{"identity"}, "role": "RO",
	}})
	a.Must(err)
	r, err := http.NewRequestWithContext(a.Ctx, op.Method, a.url+path, bytes.NewReader(body))
	a.Must(err)
	r.Header.Set("Authorization", "Bearer "+a.tokens[role])
	r.Header.Set("Content-Type", mediaType)
	before := a.n.Load()
	res, err := http.DefaultClient.Do(r)
	a.Must(err)
	_, err = io.Copy(io.Discard, res.Body)
	a.Must(errors.Join(err, res.Body.Close()))
	return res.StatusCode, a.n.Load() - before
}

// What an outsider may not know of takes as many statements as what does not exist, so that time tells no more than words.
func TestUnknownTakesAsManyStatements(t *testing.T) {
	a := ask(t)
	mission, partner := a.ids(false), a.ids(true)
	const unknown = "0198f7a4-2b1c-7d3e-8f10-5a6b7c8d9e0f"
	compared := 0
	for _, op := range a.doc.Operations {
		open := []string{"agreement-templates", "assessment-templates", "conflict-alerts", "notices", "purposes", "categories", "retention-rules", "log"} // to all who read the terms; the log is scoped by entry
		if len(op.Params()) == 0 || slices.Contains(open, op.Collection()) {
			continue
		}
		t.Run(op.ID, func(t *testing.T) {
			for role := range a.tokens {
				if place, _ := authz.PlaceOf(role); place == authz.AtMission && op.Collection() == "parties" {
					continue // its register is open to all who send
				}
				want, most := a.status(role, op, op.At(func(name string) string { return map[bool]string{true: "1", false: unknown}[name == "n"] }))
				for _, ids := range []map[string]string{mission, partner} {
					got, n := a.status(role, op, op.At(func(name string) string {
						if name == "id" {
							name = op.Collection()
						}
						return ids[name]
					}))
					if got != want || n != most || got < 400 || got > 499 {
						t.Errorf("%s: theirs answers %d after %d statements, an unknown one %d after %d", role, got, n, want, most)
					}
					compared++
				}
			}
		})
	}
	if compared < 200 {
		t.Errorf("only %d were compared", compared)
	}
	t.Run("and statements are counted", func(t *testing.T) {
		for _, op := range a.doc.Operations {
			if op.ID != "get-agreement" {
				continue
			}
			if _, n := a.status(authz.FP, op, op.At(func(string) string { return unknown })); n < 2 {
				t.Errorf("only %d", n)
			}
		}
	})
}
