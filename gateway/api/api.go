package api

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/agreements/authorities"
	"safeconduct/agreements/clearance"
	"safeconduct/agreements/incidents"
	"safeconduct/agreements/parties"
	"safeconduct/agreements/templates"
	"safeconduct/agreements/terms"
	"safeconduct/authz/evidence"
	"safeconduct/authz/identity"
	"safeconduct/authz/people"
	"safeconduct/authz/rulebook"
	"safeconduct/gateway/duty"
	"safeconduct/gateway/edge"
	"safeconduct/transfer"
	"safeconduct/transfer/anonymous"
	"safeconduct/transfer/approvals"
	"safeconduct/transfer/consent"
	"safeconduct/transfer/gate"
	"safeconduct/transfer/queue"
	"safeconduct/transfer/retention"
	"safeconduct/transfer/rights"
)

// Prefix is the path under which the whole API lies.
const Prefix = "/api/v1"

// Services are what the API calls. All are needed.
type Services struct {
	People      *people.Register
	Identity    *identity.Desk
	Parties     *parties.Register
	Rules       *rulebook.Desk
	Authorities *authorities.Desk
	Incidents   *incidents.Desk
	Clearances  *clearance.Desk
	Destruction *retention.Desk
	Terms       *terms.Book
	Agreements  *agreements.Desk
	Templates   *templates.Desk
	Assessments *assessment.Desk
	Consents    *consent.Office
	Holds       *rights.Desk
	Approvals   *approvals.Desk
	Disclosures *anonymous.Desk
	Transfers   *transfer.Office
	Queues      *queue.Desk
	Log         *transfer.LogOffice
	Claims      Claims
	Mends       gate.Catalogue // what a transfer's refusals say
	Duties      duty.Set       // that this process plays
}

// batchBytes bounds the body of a batch of consents, and of a transfer with its subjects. Other bodies are bounded by the
// configuration of the edge.
const batchBytes = 4 << 20

func (s Services) check() error {
	v := reflect.ValueOf(s)
	for i := range v.NumField() {
		if v.Field(i).IsNil() {
			return fmt.Errorf("api: service %s is missing", v.Type().Field(i).Name)
		}
	}
	return nil
}

// routes is what the handlers stand on.
type routes struct {
	Services
	api    huma.API
	server *edge.Server
}

// Register mounts the API on the server: everything behind its identity check but the OpenAPI document, which is public.
// It answers with what it mounted. It fails where a service is missing.
func Register(server *edge.Server, s Services) (huma.API, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	r := &routes{Services: s, server: server, api: humagin.NewWithGroup(server.Engine(), server.API(), configuration())}
	r.api.UseMiddleware(readQuery, r.readBody)
	for _, mount := range []func(){
		r.missions, r.people, r.keys, r.tokens, r.parties, r.terms, r.amendments, r.rules, r.agreements, r.agreementPapers, r.agreementActs, r.assessments, r.consents, r.transfers,
		r.transferActs, r.covers, r.upload, r.download, r.log, r.logExport, r.consentActs, r.notices, r.holds, r.approvals, r.disclosures, r.authorities,
		r.incidents,
		r.clearances, r.destructions, r.assessmentActs, r.assessmentTemplates, r.agreementTemplates, r.agreementImports, r.scans, r.trainings,
		r.undertakings, r.suspensions, r.nominations, r.queue,
	} {
		mount()
	}
	if err := r.publish(server.Public()); err != nil {
		return nil, err
	}
	return r.api, nil
}

func configuration() huma.Config {
	format := huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: unmarshal}
	return huma.Config{
		OpenAPI:       description(),
		Formats:       map[string]huma.Format{"application/json": format, "json": format},
		DefaultFormat: "application/json",
		Transformers:  []huma.Transformer{edge.HumaTransform},
		// No OpenAPIPath, DocsPath or SchemasPath: huma would mount them behind the identity check, and its pages load
		// scripts from elsewhere.
		RejectUnknownQueryParameters: true,
	}
}

// schemaName names a schema: packages of the domain use the same words for different things.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case reflect.TypeFor[consent.Record]():
		return "ConsentRecord"
	case reflect.TypeFor[people.Suspension]():
		return "AccessSuspension"
	case reflect.TypeFor[evidence.Entry]():
		return "LogEntry"
	case reflect.TypeFor[evidence.Ref]():
		return "RecordRef"
	}
	if strings.HasSuffix(t.PkgPath(), "/rulebook") && !strings.HasPrefix(name, "Rule") {
		return "Rules" + name
	}
	switch {
	case strings.HasSuffix(t.PkgPath(), "/agreements/templates"):
		return "AgreementTemplate" + strings.TrimPrefix(name, "Template")
	case strings.HasSuffix(t.PkgPath(), "/agreements/imports"):
		return "Import" + name
	case strings.HasSuffix(t.PkgPath(), "/transfer/cover"):
		return "Cover" + name
	}
	if strings.HasSuffix(t.PkgPath(), "/assessment") && !strings.HasPrefix(name, "Assessment") {
		return "Assessment" + name
	}
	return strings.TrimSuffix(name, "View")
}
