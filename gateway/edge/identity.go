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

// known reports whether the caller holds a valid token, has not sent too much and finds a place; otherwise it has
// answered. No token, nonsense, an expired and a revoked one get the same answer, 401 (gate condition 1); 503 is answered
// where the register cannot be read.
func (s *Server) known(c *gin.Context) bool {
	sc, ok := scopeOf(c.Request.Context())
	if !ok {
		c.AbortWithStatus(http.StatusInternalServerError)
		return false
	}
	// Who calls is asked on the connections that the class has: a withdrawal does not wait behind what anybody may read.
	// Of tokens that are not remembered, lines bound how many are asked at a time.
	c.Request = c.Request.WithContext(sc.class.within(c.Request.Context()))
	caller, ok := s.recognise(c)
	if !ok {
		return false
	}
	had, err := s.rates.take(c.Request.Context(), caller.Person, s.deps.Now())
	switch {
	case err != nil:
		WriteProblem(c, fmt.Errorf("%w: counting who calls: %w", evidence.ErrUnavailable, err))
		return false
	case !had:
		s.overRate(c, caller.Person)
		return false
	case !s.capacity.join(caller.Person, sc.class):
		s.limited(c, limitPerson)
		WriteProblem(c, errFull)
		return false
	}
	caller.Request, caller.Source = sc.id, s.commitment(c.ClientIP())
	sc.caller, sc.joined = caller, true
	return true
}

// recognise asks the register whose token it is; where it is nobody's, it has answered.
//
// Tokens cannot be guessed: what a flood of guesses costs is look-ups, and what it must not cost is that others from the
// same network are kept out. So a network that has failed too often in a minute is not closed: a token that was valid a
// short while ago passes as ever, and unknown ones are looked up a few at a time, all others being answered 429 unseen.
func (s *Server) recognise(c *gin.Context) (authz.Caller, bool) {
	now := s.deps.Now()
	source := s.commitment("network " + network(c.ClientIP()))
	blocked := s.sources.count(source, 0, now)
	secret, err := bearer(c.Request.Header)
	if err != nil {
		s.unknown(c, source, blocked, false)
		return authz.Caller{}, false
	}
	ctx, hash := c.Request.Context(), secret.Hash()
	person, remembered := s.tokens.person(hash, now)
	switch {
	case remembered && s.rates.over(person, now):
		s.overRate(c, person)
		return authz.Caller{}, false
	case !remembered:
		leave, ok := s.lines.enter(blocked)
		if !ok {
			s.unseen(c, source, blocked)
			return authz.Caller{}, false
		}
		defer leave()
	}
	caller, err := s.deps.Identity.Authenticate(ctx, secret)
	switch {
	case errors.Is(err, identity.ErrUnknown), err == nil && caller.Person == "": // nobody is not somebody
		s.tokens.forget(hash)
		s.unknown(c, source, blocked, true)
		return authz.Caller{}, false
	case err != nil:
		WriteProblem(c, fmt.Errorf("%w: reading who calls: %w", evidence.ErrUnavailable, err))
		return authz.Caller{}, false
	}
	s.tokens.remember(hash, caller.Person, now)
	return caller, true
}

// unknown answers who has no valid token.
func (s *Server) unknown(c *gin.Context, source string, blocked, looked bool) {
	switch {
	case !blocked:
		s.failed(c, source)
		WriteProblem(c, identity.ErrUnknown)
	case looked:
		s.failed(c, source)
		s.limited(c, limitSource)
		WriteProblem(c, &limitedError{untilNext(s.deps.Now())})
	default:
		s.overSource(c, source)
	}
}

// unseen answers whose token is not looked up, for want of a place in line.
func (s *Server) unseen(c *gin.Context, source string, blocked bool) {
	if blocked {
		s.overSource(c, source)
		return
	}
	s.limited(c, limitCapacity)
	WriteProblem(c, errFull)
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

// commitment stands for an address, or a network, in the log: equal ones look equal under the same SourceKey, and nobody
// can try addresses against it without the key.
func (s *Server) commitment(address string) string { return s.Keyed([]byte(address))[:32] }

// Keyed is a hex HMAC-SHA-256 of text under SourceKey.
func (s *Server) Keyed(text []byte) string {
	mac := hmac.New(sha256.New, s.sourceKey)
	mac.Write(text) // a hash never fails
	return hex.EncodeToString(mac.Sum(nil))
}
