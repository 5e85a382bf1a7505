package bench

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/gateway/app"
	"safeconduct/transfer"
	"safeconduct/transfer/approvals"
	"safeconduct/transfer/seal"
	"safeconduct/transfer/seal/localkeys"
)

// filler is the id of the g-th record of a kind that was filled in. It is older than what the world holds.
func filler(kind string, g int) string {
	return prefix(kind) + fmt.Sprintf("%012x", g)
}

func prefix(kind string) string {
	kinds := []string{"party", "agreement", "assessment", "subject", "consent", "transfer", "person", "dpo_approval", "grant", "token"}
	return fmt.Sprintf("%08x-0000-7000-8000-", slices.Index(kinds, kind))
}

// What stands in a template for the last part of an id: that of the record, and that of the partner, who has ten of each.
const (
	ownMark   = "oooooooooooo"
	tenthMark = "tttttttttttt"
)

// template is one record as all that are filled in have it, but for the ids in it.
type template struct {
	kind, table string
	body        any
	columns     []string
	values      []any
}

// fill adds the others: N agreements, assessments, approvals, people and transfers that are real to the last tag, so that a list
// may read them, and what nothing that is measured reads the content of.
func (c *crowd) fill(ctx context.Context, data string) error {
	authority, err := c.authority(ctx, data)
	if err != nil {
		return err
	}
	for _, t := range c.templates() {
		if err := c.copyIn(ctx, authority, t); err != nil {
			return fmt.Errorf("filling %s: %w", t.table, err)
		}
	}
	id := func(kind string) string { return "'" + prefix(kind) + "' || lpad(to_hex(g), 12, '0')" }
	mission := "'" + c.world.mission + "'"
	for _, into := range []string{
		"parties (id, version) SELECT " + id("party") + ", 1",
		"subjects (id, version, mission, reference) SELECT " + id("subject") + ", 1, " + mission + ", md5(g::text)",
		"consents (id, version, subject) SELECT " + id("consent") + ", 1, " + id("subject"),
		"grants (id, version, person, role, mission, partner) SELECT " + id("grant") + ", 1, " + id("person") + ", 'PDL', '', " + id("party"),
		"tokens (id, version, person, hash, ends) SELECT " + id("token") + ", 1, " + id("person") + ", md5(g::text), " + fmt.Sprint(time.Now().AddDate(1, 0, 0).UnixMicro()),
		"transfer_subjects (transfer, row_number, subject) SELECT " + id("transfer") + ", 1, " + id("subject"),
		"record_versions (kind, id, version, body, mac) SELECT 'subject', " + id("subject") + ", 1, '', ''",
		"record_versions (kind, id, version, body, mac) SELECT 'consent', " + id("consent") + ", 1, '', ''",
		"agreement_missions (partner, mission, agreement, state, valid_until) SELECT a.partner, a.mission, a.id, a.state, a.valid_until FROM agreements a WHERE a.id LIKE '" + prefix("agreement") + "%'",
	} {
		if !strings.HasPrefix(into, "agreement_missions") {
			into += fmt.Sprintf(" FROM generate_series(1, %d) g", c.n)
		}
		if _, err := c.db.ExecContext(ctx, "INSERT INTO "+into); err != nil {
			return fmt.Errorf("filling the database: %w", err)
		}
	}
	if _, err := c.db.ExecContext(ctx, "VACUUM (ANALYZE)"); err != nil {
		return fmt.Errorf("telling the database what it holds: %w", err)
	}
	return nil
}

// authority is that of the gateway, from its own key ring.
func (c *crowd) authority(ctx context.Context, data string) (*evidence.Authority, error) {
	ring, err := localkeys.OpenExisting(filepath.Join(data, "keys.json"))
	if err != nil {
		return nil, err
	}
	var version uint32
	var name, wrapped string
	if err := c.db.QueryRowContext(ctx, "SELECT version, key_name, wrapped FROM authority_keys").Scan(&version, &name, &wrapped); err != nil {
		return nil, fmt.Errorf("reading the key of the authority: %w", err)
	}
	key, err := ring.Unwrap(ctx, app.AuthorityKey, seal.NewBinding("authority", fmt.Sprint(version)), seal.Wrapped(wrapped))
	if err != nil {
		return nil, fmt.Errorf("unwrapping the key of the authority: %w", err)
	}
	defer key.Destroy()
	return evidence.NewAuthority(map[uint32][]byte{version: key.Bytes()})
}

