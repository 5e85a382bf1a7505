package servers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// Install has apt-get install PostgreSQL if it is missing. It does so only as
// root and where apt-get is; elsewhere it answers the [*MissingError], whose
// line is then for a person to run. It never calls sudo.
func Install(ctx context.Context, progress io.Writer) error {
	if os.Getenv(EnvPostgres) != "" {
		return nil
	}
	_, err := postgresBin(ctx)
	if err == nil {
		_, err = postgresUser()
	}
	if err == nil || !errors.Is(err, ErrMissing) {
		return err
	}
	apt, lookErr := exec.LookPath("apt-get")
	if lookErr != nil || os.Geteuid() != 0 {
		return err
	}
	// The lists of a fresh machine may be empty or old.
	for _, args := range [][]string{
		{"-q", "update"},
		{"-q", "install", "-y", "--no-install-recommends", "postgresql"},
	} {
		cmd := exec.CommandContext(ctx, apt, args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		cmd.Stdout, cmd.Stderr = progress, progress
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("apt-get %s: %w", args[1], err)
		}
	}
	return nil
}
