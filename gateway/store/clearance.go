package store

import (
	"context"
	"time"

	"safeconduct/authz/people"
)

func trainings() record[people.TrainingRecord] {
	return record[people.TrainingRecord]{
		kind: people.KindTraining, table: "trainings", columns: []string{"person", "ends"},
		values: func(t people.TrainingRecord) []any { return []any{t.Person, endsDue(t.Expires, t.Expired)} },
		ident:  func(t people.TrainingRecord) (string, int) { return t.ID, t.Version },
	}
}

func undertakings() record[people.Undertaking] {
	return record[people.Undertaking]{
		kind: people.KindUndertaking, table: "undertakings", columns: []string{"person", "ends"},
		values: func(u people.Undertaking) []any { return []any{u.Person, endsDue(u.Expires, u.Expired)} },
		ident:  func(u people.Undertaking) (string, int) { return u.ID, u.Version },
	}
}

func nominations() record[people.Nomination] {
	return record[people.Nomination]{
		kind: people.KindNomination, table: "nominations", columns: []string{"partner", "waits"},
		values: func(n people.Nomination) []any { return []any{n.Partner, yes(n.State == people.NominationOpen)} },
		ident:  func(n people.Nomination) (string, int) { return n.ID, n.Version },
	}
}

// endsDue is the instant at which the log must say that a record has ended; 0
// where it says so.
func endsDue(ends time.Time, said bool) int64 {
	if said {
		return 0
	}
	return micros(&ends)
}

// whereDue selects what has ended and of which the log does not say so.
const whereDue = "WHERE r.ends > 0 AND r.ends <= $1 ORDER BY r.ends, r.id"

// Training implements people.TrainingTx.
func (t *tx) Training(ctx context.Context, id string) (people.TrainingRecord, error) {
	return one(ctx, t, trainings(), "WHERE r.id = $1", id)
}

// SaveTrainings implements people.TrainingTx.
func (t *tx) SaveTrainings(ctx context.Context, all []people.TrainingRecord) error {
	return saveAll(ctx, t, trainings(), all)
}

// TrainingsDue implements people.TrainingTx.
func (t *tx) TrainingsDue(ctx context.Context, now time.Time, most int) ([]people.TrainingRecord, error) {
	return due(ctx, t, trainings(), most, whereDue, now.UnixMicro())
}

// Undertaking implements people.UndertakingTx.
func (t *tx) Undertaking(ctx context.Context, id string) (people.Undertaking, error) {
	return one(ctx, t, undertakings(), "WHERE r.id = $1", id)
}

// SaveUndertaking implements people.UndertakingTx.
func (t *tx) SaveUndertaking(ctx context.Context, u people.Undertaking) error {
	return save(ctx, t, undertakings(), u)
}

// UndertakingsDue implements people.UndertakingTx.
func (t *tx) UndertakingsDue(ctx context.Context, now time.Time, most int) ([]people.Undertaking, error) {
	return due(ctx, t, undertakings(), most, whereDue, now.UnixMicro())
}

// Nomination implements people.NominationTx.
func (t *tx) Nomination(ctx context.Context, id string) (people.Nomination, error) {
	return one(ctx, t, nominations(), "WHERE r.id = $1", id)
}

// Nominations implements people.NominationTx.
func (t *tx) Nominations(ctx context.Context, partner string) ([]people.Nomination, error) {
	if partner == "" {
		return find(ctx, t, nominations(), "ORDER BY r.id")
	}
	return find(ctx, t, nominations(), "WHERE r.partner = $1 ORDER BY r.id", partner)
}

// SaveNomination implements people.NominationTx.
func (t *tx) SaveNomination(ctx context.Context, n people.Nomination) error {
	return save(ctx, t, nominations(), n)
}

// GrantsFrom implements people.GrantSetTx.
func (t *tx) GrantsFrom(ctx context.Context, origin string) ([]people.Grant, error) {
	return find(ctx, t, grants(), "WHERE r.origin = $1 AND r.origin <> '' ORDER BY r.id", origin)
}

// GrantsDue implements people.GrantSetTx.
func (t *tx) GrantsDue(ctx context.Context, now time.Time, most int) ([]people.Grant, error) {
	return due(ctx, t, grants(), most, whereDue, now.UnixMicro())
}

// GrantsAt implements people.GrantSetTx.
func (t *tx) GrantsAt(ctx context.Context, mission, partner string) ([]people.Grant, error) {
	switch {
	case mission != "":
		return find(ctx, t, grants(), "WHERE r.mission = $1 ORDER BY r.id", mission)
	case partner != "":
		return find(ctx, t, grants(), "WHERE r.partner = $1 ORDER BY r.id", partner)
	}
	return find(ctx, t, grants(), "ORDER BY r.id")
}
