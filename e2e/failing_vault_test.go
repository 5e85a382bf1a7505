package e2e

import (
	"context"
	"os"
	"testing"

	"go.yaml.in/yaml/v3"

	"safeconduct/e2e/between"
)

// vaultFails: without the key service nothing is sealed, released or opened: a release
// counts when its checkpoint is signed.
func (d *disturbed) vaultFails(t *testing.T) {
	answered := func(name string, act func(context.Context, between.Request) between.Act) fault {
		return fault{
			name:  name,
			begin: func(*testing.T) { d.answer("vault", act) }, end: func(*testing.T) { d.answer("vault", nil) },
			upload: unavailable, approve: unavailable, pull: unavailable,
		}
	}
	sealed := answered("is sealed", nil)
	sealed.begin = func(t *testing.T) { d.must(d.all.Vault.Seal(t.Context())) }
	sealed.end = func(t *testing.T) { d.must(d.all.Vault.Unseal(t.Context())) }
	sealed.unready = "keys"
	hangs := answered("says nothing", nil)
	hangs.begin = func(*testing.T) { d.proxy["vault"].Stall() }
	hangs.end = func(*testing.T) { d.proxy["vault"].Resume() }
	hangs.unready = "keys"
	gone := answered("breaks every connection", nil)
	gone.begin = func(*testing.T) { d.proxy["vault"].Cut() }
	gone.end = func(*testing.T) { d.proxy["vault"].Restore() }
	revoked := answered("has revoked the tokens, and the secret ids are used up", nil)
	nonsense := answered("answers another thing than was asked", always(between.Before, between.Act{Status: 200, Body: `{"data":{"name":"nothing"}}`}))
	nonsense.upload = internal // no outage that passes: somebody must look
	var put func()
	revoked.begin = func(t *testing.T) {
		put = d.spoilSecrets()
		vaultRoot(t, d.all.Vault, "sys/leases/revoke-prefix/auth/approle/login", map[string]any{"sync": true})
	}
	revoked.end = func(*testing.T) { put() }
	d.run(t, "Vault", []fault{
		sealed, hangs, gone, revoked,
		answered("answers too late", late),
		answered("answers 500", always(between.Before, between.Act{Status: 500, Body: `{"errors":["internal error"]}`})),
		answered("answers 429", always(between.Before, between.Act{Status: 429, Body: `{"errors":["too many requests"]}`})),
		answered("refuses by its policy", always(between.Before, between.Act{Status: 403, Body: `{"errors":["permission denied"]}`})),
		answered("answers what is no JSON", always(between.Before, between.Act{Status: 200, Body: "<html>welcome</html>"})),
		nonsense,
		answered("does what was asked, and the answer is lost", always(between.After, between.Act{Break: true})),
	})
}

// spoilSecrets writes wrong secret ids where the gateway reads them, and answers
// with what puts the right ones back.
func (d *disturbed) spoilSecrets() (restore func()) {
	b, err := os.ReadFile(d.config)
	d.must(err)
	c := map[string]any{}
	d.must(yaml.Unmarshal(b, &c))
	right := map[string][]byte{}
	for _, login := range section(c, "duties") {
		file, ok := login.(map[string]any)["secret_id_file"].(string)
		if !ok {
			continue
		}
		right[file], err = os.ReadFile(file)
		d.must(err)
		d.must(os.WriteFile(file, []byte("11111111-2222-3333-4444-555555555555\n"), 0o600))
	}
	if len(right) == 0 {
		d.now.Fatal("the configuration names no secret id file")
	}
	return func() {
		for file, id := range right {
			d.must(os.WriteFile(file, id, 0o600))
		}
	}
}
