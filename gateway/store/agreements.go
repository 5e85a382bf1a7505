package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/terms"
)

func purposes() record[terms.Purpose] {
	return record[terms.Purpose]{
		kind: terms.KindPurpose, table: "purposes", columns: []string{"code"},
		values: func(p terms.Purpose) []any { return []any{p.Code} },
		ident:  func(p terms.Purpose) (string, int) { return p.ID, p.Version },
	}
}

func categories() record[terms.Category] {
	return record[terms.Category]{
		kind: terms.KindCategory, table: "categories", columns: []string{"code"},
		values: func(c terms.Category) []any { return []any{c.Code} },
		ident:  func(c terms.Category) (string, int) { return c.ID, c.Version },
	}
}

func retentionRules() record[terms.RetentionRule] {
	return record[terms.RetentionRule]{
		kind: terms.KindRetention, table: "retention_rules", columns: []string{"purpose", "category"},
		values: func(r terms.RetentionRule) []any { return []any{r.Purpose, r.Category} },
		ident:  func(r terms.RetentionRule) (string, int) { return r.ID, r.Version },
	}
}

func notices() record[terms.Notice] {
	return record[terms.Notice]{
		kind: terms.KindNotice, table: "notices", columns: []string{"purpose", "number"},
		values: func(n terms.Notice) []any { return []any{n.Purpose, n.Number} },
		ident:  func(n terms.Notice) (string, int) { return n.ID, n.Version },
	}
}

func agreementRecords() record[agreements.Agreement] {
	return record[agreements.Agreement]{
		kind: agreements.KindAgreement, table: "agreements", columns: []string{"mission", "partner", "state", "valid_until", "awaits", "supersedes", "paper"},
		values: func(a agreements.Agreement) []any {
			return []any{a.Document.Mission, a.Document.Partner, string(a.State), a.Document.ValidUntil.UnixMicro(), awaits(a), a.Document.Supersedes, a.PaperSHA256()}
		},
		ident:   func(a agreements.Agreement) (string, int) { return a.ID, a.Version },
		touches: func(a agreements.Agreement) touch { return ofAgreement(a.ID) },
	}
}

// Purpose implements terms.PurposeTx.
func (t *tx) Purpose(ctx context.Context, id string) (terms.Purpose, error) {
	return one(ctx, t, purposes(), "WHERE r.id = $1", id)
}

// Purposes implements terms.PurposeTx.
func (t *tx) Purposes(ctx context.Context) ([]terms.Purpose, error) {
	return find(ctx, t, purposes(), "ORDER BY r.code")
}

// KnownPurposes implements people.TaskTx.
func (t *tx) KnownPurposes(ctx context.Context, ids []string) (known, approved bool, err error) {
	found, approved := map[string]bool{}, true
	for args, in := range listed(ids) {
		some, err := find(ctx, t, purposes(), "WHERE r.id IN "+in, args...)
		if err != nil {
			return false, false, err
		}
		for _, p := range some {
			found[p.ID], approved = true, approved && p.WasApproved()
		}
	}
	return !slices.ContainsFunc(ids, func(id string) bool { return !found[id] }), approved, nil
}

// SavePurpose implements terms.PurposeTx.
func (t *tx) SavePurpose(ctx context.Context, p terms.Purpose) error {
	return save(ctx, t, purposes(), p)
}

// Category implements terms.CategoryTx.
func (t *tx) Category(ctx context.Context, id string) (terms.Category, error) {
	return one(ctx, t, categories(), "WHERE r.id = $1", id)
}

// Categories implements terms.CategoryTx.
func (t *tx) Categories(ctx context.Context) ([]terms.Category, error) {
	return find(ctx, t, categories(), "ORDER BY r.code")
}

// SaveCategory implements terms.CategoryTx.
func (t *tx) SaveCategory(ctx context.Context, c terms.Category) error {
	return save(ctx, t, categories(), c)
}

