package vaulttransit

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/vault/api"

	"safeconduct/transfer/seal"
)

const (
	minLoginWait = time.Second
	maxLoginWait = 30 * time.Second
	maxIDFile    = 4096
	// refusedWait is how long a login that Vault refused is not tried again:
	// Vault locks a role for a quarter of an hour after five of them, and the
	// login that an operator then puts in its place would be refused, too.
	refusedWait = 10 * time.Minute
)

// refused is a login that Vault refused.
type refused struct {
	pair [sha256.Size]byte // of the two ids
	at   time.Time
	err  error // nil where there is none
}

// session is the state of being logged in.
type session struct {
	lock     chan struct{} // holds one element while nobody logs in
	logins   atomic.Uint64 // that succeeded: the generation of the token
	failures atomic.Uint64
	failure  error            // of the last login; under lock
	refused  refused          // the last one; under lock
	role     atomic.Value     // string: the name that Vault gives the role
	fresh    chan *api.Secret // the newest login, for stayLoggedIn
}

func (s *session) init() {
	s.lock = make(chan struct{}, 1)
	s.lock <- struct{}{}
	s.fresh = make(chan *api.Secret, 1)
}

func (s *session) generation() uint64 { return s.logins.Load() }

// login replaces the token of the given generation. Of many callers one logs in;
// the others take its result, good or bad.
func (c *Client) login(ctx context.Context, generation uint64) error {
	s := &c.session
	failures := s.failures.Load()
	select {
	case <-s.lock:
		defer func() { s.lock <- struct{}{} }()
	case <-ctx.Done():
		return fmt.Errorf("logging in to Vault: %w", context.Cause(ctx))
	}
	if s.generation() != generation {
		return nil
	}
	if s.failures.Load() != failures {
		return s.failure
	}
	secret, err := c.appRole(ctx)
	if err != nil {
		if ctx.Err() == nil { // one caller's impatience is not the others' failure
			s.failure = err
			s.failures.Add(1)
		}
		return err
	}
	c.vault.SetToken(secret.Auth.ClientToken)
	c.once.SetToken(secret.Auth.ClientToken)
	s.role.Store(secret.Auth.Metadata["role_name"])
	s.logins.Add(1)
	select {
	case <-s.fresh: // one that nobody took yet
	default:
	}
	s.fresh <- secret // never waits: only the holder of the lock sends
	return nil
}

// appRole logs in with what the two files hold now; the caller has the lock.
// That they are refused is ErrUnavailable: whoever keeps the files can mend it
// under us. Until then, or for refusedWait, Vault is not asked again.
func (c *Client) appRole(ctx context.Context) (*api.Secret, error) {
	const doing = "logging in to Vault"
	role, err := readID(c.config.RoleIDFile)
	if err != nil {
		return nil, fmt.Errorf("%s: role_id_file: %w: %w", doing, seal.ErrUnavailable, err)
	}
	id, err := readID(c.config.SecretIDFile)
	if err != nil {
		return nil, fmt.Errorf("%s: secret_id_file: %w: %w", doing, seal.ErrUnavailable, err)
	}
	pair := sha256.Sum256([]byte(role + "\x00" + id))
	if last := c.session.refused; last.err != nil && last.pair == pair && time.Since(last.at) < refusedWait {
		return nil, last.err
	}
	client, err := c.newClient(retries) // without the token that is being replaced
	if err != nil {
		return nil, err
	}
	secret, err := client.Logical().WriteWithContext(ctx, "auth/"+c.config.AppRoleMount+"/login",
		map[string]any{"role_id": role, "secret_id": id})
	if err = explain(ctx, doing, err); err != nil {
		if status(err) > 0 {
			err = fmt.Errorf("%s: the AppRole login at %q is refused (status %d), see role_id_file, secret_id_file and approle_mount: %w",
				doing, c.config.AppRoleMount, status(err), seal.ErrUnavailable)
			c.session.refused = refused{pair: pair, at: time.Now(), err: err}
			return nil, err
		}
		return nil, err
	}
	if secret == nil || secret.Auth == nil || secret.Auth.ClientToken == "" {
		return nil, fmt.Errorf("%s: the answer holds no token: %w", doing, seal.ErrUnavailable)
	}
	return secret, nil
}

func readID(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", fmt.Errorf("opening: %w", err)
	}
	defer f.Close() //nolint:errcheck // opened for reading
	b := make([]byte, maxIDFile)
	n, err := f.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("reading %s: %w", file, err)
	}
	id := strings.TrimSpace(string(b[:n]))
	if id == "" {
		return "", fmt.Errorf("%s is empty: write the id into it", file)
	}
	if n == maxIDFile {
		return "", fmt.Errorf("%s holds no id", file)
	}
	return id, nil
}

// stayLoggedIn renews the token while that is possible, and logs in again when
// it is not, until Close.
func (c *Client) stayLoggedIn() {
	var secret *api.Secret
	for c.life.Err() == nil {
		if secret == nil {
			secret = c.awaitLogin(nil)
			continue
		}
		begun := time.Now()
		if secret = c.renew(secret); secret == nil {
			// Tokens that die at once must not become a storm of logins.
			secret = c.logInAgain(minLoginWait - time.Since(begun))
		}
	}
}

// renew keeps the token of secret alive. It returns the login that took its
// place, or nil when it nears its end for good, or at Close.
func (c *Client) renew(secret *api.Secret) *api.Secret {
	if secret.Auth.LeaseDuration <= 0 { // it never ends
		return c.awaitLogin(nil)
	}
	watcher, err := c.once.NewLifetimeWatcher(&api.LifetimeWatcherInput{Secret: secret})
	if err != nil {
		c.log.Error("cannot renew the token of Vault", "error", err)
		return c.awaitLogin(nil)
	}
	c.done.Go(watcher.Start)
	defer watcher.Stop()
	for {
		select {
		case <-c.life.Done():
			return nil
		case next := <-c.session.fresh:
			return next
		case <-watcher.RenewCh():
			c.log.Debug("the token of Vault was renewed")
		case err := <-watcher.DoneCh():
			if err != nil {
				c.log.Warn("the token of Vault was not renewed", "error", err)
			}
			return nil
		}
	}
}

// logInAgain logs in, after wait, until that succeeds, here or for a request. It
// returns nil at Close.
func (c *Client) logInAgain(wait time.Duration) *api.Secret {
	pause := minLoginWait
	for {
		if secret := c.awaitLogin(&wait); secret != nil || c.life.Err() != nil {
			return secret
		}
		err := c.login(c.life, c.session.generation())
		if err == nil {
			c.log.Debug("logged in to Vault again")
			return c.awaitLogin(nil)
		}
		c.log.Warn("cannot log in to Vault; trying again", "error", err, "after", pause)
		wait, pause = pause, min(2*pause, maxLoginWait)
	}
}

// awaitLogin returns the next login, or nil after wait (if there is one) or at
// Close.
func (c *Client) awaitLogin(wait *time.Duration) *api.Secret {
	var over <-chan time.Time
	if wait != nil {
		timer := time.NewTimer(*wait)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case secret := <-c.session.fresh:
		return secret
	case <-over:
	case <-c.life.Done():
	}
	return nil
}
