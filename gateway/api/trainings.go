package api

import (
	"context"
	"net/http"
	"strings"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/authz/people/undertaking"
	"safeconduct/gateway/edge"
)

type completionsBody struct {
	Mission string `json:"mission,omitempty" maxLength:"128" doc:"whose people they are; left out by Legal for people of headquarters, of partners, or of several missions"`
	CSV     string `json:"csv" minLength:"1" maxLength:"2000000" doc:"RFC 4180, UTF-8; first row: person,course,version,language,passed and, where there is one, expires; person is an id, language en, fr or es, days YYYY-MM-DD; at most 5000 rows" example:"person,course,version,language,passed\n0198f7a4-2b1c-7d3e-8f10-5a6b7c8d9e0f,data_protection,1,fr,2026-02-10\n" personal:"true"`
}

// importView names the records of an import, in the order of its rows.
type importView struct {
	Records []string `json:"records" nullable:"false" doc:"ids of the training records, in the order of the rows"`
}

type coverageQuery struct {
	Mission string `query:"mission" maxLength:"128" doc:"of this mission; left out by headquarters: of all places"`
}

type languageQuery struct {
	Language string `query:"language" enum:"en,fr,es" default:"en" doc:"language of the text"`
}

type undertakingBody struct {
	Version  string `json:"version" minLength:"1" maxLength:"64" doc:"of the text that was read" example:"1"`
	Language string `json:"language" enum:"en,fr,es" example:"fr"`
	Digest   string `json:"digest" pattern:"^[0-9a-f]{64}$" doc:"hex SHA-256 of the text that was read, as it came with it"`
}

func (r *routes) trainings() {
	const tag = "training"
	write(r, spec{
		tag: tag, id: "import-trainings", method: http.MethodPost, path: "/trainings", status: http.StatusCreated, large: true,
		summary: "Import completed courses from CSV",
		about:   "All or none; a 422 names each row at fault with its mend. By the focal point for the mission, and by Legal. Nobody records their own (R44).",
	}, r.completionsAgain, func(ctx context.Context, c authz.Caller, in *of[completionsBody]) (importView, error) {
		all, err := r.People.ImportTrainings(ctx, c, in.Body.Mission, strings.NewReader(in.Body.CSV))
		v := importView{Records: make([]string, 0, len(all))}
		for _, t := range all {
			v.Records = append(v.Records, t.ID)
		}
		return v, err
	})
	handle(r, spec{
		tag: tag, id: "training-coverage", method: http.MethodGet, path: "/trainings/coverage", summary: "Read who holds a role, and is trained for it",
		about: "By place and role (R45). For the focal point of the mission, Legal, the data protection officer and the auditor.",
	}, func(ctx context.Context, c authz.Caller, in *coverageQuery) (list[people.Coverage], error) {
		return listed(r.People.TrainingCoverage(ctx, c, in.Mission))
	})
}

// completionsAgain names the records of an import, of which the caller must be allowed to read the first.
func (r *routes) completionsAgain(ctx context.Context, c authz.Caller, d done) (importView, error) {
	v := importView{Records: full(d.ids(people.KindTraining))}
	if len(v.Records) == 0 {
		return v, &edge.ShownError{}
	}
	_, err := r.People.Training(ctx, c, v.Records[0])
	return v, err
}

func (r *routes) undertakings() {
	const tag = "training"
	handle(r, spec{
		tag: tag, id: "get-undertaking", method: http.MethodGet, path: "/undertaking", summary: "Read the confidentiality undertaking in force",
		about: "Roles stay locked until it is signed (R23).",
	}, func(ctx context.Context, _ authz.Caller, in *languageQuery) (undertaking.Text, error) {
		return r.People.UndertakingText(ctx, in.Language)
	})
	write(r, spec{
		tag: tag, id: "sign-undertaking", method: http.MethodPost, path: "/people/{id}/undertakings", status: http.StatusCreated,
		summary: "Sign the confidentiality undertaking", about: "Only oneself signs, the text in force, as it was read.",
	}, made(people.KindUndertaking, r.People.Undertaking), func(ctx context.Context, c authz.Caller, in *with[undertakingBody]) (people.Undertaking, error) {
		if in.ID != c.Person {
			return people.Undertaking{}, evidence.ErrNotFound // there is no such collection for anybody else
		}
		return r.People.SignUndertaking(ctx, c, in.Body.Version, in.Body.Language, in.Body.Digest)
	})
}
