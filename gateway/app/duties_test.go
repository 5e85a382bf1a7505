package app_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"safeconduct/config"
	"safeconduct/gateway/app"
	"safeconduct/gateway/duty"
	"safeconduct/transfer/blob"
	"safeconduct/transfer/consent"
	"safeconduct/transfer/seal"
)

// acts is every act on a part, with the duty that it belongs to; empty for what each may.
func acts(p app.Parts) map[string]struct {
	of duty.Duty
	do func(ctx context.Context) error
} {
	type act = struct {
		of duty.Duty
		do func(ctx context.Context) error
	}
	b := seal.NewBinding("i", "t")
	unwrap := func(name seal.KeyName) func(context.Context) error {
		return func(ctx context.Context) error { _, err := p.Keys.Unwrap(ctx, name, b, "local:v1:AAAA"); return err }
	}
	return map[string]act{
		"data key":       {duty.Intake, func(ctx context.Context) error { _, _, err := p.Keys.NewDataKey(ctx, "agr-1", b); return err }},
		"unwrap payload": {duty.Release, unwrap("agr-1")},
		"unwrap mission": {duty.Intake, unwrap(consent.KeyOf("1"))},
		"unwrap rows":    {"", unwrap(app.AuthorityKey)},
		"ensure":         {duty.Keeper, func(ctx context.Context) error { return p.Keeper.Ensure(ctx, "agr-2") }},
		"rotate":         {duty.Keeper, func(ctx context.Context) error { _, err := p.Keeper.Rotate(ctx, "agr-2"); return err }},
		"rewrap": {duty.Keeper, func(ctx context.Context) error {
			_, err := p.Keeper.Rewrap(ctx, "agr-2", b, "local:v1:AAAA")
			return err
		}},
		"trim":        {duty.Keeper, func(ctx context.Context) error { return p.Keeper.Trim(ctx, "agr-2", 1) }},
		"sign":        {duty.Sequencer, func(ctx context.Context) error { _, _, err := p.Signer.Sign(ctx, []byte("note")); return err }},
		"public keys": {"", func(ctx context.Context) error { _, err := p.Signer.PublicKeys(ctx); return err }},
		"create":      {duty.Intake, func(ctx context.Context) error { return p.Blobs.Create(ctx, "a/1", nil, blob.DigestOf(nil)) }},
		"repeat":      {duty.Intake, func(ctx context.Context) error { return p.Blobs.Repeat(ctx, "a/1", nil, blob.DigestOf(nil)) }},
		"open": {duty.Release, func(ctx context.Context) error {
			r, err := p.Blobs.Open(ctx, "a/1")
			if err == nil {
				err = r.Close()
			}
			return err
		}},
		"delete": {duty.Keeper, func(ctx context.Context) error { return p.Blobs.Delete(ctx, "a/1") }},
		"list": {duty.Keeper, func(ctx context.Context) error {
			for _, err := range p.Blobs.List(ctx, "a/") {
				return err
			}
			return nil
		}},
	}
}

// TestPartsByDuty: what belongs to a duty that is not played is refused by name, and never done under another's login.
func TestPartsByDuty(t *testing.T) {
	open := func(dir string, duties ...string) *app.App {
		t.Helper()
		c := config.Default(nil)
		c.Data, c.Duty = dir, duties
		a, err := app.Open(t.Context(), c, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	dir := t.TempDir()
	if err := open(dir, duty.Names()...).Close(); err != nil { // which makes the key of rows
		t.Fatal(err)
	}
	for _, d := range duty.All() {
		a := open(dir, string(d))
		for name, act := range acts(a.Parts) {
			t.Run("R49 "+string(d)+": "+name, func(t *testing.T) {
				err := act.do(t.Context())
				var other *duty.OtherError
				refused := errors.As(err, &other)
				if mine := act.of == d || act.of == ""; mine == refused {
					t.Errorf("refused %t: %v", refused, err)
				}
				if refused && other.Needs != act.of {
					t.Errorf("it names %s, not %s", other.Needs, act.of)
				}
			})
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Run("R49 a process that may not make the key of rows does not begin a system", func(t *testing.T) {
		c := config.Default(nil)
		c.Data, c.Duty = t.TempDir(), []string{"release"}
		var other *duty.OtherError
		if _, err := app.Open(t.Context(), c, io.Discard); !errors.As(err, &other) {
			t.Errorf("got %v", err)
		}
	})
}
