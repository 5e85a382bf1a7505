// Package vault holds the Vault policy of each duty, as an operator loads it.
package vault

import (
	"embed"
	"fmt"
)

//go:embed *.hcl
var files embed.FS

// Policy is that of a duty, in HCL. The mount is transit, and the key of the log safeconduct-log.
func Policy(duty string) (string, error) {
	text, err := files.ReadFile(duty + ".hcl")
	if err != nil {
		return "", fmt.Errorf("reading the Vault policy of %s: %w", duty, err)
	}
	return string(text), nil
}
