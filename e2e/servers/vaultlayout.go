package servers

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"

	policy "safeconduct/deploy/vault"
)

// Login says what an AppRole may do and how long its tokens live.
type Login struct {
	Duties []string // of Duties(); their policies are joined
	// TTL and MaxTTL are those of the token: it can be renewed by TTL until
	// MaxTTL after its making. Zero means ten minutes and a day.
	TTL, MaxTTL time.Duration
	// Uses is how often a token may be used; zero means any number.
	Uses int
}

// layOut mounts transit, enables AppRole, writes the policies of the duties and
// creates the key of the evidence log, each unless it is there.
func (v *Vault) layOut(ctx context.Context) error {
	client, err := v.Client()
	if err != nil {
		return err
	}
	mounts, err := client.Sys().ListMountsWithContext(ctx)
	if err != nil {
		return fmt.Errorf("list mounts: %w", err)
	}
	if _, there := mounts[TransitMount+"/"]; !there {
		if err := client.Sys().MountWithContext(ctx, TransitMount, &api.MountInput{Type: "transit"}); err != nil {
			return fmt.Errorf("mount transit: %w", err)
		}
	}
	auths, err := client.Sys().ListAuthWithContext(ctx)
	if err != nil {
		return fmt.Errorf("list login methods: %w", err)
	}
	if _, there := auths["approle/"]; !there {
		if err := client.Sys().EnableAuthWithOptionsWithContext(ctx, "approle", &api.EnableAuthOptions{Type: "approle"}); err != nil {
			return fmt.Errorf("enable AppRole: %w", err)
		}
	}
	for _, duty := range Duties() {
		rules, err := policy.Policy(duty)
		if err != nil {
			return err
		}
		if err := client.Sys().PutPolicyWithContext(ctx, policyName(duty), rules); err != nil {
			return fmt.Errorf("write the policy of %s: %w", duty, err)
		}
	}
	return createLogKey(ctx, client)
}

// createLogKey relies on transit leaving a key of that name as it is.
func createLogKey(ctx context.Context, client *api.Client) error {
	path := TransitMount + "/keys/" + LogKey
	if _, err := client.Logical().WriteWithContext(ctx, path, map[string]any{"type": "ed25519"}); err != nil {
		return fmt.Errorf("create the key of the log: %w", err)
	}
	made, err := client.Logical().ReadWithContext(ctx, path)
	if err != nil {
		return fmt.Errorf("read back the key of the log: %w", err)
	}
	if made == nil || made.Data["type"] != "ed25519" {
		return fmt.Errorf("the key %s is there, but is not ed25519", LogKey)
	}
	return nil
}

func policyName(duty string) string { return "safeconduct-" + duty }

// NewRole creates or replaces the AppRole of that name and writes a fresh role
// id and secret id to files (mode 0600) in the server's directory. Tests of
// renewal and of denial make their own roles with it.
func (v *Vault) NewRole(ctx context.Context, name string, login Login) (RoleFiles, error) {
	client, err := v.Client()
	if err != nil {
		return RoleFiles{}, err
	}
	names := make([]string, 0, len(login.Duties))
	for _, duty := range login.Duties {
		names = append(names, policyName(duty))
	}
	path := "auth/approle/role/" + name
	_, err = client.Logical().WriteWithContext(ctx, path, map[string]any{
		"token_policies":          names,
		"token_no_default_policy": true, // the duty's own says what a token may do with itself
		"token_ttl":               orElse(login.TTL, 10*time.Minute).String(),
		"token_max_ttl":           orElse(login.MaxTTL, 24*time.Hour).String(),
		"token_num_uses":          login.Uses,
	})
	if err != nil {
		return RoleFiles{}, fmt.Errorf("write role %s: %w", name, err)
	}
	roleID, err := field(client.Logical().ReadWithContext(ctx, path+"/role-id"))("role_id")
	if err != nil {
		return RoleFiles{}, fmt.Errorf("read the id of role %s: %w", name, err)
	}
	secretID, err := field(client.Logical().WriteWithContext(ctx, path+"/secret-id", nil))("secret_id")
	if err != nil {
		return RoleFiles{}, fmt.Errorf("make a secret id for role %s: %w", name, err)
	}
	return v.writeRole(name, roleID, secretID)
}

func (v *Vault) writeRole(name, roleID, secretID string) (RoleFiles, error) {
	// Named afresh each time: a role made twice must not pull the files away
	// under a client of the first.
	stem := "role-" + name + "-" + strings.ToLower(rand.Text()[:8])
	roleFile, err := v.space.write(stem+"-role-id", roleID+"\n")
	if err != nil {
		return RoleFiles{}, err
	}
	secretFile, err := v.space.write(stem+"-secret-id", secretID+"\n")
	if err != nil {
		return RoleFiles{}, err
	}
	return RoleFiles{RoleIDFile: roleFile, SecretIDFile: secretFile}, nil
}

// DutyRole creates the AppRole of one duty (one of Duties) and gives its login.
func (v *Vault) DutyRole(ctx context.Context, duty string) (RoleFiles, error) {
	return v.NewRole(ctx, policyName(duty), Login{Duties: []string{duty}})
}

// field takes one string out of an answer.
func field(secret *api.Secret, err error) func(name string) (string, error) {
	return func(name string) (string, error) {
		if err != nil {
			return "", err
		}
		if secret == nil {
			return "", fmt.Errorf("the answer is empty")
		}
		value, ok := secret.Data[name].(string)
		if !ok || value == "" {
			return "", fmt.Errorf("the answer has no %s", name)
		}
		return value, nil
	}
}

func orElse(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}
