package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"safeconduct/authz/evidence"
)

// KeepFacts implements transfer.FactsTx.
func (t *tx) KeepFacts(ctx context.Context, bodies ...[]byte) error {
	args, rows := make([]any, 0, 2*len(bodies)), make([]string, 0, len(bodies))
	for _, b := range bodies {
		args = append(args, evidence.DigestOf(b), b)
		rows = append(rows, fmt.Sprintf("($%d, $%d)", len(args)-1, len(args)))
	}
	if err := t.exec(ctx, "INSERT INTO decision_facts (digest, body) VALUES "+strings.Join(rows, ", ")+" ON CONFLICT (digest) DO NOTHING", args...); err != nil {
		return fmt.Errorf("keeping the facts of a decision: %w", err)
	}
	return nil
}

// Facts implements transfer.FactsTx.
func (t *tx) Facts(ctx context.Context, digest string) ([]byte, error) {
	var body []byte
	found := false
	if err := t.query(ctx, func(rows *sql.Rows) error {
		found = true
		return rows.Scan(&body)
	}, "SELECT body FROM decision_facts WHERE digest = $1", digest); err != nil {
		return nil, fmt.Errorf("reading the facts of a decision: %w", err)
	}
	switch {
	case !found:
		return nil, evidence.ErrNotFound
	case evidence.DigestOf(body) != digest:
		return nil, &evidence.TamperedError{Ref: evidence.Ref{Kind: "facts", ID: digest}, What: "its content has another digest"}
	}
	return body, nil
}

// refsPerQuery keeps a statement below the engines' limit of parameters.
const refsPerQuery = 300

// Versions implements transfer.FactsTx.
func (t *tx) Versions(ctx context.Context, refs []evidence.Ref) (map[evidence.Ref][]byte, error) {
	found := make(map[evidence.Ref][]byte, len(refs))
	for len(refs) > 0 {
		n := min(len(refs), refsPerQuery)
		args, in := make([]any, 0, 3*n), make([]string, 0, n)
		for _, r := range refs[:n] {
			args = append(args, r.Kind, r.ID, r.Version)
			k := len(args)
			in = append(in, "(v.kind = $"+strconv.Itoa(k-2)+" AND v.id = $"+strconv.Itoa(k-1)+" AND v.version = $"+strconv.Itoa(k)+")")
		}
		refs = refs[n:]
		if err := t.query(ctx, func(rows *sql.Rows) error {
			var ref evidence.Ref
			var body, mac []byte
			if err := rows.Scan(&ref.Kind, &ref.ID, &ref.Version, &body, &mac); err != nil {
				return fmt.Errorf("scanning: %w", err)
			}
			if _, ok := tagged(t.store.opts.Authority, mac, ref.Kind, ref.ID, ref.Version, body); !ok {
				return &evidence.TamperedError{Ref: ref, What: "its content is not what was written"}
			}
			found[ref] = body
			return nil
		}, "SELECT v.kind, v.id, v.version, v.body, v.mac FROM record_versions v WHERE "+strings.Join(in, " OR "), args...); err != nil {
			return nil, fmt.Errorf("reading versions of records: %w", err)
		}
	}
	return found, nil
}
