package s3blob

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7"

	"safeconduct/transfer/blob"
)

// failure turns what minio-go answered into what the port promises. Of an answer of the store only its code and status
// are repeated, since the prose is the store's and may echo what was sent; of a network error, what this side knows.
func failure(ctx context.Context, doing string, name blob.Name, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("blob: %s %s: %w", doing, name, ctx.Err())
	}
	if timedOut(err) {
		return fmt.Errorf("blob: %s %s: %w: %w", doing, name, blob.ErrUnavailable, blob.ErrTimeout)
	}
	if kind := kindOf(err); kind != nil {
		return fmt.Errorf("blob: %s %s: %w: %s", doing, name, kind, explain(err))
	}
	return fmt.Errorf("blob: %s %s: %s", doing, name, explain(err))
}

// kindOf finds the sentinel for err, or nil where the store refused for good and none fits.
func kindOf(err error) error {
	answer, answered := errors.AsType[minio.ErrorResponse](err)
	if !answered {
		return blob.ErrUnavailable
	}
	switch {
	// Only the object's own absence is ErrNotFound. A bucket that is gone says nothing about the object.
	case answer.Code == minio.NoSuchKey:
		return blob.ErrNotFound
	case answer.Code == minio.NoSuchBucket:
		return blob.ErrUnavailable
	case answer.StatusCode == http.StatusPreconditionFailed:
		return blob.ErrExists
	case slices.Contains([]string{"XAmzContentSHA256Mismatch", "BadDigest", "InvalidDigest", "XAmzContentChecksumMismatch"}, answer.Code):
		return blob.ErrDigest
	case locked(answer):
		return blob.ErrLocked
	case passing(answer):
		return blob.ErrUnavailable
	case answer.StatusCode == http.StatusForbidden, answer.StatusCode == http.StatusUnauthorized:
		return blob.ErrDenied
	}
	return nil
}

func passing(answer minio.ErrorResponse) bool {
	switch answer.StatusCode {
	case http.StatusTooManyRequests, http.StatusRequestTimeout:
		return true
	case http.StatusConflict:
		// Others were at work on the same name. Any other conflict stays one.
		return answer.Code == "ConditionalRequestConflict" || answer.Code == "OperationAborted"
	}
	return answer.StatusCode >= http.StatusInternalServerError || answer.StatusCode < http.StatusBadRequest
}

// locked recognises a refusal to destroy. No code is its own: MinIO says InvalidRequest, AWS AccessDenied, and only the
// prose tells.
func locked(answer minio.ErrorResponse) bool {
	if answer.Code == "ObjectLocked" {
		return true
	}
	prose := strings.ToLower(answer.Message)
	return strings.Contains(prose, "worm protected") || strings.Contains(prose, "object lock")
}

// ambiguous tells whether a put that failed with err may have been carried out all the same.
func ambiguous(err error) bool { return errors.Is(kindOf(err), blob.ErrUnavailable) }

// refused tells whether the store said that it did nothing, for the sake of others at work.
func refused(err error) bool {
	answer, answered := errors.AsType[minio.ErrorResponse](err)
	return answered && answer.StatusCode >= http.StatusBadRequest && answer.StatusCode < http.StatusInternalServerError
}

var plainCode = regexp.MustCompile(`\A[A-Za-z0-9]{1,64}\z`)

func explain(err error) string {
	if answer, ok := errors.AsType[minio.ErrorResponse](err); ok {
		code := answer.Code
		if !plainCode.MatchString(code) {
			code = "unreadable code"
		}
		if answer.StatusCode == 0 {
			return "the store's answer makes no sense: " + code
		}
		return fmt.Sprintf("the store answered %d %s", answer.StatusCode, code)
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Error()
	}
	if untrusted, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return untrusted.Error()
	}
	for _, known := range []error{errStalled, errFlood, errStrange, errDisorder, io.ErrUnexpectedEOF, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return "connection or protocol failure"
}
