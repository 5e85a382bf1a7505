package api_test

import (
	"database/sql"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/gateway/edge"
	"safeconduct/transfer"
)

// parting is a connection that breaks under what is sent on its way.
type parting struct {
	*httptest.ResponseRecorder
	flushed int
}

func (p *parting) FlushError() error {
	p.flushed++
	return errors.New("write tcp 192.0.2.1:443: broken pipe")
}

// ends says how the exports of the log ended, by the log.
func (b *bench) ends() (ends []string) {
	b.Helper()
	b.placed()
	lines, _, err := b.services.Log.Entries(b.Context(), authz.Caller{Person: b.people[authz.LEG], Grants: []authz.Grant{{Role: authz.LEG}}, Assurance: authz.AssuranceMFA},
		transfer.LogFilter{After: -1, AtMost: 500, Kind: evidence.Access})
	must(b, err)
	for _, l := range lines {
		if how, _, ended := strings.Cut(l.Entry.Result, ": "); ended && l.Entry.Action == authz.LogExport {
			ends = append(ends, how)
		}
	}
	return ends
}

func TestExportOfTheLogEnds(t *testing.T) {
	b := newBench(t)
	b.placed()
	const path = v1 + "/log/export"
	t.Run("R52 complete is what was sent to its end", func(t *testing.T) {
		a := b.do(authz.LEG, http.MethodGet, path, nil)
		if a.StatusCode != http.StatusOK || a.Header.Get("Content-Disposition") == "" || !strings.Contains(string(a.body), `{"ended":`) || !slices.Equal(b.ends(), []string{"complete"}) {
			t.Errorf("%d %v, and the log says %q", a.StatusCode, a.Header, b.ends())
		}
	})
	t.Run("R52 what lay in the buffer of a connection that broke is cut", func(t *testing.T) {
		r := b.request(authz.LEG, http.MethodGet, path, nil)
		to := &parting{ResponseRecorder: httptest.NewRecorder()}
		func() {
			defer func() {
				if broke := recover(); broke != http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
					t.Errorf("the connection was not broken: %v", broke)
				}
			}()
			b.server.Handler().ServeHTTP(to, r)
		}()
		if to.flushed != 1 || strings.Contains(to.Body.String(), `{"ended":`) || !slices.Equal(b.ends(), []string{"complete", "cut"}) {
			t.Errorf("flushed %d times, and the log says %q", to.flushed, b.ends())
		}
	})
	t.Run("LOG_UNAVAILABLE a problem is not saved as the file that it is not", func(t *testing.T) {
		db, err := sql.Open("sqlite", "file:"+b.database+"?_pragma=busy_timeout(10000)")
		must(t, err)
		_, err = db.ExecContext(t.Context(), "ALTER TABLE log_hashes RENAME TO elsewhere")
		must(t, err)
		a := b.do(authz.LEG, http.MethodGet, path, nil)
		_, err = db.ExecContext(t.Context(), "ALTER TABLE elsewhere RENAME TO log_hashes")
		must(t, errors.Join(err, db.Close()))
		if h := a.Header; a.StatusCode < 500 || h.Get("Content-Disposition") != "" || h.Get("Content-Type") != edge.ProblemType {
			t.Errorf("%d %v %s", a.StatusCode, h, a.body)
		}
	})
}
