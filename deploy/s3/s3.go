// Package s3 holds the policy of each duty's user of the object store, as an operator loads it. The sequencer has none.
package s3

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed *.json
var files embed.FS

// bucket is the bucket that the files name.
const bucket = "arn:aws:s3:::safeconduct"

// Policy is that of a duty on the bucket of that name.
func Policy(duty, name string) (string, error) {
	text, err := files.ReadFile(duty + ".json")
	if err != nil {
		return "", fmt.Errorf("reading the S3 policy of %s: %w", duty, err)
	}
	return strings.ReplaceAll(string(text), bucket, "arn:aws:s3:::"+name), nil
}
