package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"safeconduct/transfer/ledger"
)

// CaveatMistyped stands on a report that ends with values of wrong types.
const CaveatMistyped = "Some columns hold values of another type than the schema says. Nothing else was compared."

// mistyped finds values of another storage class than their column's type.
// SQLite takes any value in any column: it sorts and compares such a value as
// it likes, so that a row could hide from every other check. PostgreSQL cannot
// hold one.
func (t *tx) mistyped(ctx context.Context) ([]ledger.Finding, error) {
	if t.store.engine != SQLite {
		return nil, nil
	}
	var findings []ledger.Finding
	for _, table := range exported() {
		wrong, names, err := t.classes(ctx, table)
		if err != nil {
			return nil, failed("the columns of "+table, err)
		}
		if err := t.query(ctx, func(rows *sql.Rows) error {
			var rowid int64
			var at int
			if err := rows.Scan(&rowid, &at); err != nil {
				return fmt.Errorf("scanning: %w", err)
			}
			findings = append(findings, ledger.Finding{
				Table: table, Row: fmt.Sprintf("rowid=%d", rowid), What: "its column " + names[at] + " holds a value of another type",
			})
			return nil
		}, "SELECT rowid, CASE"+wrong+" END AS at FROM "+table+" WHERE at IS NOT NULL ORDER BY rowid LIMIT 100"); err != nil {
			return nil, failed("the types of "+table, err)
		}
	}
	return findings, nil
}

// classes answers with the branches of a CASE that tell which column, by its
// place among names, has a value of a wrong class.
func (t *tx) classes(ctx context.Context, table string) (branches string, names []string, err error) {
	var b strings.Builder
	err = t.query(ctx, func(rows *sql.Rows) error {
		var name, declared string
		var required bool
		if err := rows.Scan(&name, &declared, &required); err != nil {
			return fmt.Errorf("scanning: %w", err)
		}
		class, known := map[string]string{"TEXT": "text", "BIGINT": "integer", "BYTEA": "blob"}[declared]
		if !known {
			return fmt.Errorf("column %s of %s is of type %q, which no migration made", name, table, declared)
		}
		fmt.Fprintf(&b, " WHEN typeof(%s) <> '%s'", name, class)
		if !required {
			fmt.Fprintf(&b, " AND %s IS NOT NULL", name)
		}
		fmt.Fprintf(&b, " THEN %d", len(names))
		names = append(names, name)
		return nil
	}, `SELECT name, type, "notnull" FROM pragma_table_info($1)`, table)
	return b.String(), names, err
}

func recordTables() []string {
	return []string{
		rulebooks().table, missions().table, persons().table, grants().table, signingKeys().table, tokens().table, partners().table,
		trainings().table, undertakings().table, nominations().table,
		purposes().table, categories().table, retentionRules().table, agreementRecords().table, assessments().table,
		staleCauses().table, assessmentTemplates().table,
		subjects().table, consents().table, transfers().table, sealedFiles().table, pullSessions().table,
		holds().table, dpoApprovals().table, notices().table, disclosures().table, legalCases().table, incidentRecords().table, clearances().table,
		destructions().table, agreementTemplates().table, agreementScans().table,
	}
}

// CaveatGone stands on a report that ends with tables that are not there.
const CaveatGone = "Whole tables are gone. Nothing else was compared."

// tables finds tables that are gone, and tables beside the log's that no
// migration made.
func (t *tx) tables(ctx context.Context) (gone, strange []ledger.Finding, err error) {
	query := "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
	if t.store.engine == Postgres {
		query = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
	}
	var there []string
	if err := t.query(ctx, func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		there = append(there, name)
		return err
	}, query); err != nil {
		return nil, nil, failed("the tables", err)
	}
	wanted := append(exported(), "uploads", "mission_keys", "authority_keys")
	for _, name := range wanted {
		if !slices.Contains(there, name) {
			gone = append(gone, ledger.Finding{Table: name, Row: "all", What: "the table is gone"})
		}
	}
	for _, name := range there {
		if strings.HasPrefix(name, "log_") && !slices.Contains(wanted, name) {
			strange = append(strange, ledger.Finding{Table: name, Row: "all", What: "no migration made this table"})
		}
	}
	return gone, strange, nil
}
