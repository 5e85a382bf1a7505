package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"safeconduct/gateway/duty"
	"safeconduct/transfer/seal/vaulttransit"
)

// ending is a key service that knows how long it can be logged in to.
type ending interface {
	LoginEnds(ctx context.Context) (time.Time, error)
}

// loginEnds tell, by duty, when its login to the key service ends: long before its token, which may be renewed for a day
// after the last login that was possible, and so before anything fails.
func (a *App) loginEnds() map[string]func(context.Context) (time.Time, error) {
	all := map[string]func(context.Context) (time.Time, error){}
	for _, d := range a.opened.logins.played {
		if keys, ok := a.opened.logins.of[d].keys.(ending); ok {
			all[string(d)] = loginEnd(keys, d, a.Log, time.Now)
		}
	}
	return all
}

// loginEnd asks for the end. A secret id that the key service does not know has ended now. Where it cannot be learnt, that
// is told: no alarm would ring then.
func loginEnd(keys ending, d duty.Duty, log *slog.Logger, now func() time.Time) func(context.Context) (time.Time, error) {
	return func(ctx context.Context) (time.Time, error) {
		end, err := keys.LoginEnds(ctx)
		switch {
		case errors.Is(err, vaulttransit.ErrLoginEnded):
			log.ErrorContext(ctx, "the login to the key service has ended, and its last token is in use", "duty", string(d), "error", err)
			return now(), nil
		case err != nil:
			log.WarnContext(ctx, "it cannot be told when the login to the key service ends: is the policy that of deploy/vault?", "duty", string(d), "error", err)
		}
		return end, err
	}
}
