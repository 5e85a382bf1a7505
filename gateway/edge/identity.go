package edge

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/identity"
)

// Authenticator recognises the holder of a token. identity.Desk is one. It answers identity.ErrUnknown for whatever is
// not a live token; any other error means that the register cannot be read.
type Authenticator interface {
	Authenticate(ctx context.Context, secret identity.Secret) (authz.Caller, error)
}

// identify lets only known callers pass. It runs before anything of the request but its headers is looked at.
func (s *Server) identify(c *gin.Context) { s.known(c) }

// known reports whether the caller holds a valid token; otherwise it has answered: 401, or 503 where the register cannot
// be read. No token, nonsense, an expired and a revoked one get the same answer (gate condition 1).
func (s *Server) known(c *gin.Context) bool {
	sc, ok := scopeOf(c.Request.Context())
	if !ok {
		c.AbortWithStatus(http.StatusInternalServerError)
		return false
	}
	secret, err := bearer(c.Request.Header)
	if err != nil {
		WriteProblem(c, err)
		return false
	}
	caller, err := s.deps.Identity.Authenticate(c.Request.Context(), secret)
	switch {
	case errors.Is(err, identity.ErrUnknown):
		WriteProblem(c, identity.ErrUnknown)
		return false
	case err != nil:
		WriteProblem(c, fmt.Errorf("%w: reading who calls: %w", evidence.ErrUnavailable, err))
		return false
	case caller.Person == "":
		WriteProblem(c, identity.ErrUnknown) // nobody is not somebody
		return false
	}
	caller.Request, caller.Source = sc.id, s.commitment(c.ClientIP())
	sc.caller = caller
	return true
}

// bearer reads the token of RFC 6750, section 2.1: one header, one scheme, one token.
func bearer(h http.Header) (identity.Secret, error) {
	values := h.Values("Authorization")
	if len(values) != 1 {
		return identity.Secret{}, identity.ErrUnknown
	}
	scheme, token, ok := strings.Cut(values[0], " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return identity.Secret{}, identity.ErrUnknown
	}
	return identity.ParseSecret(token) // it answers ErrUnknown
}

// commitment stands for an address in the log: equal addresses look equal for the life of the process, and nobody can
// try addresses against it without the key.
func (s *Server) commitment(address string) string {
	mac := hmac.New(sha256.New, s.sourceKey)
	mac.Write([]byte(address)) // a hash never fails
	return hex.EncodeToString(mac.Sum(nil)[:16])
}
