package api

import (
	"context"
	"slices"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/gateway/edge"
	"safeconduct/transfer"
	"safeconduct/transfer/gate"
)

// again answers a write that was done before: with a read, which authorises the caller anew.
type again[T any] func(context.Context, authz.Caller, done) (T, error)

// deniedApproval is what the entry of an approval that was denied holds.
const deniedApproval = "denied"

// done is what is known of an act that was recorded.
type done struct {
	path    []string // the ids in the path of the request
	entries []evidence.Entry
}

// ids are those of the records of a kind that the act wrote, in order, each once.
func (d done) ids(kind string) []string {
	var all []string
	seen := map[string]bool{}
	for _, e := range d.entries {
		for _, o := range e.Objects {
			if o.Kind == kind && !seen[o.ID] {
				seen[o.ID] = true
				all = append(all, o.ID)
			}
		}
	}
	return all
}

// made reads the record of the kind that the act made.
func made[T any](kind string, read func(context.Context, authz.Caller, string) (T, error)) again[T] {
	return func(ctx context.Context, c authz.Caller, d done) (T, error) {
		ids := d.ids(kind)
		if len(ids) == 0 {
			var none T
			return none, &edge.ShownError{}
		}
		return read(ctx, c, ids[0])
	}
}

// changed reads the record that the path names first.
func changed[T any](read func(context.Context, authz.Caller, string) (T, error)) again[T] {
	return func(ctx context.Context, c authz.Caller, d done) (T, error) { return read(ctx, c, d.path[0]) }
}

// listedAs finds the record of the kind that the act made in its list.
func listedAs[T any](kind string, list func(context.Context, authz.Caller) ([]T, error), id func(T) string) again[T] {
	return made(kind, func(ctx context.Context, c authz.Caller, wanted string) (T, error) {
		all, err := list(ctx, c)
		return among(all, err, wanted, id)
	})
}

func among[T any](all []T, err error, wanted string, id func(T) string) (T, error) {
	var none T
	if err != nil {
		return none, err
	}
	i := slices.IndexFunc(all, func(v T) bool { return id(v) == wanted })
	if i < 0 {
		return none, evidence.ErrNotFound
	}
	return all[i], nil
}

// shownOnce tells that the record of the kind was made, and what was shown of it is not shown again.
func shownOnce[T any](kind string) again[T] {
	return func(_ context.Context, _ authz.Caller, d done) (T, error) {
		var none T
		shown := &edge.ShownError{}
		if ids := d.ids(kind); len(ids) > 0 {
			shown.Made = ids[0]
		}
		return none, shown
	}
}

// transferAgain answers with the transfer as it is now, or, where the act ended in a refusal, with that refusal.
func (r *routes) transferAgain(ctx context.Context, c authz.Caller, d done) (transferView, error) {
	t, err := r.transferThen(ctx, c, d)
	return r.viewTransfer(ctx, t, err)
}

// approvalAgain is transferAgain for the answer of a second person, whose entry tells what it was.
func (r *routes) approvalAgain(ctx context.Context, c authz.Caller, d done) (transferView, error) {
	t, err := r.transferThen(ctx, c, d)
	return r.approved(ctx, t, d.entries[0].Result != deniedApproval, err)
}

func (r *routes) transferThen(ctx context.Context, c authz.Caller, d done) (transfer.Transfer, error) {
	ids := d.ids(transfer.KindTransfer)
	if len(ids) == 0 {
		ids = d.path // a decision to wait changes nothing
	}
	t, err := r.Transfers.Transfer(ctx, c, ids[0])
	if err != nil {
		return t, err
	}
	return t, refusedThen(t, d.decision())
}

// decision is the last entry of the act that is one of the gate's; what the system did with it may follow. Where there is
// none, it is the last.
func (d done) decision() evidence.Entry {
	for _, e := range slices.Backward(d.entries) {
		if e.Kind == evidence.Decision {
			return e
		}
	}
	return d.entries[len(d.entries)-1]
}

// refusedThen is the refusal that an act ended in, as the transfer has it, or as the log has it where the transfer was
// decided again since.
func refusedThen(t transfer.Transfer, last evidence.Entry) error {
	if last.Kind != evidence.Decision || last.Verdict != evidence.Refused {
		return nil
	}
	then := t.Decision
	if string(then.Phase) != last.Phase || !slices.Equal(then.Codes(), last.Codes) {
		then = gate.Decision{Phase: gate.Phase(last.Phase), Policy: last.Policy}
		for _, code := range last.Codes {
			then.Refusals = append(then.Refusals, gate.Refusal{Code: gate.Code(code), Phase: then.Phase, Object: last.Subject, Policy: last.Policy})
		}
	}
	return &transfer.RefusedError{Transfer: t.ID, Decision: then}
}
