package vaulttransit

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/vault/api"

	"safeconduct/transfer/seal"
)

const (
	retries      = 2
	minRetryWait = 100 * time.Millisecond
	maxRetryWait = time.Second
)

// Client is a session with one Vault. It is safe for concurrent use.
type Client struct {
	config  Config
	log     *slog.Logger
	http    *http.Client
	vault   *api.Client // repeats what failed
	once    *api.Client // does not: for what is not idempotent, and for renewal
	session session

	life context.Context // ends with Close, which has no caller's
	end  context.CancelFunc
	done sync.WaitGroup

	mu      sync.Mutex
	derived map[seal.KeyName]bool // proved so, by this process
}

var (
	_ seal.KeyWrapper = (*Client)(nil)
	_ seal.KeyKeeper  = (*Client)(nil)
)

// Open logs in and returns a client that stays logged in until Close. A Vault
// that cannot be reached, or refuses the login, is seal.ErrUnavailable. Events
// of the session are logged, without tokens.
func Open(ctx context.Context, config Config, log *slog.Logger) (*Client, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	if config.RoleIDFile == "" || config.SecretIDFile == "" {
		return nil, errors.New("vault: role_id_file or secret_id_file is missing: name the files that hold the two halves of the AppRole login")
	}
	c := &Client{config: config.withDefaults(), log: log, derived: map[seal.KeyName]bool{}}
	if err := c.connect(); err != nil {
		return nil, err
	}
	c.session.init()
	c.life, c.end = context.WithCancel(context.WithoutCancel(ctx))
	if err := c.login(ctx, 0); err != nil {
		c.end()
		c.http.CloseIdleConnections()
		return nil, err
	}
	c.done.Go(c.stayLoggedIn)
	return c, nil
}

// Close ends the session and revokes its token. It waits for what the session
// has under way, at most Config.Timeout. An error says that the token was not
// revoked: it then ends by itself.
func (c *Client) Close() error {
	c.end()
	c.done.Wait()
	defer c.http.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.life), c.config.Timeout)
	defer cancel()
	_, err := c.once.Logical().WriteWithContext(ctx, "auth/token/revoke-self", nil)
	if err = explain(ctx, "revoking the session's token", err); err != nil && !invalidToken(err) {
		return err
	}
	return nil
}

// connect prepares the clients, heeding nothing in the environment.
func (c *Client) connect() error {
	roots, err := loadRoots(c.config.CAFile)
	if err != nil {
		return err
	}
	c.http = &http.Client{
		Transport: &http.Transport{
			// No proxy: data keys take no way that is not configured.
			TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
			TLSHandshakeTimeout: c.config.Timeout,
			ForceAttemptHTTP2:   true,
			MaxIdleConnsPerHost: 16,
			IdleConnTimeout:     90 * time.Second,
		},
		// As package api wants it: it follows redirects itself, once.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if c.vault, err = c.newClient(retries); err != nil {
		return err
	}
	c.once, err = c.newClient(0)
	return err
}

func (c *Client) newClient(retries int) (*api.Client, error) {
	client, err := api.NewClient(&api.Config{
		Address:      c.config.Address,
		HttpClient:   c.http,
		Timeout:      c.config.Timeout,
		MaxRetries:   retries,
		MinRetryWait: minRetryWait,
		MaxRetryWait: maxRetryWait,
	})
	if err != nil {
		return nil, fmt.Errorf("preparing a client of Vault: %w", err)
	}
	// NewClient takes these from the environment.
	client.ClearToken()
	client.SetHeaders(http.Header{api.RequestHeaderName: {"true"}})
	if c.config.Namespace != "" {
		client.SetNamespace(c.config.Namespace)
	}
	return client, nil
}

func loadRoots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil // the system's, to package tls
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("vault: reading ca_file: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("vault: ca_file %s holds no certificate in PEM", file)
	}
	return roots, nil
}

// call does one request, and once more under a new token if Vault does not know
// this one. The answer has data, or the error is one of package seal's, an
// answer, or the context's.
func (c *Client) call(ctx context.Context, doing string, request func() (*api.Secret, error)) (answer, error) {
	if c.life.Err() != nil {
		return nil, fmt.Errorf("%s: the client is closed: %w", doing, seal.ErrUnavailable)
	}
	token := c.session.generation()
	secret, err := request()
	err = explain(ctx, doing, err)
	if invalidToken(err) {
		c.log.InfoContext(ctx, "Vault no longer knows this process's token; logging in again")
		if err := c.login(ctx, token); err != nil {
			return nil, fmt.Errorf("%s: %w", doing, err)
		}
		secret, err = request()
		err = explain(ctx, doing, err)
	}
	if err != nil {
		return nil, err
	}
	if secret == nil {
		return nil, nil
	}
	return secret.Data, nil
}

// write posts body to a path of the transit engine.
func (c *Client) write(ctx context.Context, with *api.Client, doing, path string, body map[string]any) (answer, error) {
	return c.call(ctx, doing, func() (*api.Secret, error) {
		return with.Logical().WriteWithContext(ctx, c.config.Mount+"/"+path, body)
	})
}

// read gets a path of the transit engine; what is not there is ErrKeyUnknown.
func (c *Client) read(ctx context.Context, doing, path string) (answer, error) {
	a, err := c.call(ctx, doing, func() (*api.Secret, error) {
		return c.vault.Logical().ReadWithContext(ctx, c.config.Mount+"/"+path)
	})
	if err == nil && a == nil {
		return nil, fmt.Errorf("%s: %w", doing, seal.ErrKeyUnknown)
	}
	return a, err
}
