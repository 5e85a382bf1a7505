package edge_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/signing"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/gateway/edge"
	"safeconduct/transfer"
	"safeconduct/transfer/blob"
	"safeconduct/transfer/gate"
	"safeconduct/transfer/seal"
)

// refusal is an error as package transfer makes it.
type refusal struct{ decision gate.Decision }

func (refusal) Error() string            { return "refused" }
func (r refusal) Refused() gate.Decision { return r.decision }
func (refusal) TransferID() string       { return "tr-1" }

func answer(t *testing.T, b *bench, lang string, err error) (int, http.Header, edge.Problem) {
	t.Helper()
	r := b.request(t, http.MethodGet, "/api/v1/fail", nil)
	if lang != "" {
		r.Header.Set("Accept-Language", lang)
	}
	r = r.WithContext(context.WithValue(r.Context(), failKey{}, err))
	rec := b.do(r)
	return rec.Code, rec.Header(), problemIn(t, rec)
}

type failKey struct{}

func failing(t *testing.T) *bench {
	t.Helper()
	b := newBench(t)
	b.API().GET("/fail", func(c *gin.Context) {
		err, _ := c.Request.Context().Value(failKey{}).(error)
		edge.WriteProblem(c, err)
	})
	return b
}

func TestProblemTable(t *testing.T) {
	t.Parallel()
	transition := &lifecycle.TransitionError{Entity: "agreement", State: "draft", Event: "sign", Guard: "not approved", Mend: "approve it", Cause: evidence.ErrNotFound}
	for _, c := range []struct {
		name   string
		err    error
		status int
		kind   string
		codes  string
		detail string // in it
	}{
		{"unknown", fmt.Errorf("reading: %w", evidence.ErrNotFound), 404, "not-found", "", ""},
		{"R53 AUTH_ROLE_DENIED", fmt.Errorf("%w: no role allows role.grant.RO", authz.ErrDenied), 403, "refused", "AUTH_ROLE_DENIED", ""},
		{"R23 AUTH_ROLE_DENIED without a task", authz.ErrNoTask, 403, "refused", "AUTH_ROLE_DENIED", "task under this purpose"},
		{"own access", people.ErrOwnAccess, 403, "refused", "AUTH_ROLE_DENIED", "nobody changes their own access"},
		{"LOG_UNAVAILABLE of a denial that was not recorded", errors.Join(authz.ErrDenied, evidence.ErrUnavailable), 503, "unavailable", "LOG_UNAVAILABLE", ""},
		{"R49 LOG_UNAVAILABLE", fmt.Errorf("%w: no room", evidence.ErrUnavailable), 503, "unavailable", "LOG_UNAVAILABLE", ""},
		{"LOG_UNAVAILABLE without a checkpoint", transfer.ErrLogUnavailable, 503, "unavailable", "LOG_UNAVAILABLE", ""},
		{"PULL_DENIED", fmt.Errorf("recalled: %w", transfer.ErrNotAvailable), 403, "refused", "PULL_DENIED", "contact the mission"},
		{"file too large", transfer.ErrTooLarge, 413, "too-large", "", "larger than allowed"},
		{"digest", transfer.ErrDigest, 422, "invalid", "", "not what was declared"},
		{"refused", &transfer.RefusedError{Transfer: "tr-1", Decision: gate.Decision{Refusals: []gate.Refusal{{Code: "AGR_MISSING"}}}}, 403, "refused", "AGR_MISSING", ""},
		{"sealed vault", fmt.Errorf("unwrapping: %w", seal.ErrUnavailable), 503, "unavailable", "", "Nothing was sent"},
		{"lost store", blob.ErrUnavailable, 503, "unavailable", "", ""},
		{"deadline", fmt.Errorf("reading: %w", context.DeadlineExceeded), 503, "unavailable", "", ""},
		{"gone client", context.Canceled, 503, "unavailable", "", ""},
		{"invalid", fmt.Errorf("%w: a country has two letters", people.ErrInvalid), 422, "invalid", "", "a country has two letters"},
		{"invalid assessment", fmt.Errorf("%w: question 3", assessment.ErrInvalid), 422, "invalid", "", "question 3"},
		{"signature", fmt.Errorf("%w: internals", signing.ErrSignature), 422, "invalid", "", "signature does not verify"},
		{"key unproven", people.ErrKeyUnproven, 422, "invalid", "", "proof of possession"},
		{"not vacant", people.ErrNotVacant, 409, "conflict", "", "held already"},
		{"conflict", evidence.ErrConflict, 409, "conflict", "", "changed meanwhile"},
		{"exists", evidence.ErrExists, 409, "conflict", "", "exists already"},
		{"transition", fmt.Errorf("signing: %w", transition), 409, "illegal-transition", "", "not approved"},
		{"too large", fmt.Errorf("reading: %w", &http.MaxBytesError{Limit: 1}), 413, "too-large", "", ""},
		{"malformed", fmt.Errorf("%w: no JSON at byte 3", edge.ErrMalformed), 400, "malformed", "", "byte 3"},
		{"anything else", errors.New("row 7 of Amina"), 500, "internal", "", "request id"},
		{"nothing", nil, 500, "internal", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := failing(t)
			status, header, p := answer(t, b, "", c.err)
			if status != c.status || p.Type != "urn:safeconduct:"+c.kind || codes(p) != c.codes || !strings.Contains(p.Detail, c.detail) || p.Title == "" {
				t.Errorf("got %d %+v", status, p)
			}
			if (header.Get("Retry-After") != "") != (status == 503) {
				t.Errorf("Retry-After %q with %d", header.Get("Retry-After"), status)
			}
			for _, r := range p.Refusals {
				if r.Mend == "" || r.Ask == "" {
					t.Errorf("refusal without a mend: %+v", r)
				}
			}
			if strings.Contains(fmt.Sprint(p), "Amina") || strings.Contains(p.Detail, "internals") {
				t.Errorf("the caller is told %+v", p)
			}
		})
	}
	t.Run("members of a transition", func(t *testing.T) {
		t.Parallel()
		_, _, p := answer(t, failing(t), "", transition)
		if p.State != "draft" || p.Guard != "not approved" || p.Mend != "approve it" {
			t.Errorf("got %+v", p)
		}
	})
	t.Run("the log tells what the caller is not told", func(t *testing.T) {
		t.Parallel()
		b := failing(t)
		_, _, p := answer(t, b, "", errors.New("disk full"))
		if log := b.log.String(); !strings.Contains(log, "disk full") || !strings.Contains(log, p.RequestID) || strings.Contains(p.Detail, "disk") {
			t.Errorf("log %s, problem %+v", log, p)
		}
	})
}

