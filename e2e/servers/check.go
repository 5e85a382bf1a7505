package servers

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// Part is what Check found of one server.
type Part struct {
	Name string
	// Found is a path with a version, or "at the address in VARIABLE"; empty when
	// the part is missing.
	Found   string
	Missing *MissingError // nil when it was found
}

// Check looks for every part without starting or building anything. A part that
// is missing is in the list; an error is something else that went wrong.
func Check(ctx context.Context, cacheDir string) ([]Part, error) {
	parts := []Part{}
	add := func(name, address string, find func() (string, error)) error {
		if address != "" && os.Getenv(address) != "" {
			parts = append(parts, Part{Name: name, Found: "at the address in " + address})
			return nil
		}
		found, err := find()
		var missing *MissingError
		if err != nil && !errors.As(err, &missing) {
			return err
		}
		parts = append(parts, Part{Name: name, Found: found, Missing: missing})
		return nil
	}
	err := add("postgres", EnvPostgres, func() (string, error) {
		bin, err := postgresBin(ctx)
		if err != nil {
			return "", err
		}
		if _, err := postgresUser(); err != nil {
			return "", err
		}
		return describe(ctx, filepath.Join(bin, "postgres"))
	})
	if err != nil {
		return nil, err
	}
	place, err := findPlace(cacheDir)
	if err != nil {
		return nil, err
	}
	addresses := map[string]string{"vault": EnvVaultAddr, "minio": EnvS3Endpoint}
	for _, r := range recipes {
		err := add(r.name, addresses[r.name], func() (string, error) {
			path, err := place.locate(r)
			if err != nil {
				return "", err
			}
			return describe(ctx, path)
		})
		if err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// describe gives the path and the first line of what the program says it is. A
// program that cannot say so cannot be started either.
func describe(ctx context.Context, path string) (string, error) {
	said, err := output(ctx, path, "--version")
	if err != nil {
		return "", err
	}
	first, _, _ := strings.Cut(said, "\n")
	return path + " (" + strings.TrimSpace(first) + ")", nil
}
