package servers

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// A recipe says how one server is built from its Go module. Its pinned go.mod
// and go.sum lie in build/NAME, a module of their own, so that the dependencies
// of servers never mix with those of safeconduct.
type recipe struct {
	name    string // of the binary, of the folder below build/, and on PATH
	env     string // variable that names a binary instead
	target  string // package to build
	tags    string
	expect  string // what it costs the first time, for the reader who waits
	prepare func(b *builder, work string) error
}

var recipes = []recipe{ // a table, never written
	{
		name: "minio", env: EnvMinIO,
		target: "github.com/minio/minio",
		expect: "about 4 minutes on two cores and 1.5 GB of memory, once",
	},
	{
		name: "vault", env: EnvVault,
		target: "github.com/hashicorp/vault",
		// The minimal set keeps approle, transit, kv, pki and the like.
		tags:    "minimal",
		expect:  "about 9 minutes on two cores and 4 GB of memory, once",
		prepare: (*builder).adaptVaultSDK,
	},
	{
		name: "versitygw", env: EnvVersityGW,
		target: "github.com/versity/versitygw/cmd/versitygw",
		expect: "about 2 minutes on two cores and 1 GB of memory, once",
	},
	{
		// The client by which an operator makes users and policies. Debian's mc is
		// another program, so that MinIO's own packages call it mcli there too.
		name: "mcli", env: EnvMCli,
		target: "github.com/minio/mc",
		expect: "about 1 minute on two cores, once",
	},
}

func recipeOf(name string) (recipe, error) {
	for _, r := range recipes {
		if r.name == name {
			return r, nil
		}
	}
	return recipe{}, fmt.Errorf("%q is not a server that can be built", name)
}

// key is everything that decides what the binary is, but for the Go release:
// that changes often, and the servers are no product of ours.
func (r recipe) key(source string) (string, error) {
	sum := newKey()
	for _, file := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(source, r.name, file))
		if err != nil {
			return "", fmt.Errorf("read the pinned module of %s: %w", r.name, err)
		}
		sum.add(string(content))
	}
	sum.add(r.target, r.tags, runtime.GOOS, runtime.GOARCH, strings.Join(buildFlags, " "))
	if r.prepare != nil {
		sum.add(vaultSDK, vaultSDKSum, adaptationVersion)
	}
	return sum.short(), nil
}

// sources finds build/, the folder of the pinned modules. They are no part of
// this module, so they cannot be embedded: they are looked for in the checkout
// that the process runs in, then in the one it was compiled from.
func sources() (string, error) {
	const below = "e2e/servers/build"
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the checkout: %w", err)
	}
	for {
		candidate := filepath.Join(dir, below)
		if _, err := os.Stat(filepath.Join(candidate, "vault", "go.mod")); err == nil {
			return candidate, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			break
		}
		dir = parent
	}
	if _, file, _, ok := runtime.Caller(0); ok {
		candidate := filepath.Join(filepath.Dir(file), "build")
		if _, err := os.Stat(candidate); err == nil {
			return candidate, nil
		}
	}
	return "", fmt.Errorf("no %s above the working directory: run from a checkout of safeconduct", below)
}