func TestProblemOfTheGate(t *testing.T) {
	t.Parallel()
	decision := gate.Decision{Phase: gate.Pull, Policy: "pol-1", Refusals: []gate.Refusal{
		{
			Code: "CONSENT_WITHDRAWN", Phase: gate.Pull, Object: evidence.Ref{Kind: "consent", ID: "c1", Version: 2}, Rows: []int{3},
			Subjects: []string{"s3"}, Policy: "pol-1",
		},
		{Code: "AGR_CLAUSE_MISSING:C20", Phase: gate.Pull, Detail: []string{"C20"}, Policy: "pol-1"},
		{Code: "AGR_EXPIRED", Phase: gate.Pull, Overridable: true, Policy: "pol-1"},
	}}
	status, _, p := answer(t, failing(t), "", fmt.Errorf("pulling: %w", refusal{decision}))
	if status != http.StatusForbidden || p.Type != "urn:safeconduct:refused" || p.Transfer != "tr-1" || codes(p) != "CONSENT_WITHDRAWN AGR_CLAUSE_MISSING:C20 AGR_EXPIRED" {
		t.Fatalf("got %d %+v", status, p)
	}
	for i, got := range p.Refusals {
		if got.Mend == "" || got.Ask == "" {
			t.Errorf("no mend: %+v", got)
		}
		r := decision.Refusals[i]
		want := edge.RefusalView{
			Code: r.Code, Phase: r.Phase, Object: r.Object, Rows: r.Rows, Subjects: r.Subjects, Detail: r.Detail,
			Mend: got.Mend, Ask: got.Ask, Overridable: r.Overridable, Policy: r.Policy,
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("refusal %+v, want %+v", got, want)
		}
	}
}

func TestProblemSpeaksTheCallersLanguage(t *testing.T) {
	t.Parallel()
	for header, title := range map[string]string{
		"":                         "Not found",
		"fr-CH, fr;q=0.9, en;q=.5": "Introuvable",
		"es-419":                   "No encontrado",
		"sw, fr;q=0.2":             "Introuvable",
		"zh":                       "Not found",
		"*":                        "Not found",
		";;;q=x":                   "Not found",
		strings.Repeat("fr,", 999): "Not found",
	} {
		_, _, p := answer(t, failing(t), header, evidence.ErrNotFound)
		if p.Title != title {
			t.Errorf("%.40q: title %q, want %q", header, p.Title, title)
		}
	}
	_, _, en := answer(t, failing(t), "en", authz.ErrDenied)
	_, _, fr := answer(t, failing(t), "fr", authz.ErrDenied)
	if en.Refusals[0].Mend == fr.Refusals[0].Mend {
		t.Errorf("mend %q in both", en.Refusals[0].Mend)
	}
}

func TestLongTextsAreCut(t *testing.T) {
	t.Parallel()
	_, _, p := answer(t, failing(t), "", fmt.Errorf("%w: %s", people.ErrInvalid, strings.Repeat("é", 2000)))
	if len(p.Detail) > 610 || strings.ContainsRune(p.Detail, '\uFFFD') || !strings.HasSuffix(p.Detail, "…") {
		t.Errorf("detail of %d bytes: %q", len(p.Detail), p.Detail)
	}
}
