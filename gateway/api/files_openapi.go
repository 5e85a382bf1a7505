package api

import (
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"safeconduct/gateway/duty"
)

// The operations of upload.go and download.go, which huma does not serve, as the document has them.

func text(description string) *huma.Param {
	return header(&huma.Schema{Type: huma.TypeString}, description)
}

func header(s *huma.Schema, description string) *huma.Param {
	return &huma.Param{Schema: s, Description: description}
}

func inHeader(name, description string) *huma.Param {
	return &huma.Param{Name: name, In: "header", Description: description, Schema: &huma.Schema{Type: huma.TypeString}}
}

func fileParams() []*huma.Param {
	one := 1.0
	return []*huma.Param{
		{Name: "id", In: "path", Required: true, Description: "opaque id of the transfer", Schema: &huma.Schema{Type: huma.TypeString}},
		{Name: "n", In: "path", Required: true, Description: "number of the file, from 1", Schema: &huma.Schema{Type: huma.TypeInteger, Minimum: &one}},
	}
}

func bytesContent() map[string]*huma.MediaType {
	return map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{}}}
}

func (r *routes) describeUpload() {
	doc := r.api.OpenAPI()
	responses := problemResponses(true)
	responses["201"] = &huma.Response{
		Description: "Landed, sealed",
		Content: map[string]*huma.MediaType{"application/json": {
			Schema: doc.Components.Schemas.Schema(reflect.TypeFor[landedView](), true, "Landed"),
		}},
	}
	doc.AddOperation(&huma.Operation{
		OperationID: "send-file", Method: http.MethodPut, Path: filePath, Tags: []string{"transfers"}, Security: security(),
		Extensions: dutyOf(duty.Intake), Summary: "Send a file of a transfer",
		Description: "The bytes of the file as they are, of any media type; with Content-Length, or chunked. It is sealed as it comes, and counts " +
			"when the whole of it has landed and is what was declared. A failed attempt may be repeated. With Expect: 100-continue " +
			"a refusal comes before the body is sent.",
		Parameters: append(fileParams(),
			inHeader("Content-Digest", "sha-256=:BASE64: of the content (RFC 9530); what landed must be equal, else PAYLOAD_HASH. It also makes the request repeatable without a key: a file that has landed with this digest is answered as when it landed"),
			inHeader(keyHeader, aboutKey+". The bytes are the same where Content-Digest and Content-Length are. The first is at work while its bytes come; "+
				"after 10 seconds without one, a repetition takes its place")),
		RequestBody: &huma.RequestBody{Required: true, Content: bytesContent()},
		Responses:   responses,
	})
}

func (r *routes) describeDownload() {
	headers := func(more map[string]*huma.Param) map[string]*huma.Param {
		h := map[string]*huma.Param{
			"Content-Length":      header(&huma.Schema{Type: huma.TypeInteger}, "bytes that follow; fewer mean that it was broken off"),
			"Content-Disposition": text(`attachment; filename="transfer-ID-N.EXT"`),
			"Repr-Digest":         text("sha-256 of the whole file (RFC 9530)"),
			"ETag":                text("strong; the SHA-256 of the whole file"),
			"Accept-Ranges":       text("bytes"),
		}
		for name, param := range more {
			h[name] = param
		}
		return h
	}
	responses := problemResponses(false)
	responses["200"] = &huma.Response{Description: "The file", Content: bytesContent(), Headers: headers(nil)}
	responses["206"] = &huma.Response{
		Description: "The file from the asked byte on", Content: bytesContent(),
		Headers: headers(map[string]*huma.Param{"Content-Range": text("bytes N-LAST/SIZE")}),
	}
	responses["416"] = &huma.Response{Ref: "#/components/responses/Problem"}
	r.api.OpenAPI().AddOperation(&huma.Operation{
		OperationID: "pull-file", Method: http.MethodGet, Path: filePath, Tags: []string{"transfers"}, Security: security(),
		Extensions: dutyOf(duty.Release), Summary: "Pull a file of a transfer",
		Description: "By the recipient. The gate is asked at every request, and the release is in the log under a signed checkpoint before the " +
			"first byte. A refusal is PULL_DENIED and no more. A connection that breaks before Content-Length bytes means that nothing " +
			"of it may be used; go on with Range: bytes=N-.",
		Parameters: append(fileParams(),
			inHeader("Range", "bytes=N-, to go on after N bytes; every other range is ignored"),
			inHeader("If-Range", "the ETag of what is there already; another one answers with the whole file")),
		Responses: responses,
	})
}
