package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/hashicorp/vault/api"

	"safeconduct/gateway/duty"
)

// What StartVault lays out in a Vault.
const (
	TransitMount = "transit"
	// LogKey is the ed25519 transit key that signs the evidence log.
	LogKey = "safeconduct-log"
	// AllDuties is the AppRole that may do what all four duties may.
	AllDuties = "safeconduct"
)

// Duties are the AppRoles that StartVault makes beside AllDuties, each with the
// least policy for its part of the work (deploy/vault).
func Duties() []string { return duty.Names() }

const (
	unsealShares    = 3
	unsealThreshold = 2
)

// Vault is a Vault server with transit mounted, AppRole enabled, a policy and a
// role per duty, and the key of the evidence log. It runs as in production -
// integrated storage, initialised with several unseal shares - but for TLS.
// Its methods may be called concurrently, but for Halt, Resume, Restart, Crash,
// Stop.
type Vault struct {
	Address string // http://127.0.0.1:port
	Token   Secret // root, or the token given in EnvVaultToken
	// Role is AllDuties' login.
	Role RoleFiles

	space  *workspace
	cmd    command
	proc   *process
	shares []Secret
	given  bool
}

// RoleFiles are the two halves of an AppRole login, in files (mode 0600) as the
// client reads them.
type RoleFiles struct {
	RoleIDFile   string
	SecretIDFile string
}

// StartVault starts a private Vault below dir (os.TempDir() if empty), or takes
// the one that EnvVaultAddr and EnvVaultToken name. Either way it is laid out
// before it is returned; on a Vault that was given this adds what is missing and
// replaces the policies of the duties.
func StartVault(ctx context.Context, dir string) (*Vault, error) {
	address, token := os.Getenv(EnvVaultAddr), os.Getenv(EnvVaultToken)
	if (address == "") != (token == "") {
		return nil, fmt.Errorf("%s and %s must be set together", EnvVaultAddr, EnvVaultToken)
	}
	binary := ""
	if address == "" {
		var err error
		if binary, err = Locate("", "vault"); err != nil {
			return nil, err
		}
	}
	space, err := newWorkspace(dir, "vault")
	if err != nil {
		return nil, err
	}
	v := &Vault{Address: address, Token: Secret(token), space: space, given: address != ""}
	if err := v.start(ctx, binary); err != nil {
		return nil, errors.Join(fmt.Errorf("start Vault: %w", err), v.Stop())
	}
	return v, nil
}

func (v *Vault) start(ctx context.Context, binary string) error {
	if !v.given {
		data, err := v.space.mkdir("data")
		if err != nil {
			return err
		}
		if err := withPorts(ctx, 2, func(ports []int) error { return v.configure(ctx, binary, data, ports) }); err != nil {
			return err
		}
		if err := v.initialise(ctx); err != nil {
			return err
		}
		if err := v.Unseal(ctx); err != nil {
			return err
		}
	}
	if err := v.layOut(ctx); err != nil {
		return err
	}
	var err error
	v.Role, err = v.NewRole(ctx, AllDuties, Login{Duties: Duties()})
	return err
}

func (v *Vault) configure(ctx context.Context, binary, data string, ports []int) error {
	v.Address = "http://" + loopback(ports[0])
	config, err := v.space.write("vault.hcl", fmt.Sprintf(`
disable_mlock = true
ui            = false
log_level     = "warn"
api_addr      = %q
cluster_addr  = "https://%s"

storage "raft" {
  path                   = %q
  node_id                = "e2e"
  performance_multiplier = 1
}

listener "tcp" {
  address         = %q
  cluster_address = %q
  tls_disable     = true
}
`, v.Address, loopback(ports[1]), data, loopback(ports[0]), loopback(ports[1])))
	if err != nil {
		return err
	}
	v.cmd = command{
		name: "vault", path: binary, args: []string{"server", "-config=" + config},
		home: v.space.path, log: v.space.join("log"), onParentDeath: syscall.SIGKILL,
	}
	return v.up(ctx)
}

// up starts the process and waits until it answers, sealed or not.
func (v *Vault) up(ctx context.Context) error {
	client, err := v.Client()
	if err != nil {
		return err
	}
	if v.proc, err = spawn(v.cmd); err != nil {
		return err
	}
	return v.proc.await(ctx, func(ctx context.Context) error {
		_, err := client.Sys().InitStatusWithContext(ctx)
		return err
	})
}

