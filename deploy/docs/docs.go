// Package docs holds the OpenAPI document of the API as the program was built
// with it, for the command line.
package docs

import _ "embed"

//go:embed openapi.json
var openAPI []byte

// OpenAPI is the document. It is not to be changed.
func OpenAPI() []byte { return openAPI }
