package servers

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	policy "safeconduct/deploy/s3"
)

// S3Key is one user of an S3 server.
type S3Key struct {
	AccessKey string
	SecretKey Secret
}

// DutyUser makes a user of a MinIO server with the least policy of a duty
// (deploy/s3) on one bucket, by the commands that deploy/docs/operations.md has
// operators type.
func (s *S3) DutyUser(ctx context.Context, duty, bucket string) (_ S3Key, err error) {
	rules, err := policy.Policy(duty, bucket)
	if err != nil {
		return S3Key{}, err
	}
	dir, err := os.MkdirTemp("", "safeconduct-mcli-")
	if err != nil {
		return S3Key{}, fmt.Errorf("make a folder for the client of MinIO: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file := filepath.Join(dir, duty+".json")
	if err := os.WriteFile(file, []byte(rules), 0o600); err != nil {
		return S3Key{}, fmt.Errorf("write the policy of %s: %w", duty, err)
	}
	key := S3Key{AccessKey: "sc-" + duty + "-" + strings.ToLower(rand.Text()[:8]), SecretKey: Secret(rand.Text())}
	name := "safeconduct-" + duty + "-" + bucket
	for _, step := range []struct {
		args  []string
		stdin string
	}{
		{[]string{"policy", "create", mcliAlias, name, file}, ""},
		{[]string{"user", "add", mcliAlias}, key.AccessKey + "\n" + key.SecretKey.Reveal() + "\n"},
		{[]string{"policy", "attach", mcliAlias, name, "--user", key.AccessKey}, ""},
	} {
		if err := s.mcli(ctx, dir, step.stdin, append([]string{"admin"}, step.args...)...); err != nil {
			return S3Key{}, fmt.Errorf("make the user of duty %s: %w", duty, err)
		}
	}
	return key, nil
}

// mcliAlias is how the client knows the server.
const mcliAlias = "e2e"

func (s *S3) mcli(ctx context.Context, home, stdin string, args ...string) error {
	binary, err := Locate("", "mcli")
	if err != nil {
		return err
	}
	server, err := url.Parse(s.Endpoint)
	if err != nil {
		return fmt.Errorf("read the address of the server: %w", err)
	}
	server.User = url.UserPassword(s.AccessKey, s.SecretKey.Reveal())
	cmd := exec.CommandContext(ctx, binary, append([]string{"--quiet", "--config-dir", home}, args...)...)
	cmd.Env = []string{"HOME=" + home, "MC_HOST_" + mcliAlias + "=" + server.String()}
	cmd.Stdin = strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("mcli %s: %w: %s", strings.Join(args[:3], " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
