package api

import (
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"safeconduct/gateway/duty"
)

// describeScans is what the document has of the operations of scans.go that huma does not serve.
func (r *routes) describeScans() {
	doc := r.api.OpenAPI()
	inPath := func(name, description string) *huma.Param {
		return &huma.Param{Name: name, In: "path", Required: true, Description: description, Schema: &huma.Schema{Type: huma.TypeString}}
	}
	kept := problemResponses(true)
	kept["201"] = &huma.Response{
		Description: "Kept, sealed", Headers: map[string]*huma.Param{"Location": text("where it is found")},
		Content: map[string]*huma.MediaType{"application/json": {Schema: doc.Components.Schemas.Schema(reflect.TypeFor[scanView](), true, "Scan")}},
	}
	doc.AddOperation(&huma.Operation{
		OperationID: "send-scan", Method: http.MethodPost, Path: scansPath, Tags: []string{"agreements"}, Security: security(),
		Extensions: dutyOf(duty.Intake), Summary: "Send the scan of a signed paper",
		Description: "PDF, PNG, JPEG or TIFF, at most 32 MiB, as it is. It is sealed as it comes. Nothing is signed by it: somebody of Legal other than who " +
			"sends it attests it. One that is there already, by its digest, is answered as it is.",
		Parameters: []*huma.Param{
			inPath("id", "opaque id of the agreement"), inHeader("Content-Digest", "sha-256=:BASE64: of the content (RFC 9530); needed"), inHeader(keyHeader, aboutKey),
		},
		RequestBody: &huma.RequestBody{Required: true, Content: bytesContent()},
		Responses:   kept,
	})
	found := problemResponses(false)
	found["200"] = &huma.Response{Description: "The scan", Content: bytesContent(), Headers: map[string]*huma.Param{
		"Content-Length":      header(&huma.Schema{Type: huma.TypeInteger}, "bytes that follow; fewer mean that it was broken off"),
		"Content-Disposition": text(`attachment; filename="scan-ID.EXT"`),
		"Repr-Digest":         text("sha-256 of the content (RFC 9530)"),
	}}
	doc.AddOperation(&huma.Operation{
		OperationID: "read-scan", Method: http.MethodGet, Path: scanPath, Tags: []string{"agreements"}, Security: security(),
		Extensions: dutyOf(duty.Release), Summary: "Read the scan of a signed paper",
		Description: "By Legal, the data protection officer, the auditor, and the mission's head and focal point. That it was read is in the log before the first byte.",
		Parameters:  []*huma.Param{inPath("id", "opaque id of the agreement"), inPath("scan", "opaque id of the scan")},
		Responses:   found,
	})
}
