package e2e

import (
	"testing"

	"safeconduct/gateway/duty"
)

// remake has a transit key be as an operator's mistake, or an insider, leaves it.
func (p *plant) remake(name string, properties map[string]any) {
	p.t.Helper()
	root, err := p.Servers.Vault.Client()
	if err != nil {
		p.t.Fatal(err)
	}
	path := "transit/keys/" + name
	there, err := root.Logical().ReadWithContext(p.t.Context(), path)
	if err != nil {
		p.t.Fatal(err)
	}
	if there != nil {
		vaultRoot(p.t, p.Servers.Vault, path+"/config", map[string]any{"deletion_allowed": true})
		if _, err := root.Logical().DeleteWithContext(p.t.Context(), path); err != nil {
			p.t.Fatal(err)
		}
	}
	vaultRoot(p.t, p.Servers.Vault, path, properties)
}

// TestProductionRefusesKeys: a process looks at its keys before it serves, each duty by a right that it has anyway (R49).
func TestProductionRefusesKeys(t *testing.T) {
	p := newPlant(t)
	p.migrate()
	p.serves(t, p.Config) // which makes the key of rows
	derived := map[string]any{"derived": true}
	const agreement, mission = "0198f7a4-0000-7000-8000-000000000001", "0198f7a4-0000-7000-8000-000000000002"
	p.remake("agr-"+agreement, derived)
	p.remake("mis-"+mission, derived)
	p.sql("INSERT INTO agreements (id, version, mission, partner, state, valid_until) VALUES ($1, 1, '', '', 'draft', 0)", agreement)
	p.sql("INSERT INTO missions (id, version) VALUES ($1, 1)", mission)
	each := func(t *testing.T, want []string, duties ...duty.Duty) {
		t.Helper()
		for _, d := range duties {
			p.refuses(t, p.Config, want, "--duty", string(d))
		}
	}
	t.Run("R49 keys as they must be", func(t *testing.T) {
		for _, d := range duty.Names() {
			p.serves(t, p.Config, "--duty", d)
		}
	})
	for _, c := range []struct {
		name, key  string
		properties map[string]any
		want       string
		by         []duty.Duty
	}{
		{"an agreement's key that is not derived", "agr-" + agreement, nil, "not derived", []duty.Duty{duty.Intake, duty.Release, duty.Keeper}},
		{"an agreement's key that can be exported", "agr-" + agreement, map[string]any{"derived": true, "exportable": true}, "can be taken out of Vault", []duty.Duty{duty.Keeper}},
		{"an agreement's key of another type", "agr-" + agreement, map[string]any{"type": "chacha20-poly1305", "derived": true}, "another type", []duty.Duty{duty.Keeper}},
		{"a mission's key that is not derived", "mis-" + mission, nil, "not derived", []duty.Duty{duty.Intake, duty.Keeper}},
	} {
		t.Run("R49 "+c.name, func(t *testing.T) {
			p.remake(c.key, c.properties)
			each(t, []string{"profile production refuses to start", c.key, c.want}, c.by...)
			p.refuses(t, p.Config, []string{c.key, c.want})
			p.remake(c.key, derived)
		})
	}
	for _, c := range []struct {
		name       string
		properties map[string]any
	}{
		{"the log's key of another type", map[string]any{"type": "ecdsa-p256"}},
		{"the log's key that can be exported", map[string]any{"type": "ed25519", "exportable": true}},
		{"the log's key that is derived", map[string]any{"type": "ed25519", "derived": true}},
	} {
		t.Run("R52 "+c.name, func(t *testing.T) {
			p.remake("safeconduct-log", c.properties)
			each(t, []string{"profile production refuses to start", "log.vault_key"}, duty.All()...)
		})
	}
	p.remake("safeconduct-log", map[string]any{"type": "ed25519"})
	t.Run("R49 the key of rows that is not derived", func(t *testing.T) {
		p.remake("safeconduct-authority", nil)
		each(t, []string{"profile production refuses to start", "safeconduct-authority", "not derived"}, duty.All()...)
	})
}