// templates are what is filled in: in force, with ten agreements for each partner, or of one mission and partner and over.
func (c *crowd) templates() []template {
	w, now := c.world, time.Now().UTC().Truncate(time.Microsecond)
	until, partner, of := now.AddDate(1, 0, 0), prefix("party")+tenthMark, prefix("agreement")+ownMark
	inForce, good := agreements.Active, assessment.Approved
	if c.pair {
		until, partner, of = now.AddDate(-1, 0, 0), w.partner, w.agreement
		inForce, good = agreements.Terminated, assessment.Superseded
	}
	a := agreements.Agreement{ID: prefix("agreement") + ownMark, Version: 1, State: inForce, Actor: "filler"}
	a.Document.Mission, a.Document.Partner, a.Document.ValidUntil, a.Document.Title = w.mission, partner, until, "Filled in"
	x := assessment.Assessment{
		ID: prefix("assessment") + ownMark, Version: 1, Record: 1, Mission: w.mission, State: good, TemplateVersion: 1, ValidUntil: until,
		Content: assessment.Content{Agreement: of, AgreementVersion: 1, Categories: []string{category}, Countries: []string{country}},
	}
	t := transfer.Transfer{
		ID: prefix("transfer") + ownMark, Version: 1, State: transfer.Acknowledged, Mission: w.mission, Partner: partner,
		Agreement: prefix("agreement") + ownMark, Subjects: 1, Released: &now, WindowEnds: &now, Sender: "filler",
	}
	over := approvals.DPOApproval{
		ID: prefix("dpo_approval") + ownMark, Version: 1, Scope: approvals.ForPathway, Granted: true, Mission: w.mission, Partner: partner,
		Pathway: "Filled in", Purposes: []string{w.purpose}, Categories: []string{category}, Until: now.AddDate(-1, 0, 0), Ended: true,
	}
	p := people.Person{ID: prefix("person") + ownMark, Version: 1, Name: "Filled in", Mission: w.mission}
	return []template{
		{
			"agreement", "agreements", a,
			[]string{"mission", "partner", "state", "valid_until", "awaits", "supersedes", "paper"},
			[]any{w.mission, partner, string(a.State), until.UnixMicro(), "", "", ""},
		},
		{
			"assessment", "assessments", x,
			[]string{"agreement", "state", "template", "countries", "submitted", "valid_until", "mission", "band", "open_due", "categories"},
			[]any{of, string(good), 1, " " + country + " ", 0, until.UnixMicro(), w.mission, "", 0, " " + category + " "},
		},
		{
			"transfer", "transfers", t,
			[]string{"mission", "partner", "state", "agreement", "subjects", "released", "window_ends", "held_since", "awaits_dpo", "sender", "told", "assessment"},
			[]any{w.mission, partner, string(t.State), t.Agreement, 1, now.UnixMicro(), now.UnixMicro(), 0, 0, t.Sender, string(t.Unheld()), ""},
		},
		{"person", "persons", p, []string{"mission", "partner", "waits"}, []any{w.mission, "", 0}},
		{"dpo_approval", "dpo_approvals", over, []string{"about", "transfer", "mission", "ends"}, []any{over.About(), "", w.mission, 0}},
	}
}

// copyIn adds the records of a template, with the tags that the gateway would give them.
func (c *crowd) copyIn(ctx context.Context, authority *evidence.Authority, t template) error {
	body, err := evidence.Canonical(t.body)
	if err != nil {
		return err
	}
	named := func(g int) *strings.Replacer {
		return strings.NewReplacer(ownMark, fmt.Sprintf("%012x", g), tenthMark, fmt.Sprintf("%012x", g/10))
	}
	record := func(g int) []any {
		of := named(g)
		row := []any{filler(t.kind, g), 1}
		for _, v := range t.values {
			if text, ok := v.(string); ok {
				v = of.Replace(text)
			}
			row = append(row, v)
		}
		return row
	}
	text, first := string(body), binary.BigEndian.AppendUint64(nil, 1)
	version := func(g int) []any {
		id, body := filler(t.kind, g), []byte(named(g).Replace(text))
		return []any{t.kind, id, 1, body, authority.Tag("record", []byte(t.kind), []byte(id), first, body)}
	}
	return errors.Join(
		c.copyRows(ctx, t.table, append([]string{"id", "version"}, t.columns...), record),
		c.copyRows(ctx, "record_versions", []string{"kind", "id", "version", "body", "mac"}, version),
	)
}

func (c *crowd) copyRows(ctx context.Context, table string, columns []string, row func(g int) []any) error {
	conn, err := c.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	g := 0
	err = conn.Raw(func(driver any) error {
		of, ok := driver.(*stdlib.Conn)
		if !ok {
			return errors.New("the driver is another")
		}
		_, err := of.Conn().CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromFunc(func() ([]any, error) {
			if g++; g > c.n {
				return nil, nil
			}
			return row(g), nil
		}))
		return err
	})
	return errors.Join(err, conn.Close())
}