func (v *Vault) initialise(ctx context.Context) error {
	client, err := v.Client()
	if err != nil {
		return err
	}
	made, err := client.Sys().InitWithContext(ctx, &api.InitRequest{
		SecretShares: unsealShares, SecretThreshold: unsealThreshold,
	})
	if err != nil {
		return fmt.Errorf("initialise: %w", err)
	}
	v.Token = Secret(made.RootToken)
	for _, share := range made.KeysB64 {
		v.shares = append(v.shares, Secret(share))
	}
	return nil
}

// Client gives a new client with the root token and without retries, so that a
// test sees the first answer. VAULT_TOKEN and the like do not touch it; those for
// TLS (VAULT_CACERT) do, for a server that was given by an https address.
func (v *Vault) Client() (*api.Client, error) {
	config := api.DefaultConfig()
	if config.Error != nil {
		return nil, fmt.Errorf("configure a Vault client: %w", config.Error)
	}
	config.Address, config.AgentAddress = v.Address, ""
	client, err := api.NewClient(config)
	if err != nil {
		return nil, fmt.Errorf("make a Vault client: %w", err)
	}
	client.SetMaxRetries(0)
	client.ClearNamespace()
	client.SetToken(v.Token.Reveal())
	return client, nil
}

// Seal seals the server: every operation but unsealing answers 503 from then on.
func (v *Vault) Seal(ctx context.Context) error {
	if v.given {
		return ErrExternal
	}
	client, err := v.Client()
	if err != nil {
		return err
	}
	if err := client.Sys().SealWithContext(ctx); err != nil {
		return fmt.Errorf("seal Vault: %w", err)
	}
	return nil
}

// Unseal unseals the server and waits until it is active.
func (v *Vault) Unseal(ctx context.Context) error {
	if v.given {
		return ErrExternal
	}
	client, err := v.Client()
	if err != nil {
		return err
	}
	for _, share := range v.shares[:unsealThreshold] {
		if _, err := client.Sys().UnsealWithContext(ctx, share.Reveal()); err != nil {
			return fmt.Errorf("unseal Vault: %w", err)
		}
	}
	return v.proc.await(ctx, func(ctx context.Context) error {
		leader, err := client.Sys().LeaderWithContext(ctx)
		if err != nil {
			return err
		}
		if !leader.IsSelf {
			return errors.New("it is unsealed but not active")
		}
		// Active, but possibly still bringing its mounts up.
		_, err = client.Sys().ListMountsWithContext(ctx)
		return err
	})
}

// Halt ends the server in order, keeping its data and its ports.
func (v *Vault) Halt() error { return v.down(syscall.SIGTERM) }

// Crash kills the server.
func (v *Vault) Crash() error { return v.down() }

// Freeze has the server keep its connections and answer nothing, until Thaw.
func (v *Vault) Freeze() error {
	if v.given {
		return ErrExternal
	}
	return v.proc.freeze()
}

// Thaw lets a frozen server go on.
func (v *Vault) Thaw() error {
	if v.given {
		return ErrExternal
	}
	return v.proc.thaw()
}

func (v *Vault) down(signals ...syscall.Signal) error {
	if v.given {
		return ErrExternal
	}
	if v.proc == nil {
		return nil
	}
	return v.proc.stop(signals...)
}

// Resume starts a halted or crashed server on the same port and data, unsealed.
func (v *Vault) Resume(ctx context.Context) error {
	if err := v.ResumeSealed(ctx); err != nil {
		return err
	}
	return v.Unseal(ctx)
}

// ResumeSealed is Resume up to the point where an operator would have to come.
func (v *Vault) ResumeSealed(ctx context.Context) error {
	if v.given {
		return ErrExternal
	}
	return v.up(ctx)
}

// Restart is Halt and Resume. Tokens stay valid: they lie in the storage.
func (v *Vault) Restart(ctx context.Context) error {
	if err := v.Halt(); err != nil {
		return err
	}
	return v.Resume(ctx)
}

// Stop ends the server and removes its directory, with the role files. A server
// that was given by its address keeps what was laid out in it.
func (v *Vault) Stop() error {
	var err error
	if !v.given {
		err = v.Halt()
	}
	return errors.Join(err, v.space.remove())
}
