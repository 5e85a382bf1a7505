package servers

import (
	"errors"
	"testing"
)

func TestAdaptTheVaultSDK(t *testing.T) {
	const restore = `func (lm *LockManager) RestorePolicy(ctx context.Context, force bool) error {
	if err != nil {
		return err
	}
	return nil
}

func other() error {
	return nil
}
`
	const restored = `func (lm *LockManager) RestorePolicy(ctx context.Context, force bool) (string, error) {
	if err != nil {
		return "", err
	}
	return name, nil
}

func other() error {
	return nil
}
`
	for _, c := range []struct {
		name         string
		adapt        func(string) (string, error)
		source, want string
	}{
		{
			"activation", adaptActivation,
			"\tActivationFunc func(context.Context, *logical.Request, string) error\n",
			"\tActivationFunc func(context.Context, *logical.Request) error\n",
		},
		{"restore, and nothing after it", adaptRestore, restore, restored},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := c.adapt(c.source); err != nil || got != c.want {
				t.Errorf("%v, got:\n%s", err, got)
			}
			// A source that has moved on must stop the build, not pass by unadapted.
			for _, other := range []string{"", c.want} {
				if _, err := c.adapt(other); !errors.Is(err, errUnexpectedSource) {
					t.Errorf("%q answers %v, want errUnexpectedSource", other, err)
				}
			}
		})
	}
}