// RetentionRule implements terms.RetentionTx.
func (t *tx) RetentionRule(ctx context.Context, id string) (terms.RetentionRule, error) {
	return one(ctx, t, retentionRules(), "WHERE r.id = $1", id)
}

// RetentionRules implements terms.RetentionTx.
func (t *tx) RetentionRules(ctx context.Context, purpose string) ([]terms.RetentionRule, error) {
	return find(ctx, t, retentionRules(), "WHERE $1 = '' OR r.purpose = $1 ORDER BY r.category, r.id", purpose)
}

// SaveRetentionRule implements terms.RetentionTx.
func (t *tx) SaveRetentionRule(ctx context.Context, r terms.RetentionRule) error {
	return save(ctx, t, retentionRules(), r)
}

// Notice implements terms.NoticeTx.
func (t *tx) Notice(ctx context.Context, id string) (terms.Notice, error) {
	return one(ctx, t, notices(), "WHERE r.id = $1", id)
}

// Notices implements terms.NoticeTx.
func (t *tx) Notices(ctx context.Context, purpose string) ([]terms.Notice, error) {
	return find(ctx, t, notices(), "WHERE $1 = '' OR r.purpose = $1 ORDER BY r.number, r.id", purpose)
}

// SaveNotice implements terms.NoticeTx.
func (t *tx) SaveNotice(ctx context.Context, n terms.Notice) error {
	return save(ctx, t, notices(), n)
}

// Agreement implements agreements.AgreementTx.
func (t *tx) Agreement(ctx context.Context, id string) (agreements.Agreement, error) {
	return one(ctx, t, agreementRecords(), "WHERE r.id = $1", id)
}

// AgreementOfPaper implements agreements.AgreementTx.
func (t *tx) AgreementOfPaper(ctx context.Context, mission, partner, sha256 string) (agreements.Agreement, error) {
	return one(ctx, t, agreementRecords(),
		"JOIN agreement_missions m ON m.agreement = r.id WHERE m.partner = $1 AND m.mission = $2 AND r.paper = $3 AND r.paper <> '' AND r.state <> 'rejected' ORDER BY r.id LIMIT 1",
		partner, mission, sha256)
}

// AgreementsDue implements agreements.AgreementTx.
func (t *tx) AgreementsDue(ctx context.Context, now time.Time, most int) ([]agreements.Agreement, error) {
	return due(ctx, t, agreementRecords(), most,
		"WHERE r.state IN ('active', 'suspended') AND r.valid_until <= $1 ORDER BY r.valid_until, r.id", now.UnixMicro())
}

// AgreementsSuspended implements agreements.AgreementTx.
func (t *tx) AgreementsSuspended(ctx context.Context, after string, most int) ([]agreements.Agreement, error) {
	return due(ctx, t, agreementRecords(), most, "WHERE r.state = 'suspended' AND r.id > $1 ORDER BY r.id", after)
}

// SaveAgreement implements agreements.AgreementTx.
func (t *tx) SaveAgreement(ctx context.Context, a agreements.Agreement) error {
	if err := save(ctx, t, agreementRecords(), a); err != nil {
		return err
	}
	// An amendment may name other missions than the version before it.
	if a.Version > 1 {
		if err := t.exec(ctx, "DELETE FROM agreement_missions WHERE agreement = $1", a.ID); err != nil {
			return fmt.Errorf("saving the missions of an agreement: %w", err)
		}
	}
	named := missionsNamed(a.Document)
	rows := make([][]any, 0, len(named))
	for _, m := range named {
		rows = append(rows, []any{a.Document.Partner, m, a.ID, string(a.State), a.Document.ValidUntil.UnixMicro()})
	}
	if err := t.insert(ctx, "agreement_missions", []string{"partner", "mission", "agreement", "state", "valid_until"}, rows); err != nil {
		return fmt.Errorf("saving the missions of an agreement: %w", err)
	}
	return nil
}

// missionsNamed are the missions that an agreement is found under, sorted.
func missionsNamed(d agreements.Document) []string {
	return slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(d.Scope.Missions), d.Mission))))
}
