package store

import (
	"context"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/templates"
	"safeconduct/transfer"
	"safeconduct/transfer/retention"
)

func agreementTemplates() record[templates.Template] {
	return record[templates.Template]{
		kind: templates.KindTemplate, table: "agreement_templates", columns: []string{"name", "number"},
		values: func(t templates.Template) []any { return []any{t.Name, t.Number} },
		ident:  func(t templates.Template) (string, int) { return t.ID, t.Version },
	}
}

func agreementScans() record[agreements.Scan] {
	return record[agreements.Scan]{
		kind: agreements.KindScan, table: "agreement_scans", columns: []string{"agreement"},
		values: func(s agreements.Scan) []any { return []any{s.Agreement} },
		ident:  func(s agreements.Scan) (string, int) { return s.ID, s.Version },
	}
}

// AgreementTemplate implements templates.Tx.
func (t *tx) AgreementTemplate(ctx context.Context, id string) (templates.Template, error) {
	return one(ctx, t, agreementTemplates(), "WHERE r.id = $1", id)
}

// AgreementTemplates implements templates.Reader.
func (t *tx) AgreementTemplates(ctx context.Context) ([]templates.Template, error) {
	return find(ctx, t, agreementTemplates(), "ORDER BY r.name, r.number")
}

// SaveAgreementTemplate implements templates.Tx.
func (t *tx) SaveAgreementTemplate(ctx context.Context, v templates.Template) error {
	return save(ctx, t, agreementTemplates(), v)
}

// AgreementScan implements agreements.ScanTx.
func (t *tx) AgreementScan(ctx context.Context, id string) (agreements.Scan, error) {
	return one(ctx, t, agreementScans(), "WHERE r.id = $1", id)
}

// AgreementScans implements agreements.ScanTx.
func (t *tx) AgreementScans(ctx context.Context, agreement string) ([]agreements.Scan, error) {
	return find(ctx, t, agreementScans(), "WHERE r.agreement = $1 ORDER BY r.id", agreement)
}

// SaveAgreementScan implements agreements.ScanTx.
func (t *tx) SaveAgreementScan(ctx context.Context, s agreements.Scan) error {
	return save(ctx, t, agreementScans(), s)
}

// ScanLanded implements agreements.ScanTx.
func (t *tx) ScanLanded(ctx context.Context, id string, now time.Time) error {
	return t.MarkUpload(ctx, id, now, transfer.UploadSealed, transfer.UploadOpen)
}

// Kept implements transfer.KeptTx.
func (t *tx) Kept(ctx context.Context, id string) (bool, error) {
	found, err := find(ctx, t, agreementScans(), "WHERE r.id = $1", id)
	return len(found) > 0, err
}

// OpenDestructions implements agreements.DestructionTx. Whatever a pull session
// was begun for may lie at the partner, until its duty to destroy is accepted as
// done.
func (t *tx) OpenDestructions(ctx context.Context, agreement string) (int, error) {
	pulled, err := find(ctx, t, transfers(),
		"WHERE r.agreement = $1 AND EXISTS (SELECT 1 FROM pull_sessions p WHERE p.transfer = r.id) ORDER BY r.id", agreement)
	if err != nil {
		return 0, err
	}
	destroyed, err := find(ctx, t, destructions(),
		"WHERE r.state = $1 AND r.id IN (SELECT x.id FROM transfers x WHERE x.agreement = $2)", string(retention.Accepted), agreement)
	if err != nil {
		return 0, err
	}
	accepted := make(map[string]bool, len(destroyed))
	for _, d := range destroyed {
		accepted[d.ID] = true
	}
	open := 0
	for _, x := range pulled {
		if !accepted[x.ID] {
			open++
		}
	}
	return open, nil
}
