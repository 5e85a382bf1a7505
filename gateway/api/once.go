package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/gateway/edge"
	"safeconduct/transfer"
	"safeconduct/transfer/gate"
)

// Writes are repeatable (draft-ietf-httpapi-idempotency-key-header). A request with an Idempotency-Key claims it first.
// The transaction that records its act writes the ids of the act's log entries down beside the claim, so that the act is
// done once whatever breaks between it and its answer. Who sends the same request again is then answered by reading what
// the act made or changed, as it is now and as they may see it now. A request that fails, and has recorded no act, leaves
// its key free.

// Claims keeps which acts were recorded under which keys. It holds hashes and ids, never a key, a body or an answer.
type Claims interface {
	// Claim takes the slot for the claim, or tells whose it is. See evidence.Claim.
	Claim(ctx context.Context, claim evidence.Claim, stamp string) (evidence.Claimed, error)
	// Release frees the slot, unless an act is recorded under the claim.
	Release(ctx context.Context, claim evidence.Claim) error
	// Acts reads entries of the log: of an act of the person. ErrNotFound: the body of one is gone. A TamperedError: one is
	// another's.
	Acts(ctx context.Context, person string, ids []string) ([]evidence.Entry, error)
	// Wait waits until the entries are under a signed checkpoint.
	Wait(ctx context.Context, ids ...string) error
}

const (
	keyHeader = "Idempotency-Key"
	maxKey    = 255 // characters

	releaseWait = 5 * time.Second
)

const aboutKey = "makes the request repeatable: 1 to 255 visible ASCII characters, such as a UUID in quotes, new for each request. Sent again " +
	"with the same key and the same bytes within 24 hours, it is answered with the same status and the resource as it is then, " +
	"and nothing is done twice; while the first is still at work the answer is 409 in-progress, and 422 key-reused to another " +
	"request under the key. A request that failed leaves the key free"

func unsafe(method string) bool { return method != http.MethodGet && method != http.MethodHead }

// repeatable is a request with a key.
type repeatable struct {
	slot  string // of the caller and the key
	print string // of the request; keyed, since bodies hold what could be guessed
}

type repeatableKey struct{}

// keyed reads the key of a write, whose body was read.
func (r *routes) keyed(hctx huma.Context, body []byte) (huma.Context, error) {
	var values []string
	hctx.EachHeader(func(name, value string) {
		if strings.EqualFold(name, keyHeader) {
			values = append(values, value)
		}
	})
	if len(values) == 0 || !unsafe(hctx.Method()) {
		return hctx, nil
	}
	content, u := sha256.Sum256(body), hctx.URL()
	key, err := r.repeatable(hctx.Context(), values, hctx.Method(), u.EscapedPath(), hex.EncodeToString(content[:]))
	if err != nil {
		return hctx, err
	}
	return huma.WithValue(hctx, repeatableKey{}, key), nil
}

// repeatable reads the key of a request, which is the same again where method, path and content are.
func (r *routes) repeatable(ctx context.Context, values []string, method, path string, content ...string) (repeatable, error) {
	key := values[0]
	if len(values) > 1 || key == "" || len(key) > maxKey || strings.ContainsFunc(key, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return repeatable{}, fmt.Errorf("%w: %s is given once, of 1 to %d visible ASCII characters", edge.ErrMalformed, keyHeader, maxKey)
	}
	slot := sha256.Sum256([]byte("slot\n" + edge.Caller(ctx).Person + "\n" + key))
	stamp := r.server.Keyed([]byte(strings.Join(append([]string{"print", key, method, path}, content...), "\n")))
	return repeatable{hex.EncodeToString(slot[:]), stamp}, nil
}

// once does an act, or, where it was done under the request's key before, answers with what became of it.
func once[I, T any](ctx context.Context, r *routes, in *I, act func(context.Context, authz.Caller, *I) (T, error), again again[T]) (T, error) {
	var none T
	key, ok := ctx.Value(repeatableKey{}).(repeatable)
	if !ok {
		return call(ctx, in, act)
	}
	path, err := pathOf(in)
	if err != nil {
		return none, edge.Huma(err, ctx)
	}
	v, err := under(ctx, r, key, path, func(claim evidence.Claim) (T, error) {
		return act(claim.In(ctx), edge.Caller(ctx), in)
	}, again)
	if err != nil {
		return none, edge.Huma(err, ctx)
	}
	return v, nil
}

// under does an act under a claim to the slot of the key, or answers with what became of the one that has it.
func under[T any](ctx context.Context, r *routes, key repeatable, path []string, act func(evidence.Claim) (T, error), again again[T]) (T, error) {
	var none T
	claim := evidence.NewClaim(key.slot, edge.RequestID(ctx))
	claimed, err := r.Claims.Claim(ctx, claim, key.print)
	switch {
	case err != nil:
		return none, err
	case claimed.Held:
		v, err := act(claim)
		if err != nil || !claim.Acted() {
			r.release(ctx, claim)
		}
		return v, err
	case claimed.Print != key.print:
		return none, edge.ErrKeyReused
	case len(claimed.Entries) == 0:
		return none, edge.ErrRunning
	}
	return repeat(ctx, r, claimed.Entries, path, again)
}

func (r *routes) release(ctx context.Context, claim evidence.Claim) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseWait)
	defer cancel()
	_ = r.Claims.Release(ctx, claim) // where it fails the lease of the claim ends by itself
}

func repeat[T any](ctx context.Context, r *routes, ids, path []string, again again[T]) (T, error) {
	var none T
	caller := edge.Caller(ctx)
	entries, err := r.Claims.Acts(ctx, caller.Person, ids)
	if errors.Is(err, evidence.ErrNotFound) {
		return none, &edge.ShownError{}
	} else if err != nil {
		return none, err
	}
	// What the first answer waited for, this one does too.
	if slices.ContainsFunc(entries, func(e evidence.Entry) bool { return e.Phase == string(gate.Commit) }) {
		if err := r.Claims.Wait(ctx, ids...); err != nil {
			return none, fmt.Errorf("%w: %w", transfer.ErrLogUnavailable, err)
		}
	}
	return again(ctx, caller, done{path, entries})
}
