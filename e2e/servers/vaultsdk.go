package servers

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Vault's tag builds against the SDK in its own tree, and no published SDK is
// the same: two signatures differ from v0.21.0. The build therefore replaces the
// SDK by a copy of the published one, with those two adapted.
const (
	vaultSDK          = "github.com/hashicorp/vault/sdk@v0.21.0"
	vaultSDKSum       = "h1:3gDqdKLhHY2ekmCEE9EeesoNpgsReq2bo/SpMqvBYdw="
	vaultSDKReplaced  = ".cache/vault-sdk" // as build/vault/go.mod has it
	adaptationVersion = "1"
)

// adaptVaultSDK fetches the published SDK through the module cache, checks it
// against its pinned hash, and lays the adapted copy into the work directory.
func (b *builder) adaptVaultSDK(work string) error {
	// Outside the module, which cannot be loaded before the copy exists.
	out, err := b.goCommand(filepath.Dir(work), "mod", "download", "-json", vaultSDK)
	if err != nil {
		return err
	}
	var module struct{ Dir, Sum string }
	if err := json.Unmarshal(out, &module); err != nil {
		return fmt.Errorf("read where the Vault SDK was put: %w", err)
	}
	// go.sum does not guard a module that is replaced by a directory.
	if module.Sum != vaultSDKSum {
		return fmt.Errorf("%s has the hash %s, not the pinned %s", vaultSDK, module.Sum, vaultSDKSum)
	}
	target := filepath.Join(work, filepath.FromSlash(vaultSDKReplaced))
	if err := copyWritable(target, os.DirFS(module.Dir)); err != nil {
		return fmt.Errorf("copy the Vault SDK: %w", err)
	}
	if err := edit(filepath.Join(target, "framework", "backend.go"), adaptActivation); err != nil {
		return err
	}
	return edit(filepath.Join(target, "helper", "keysutil", "lock_manager.go"), adaptRestore)
}

var errUnexpectedSource = errors.New("the source is not as expected")

// adaptActivation takes the string parameter from ActivationFunc.
func adaptActivation(source string) (string, error) {
	const was = "ActivationFunc func(context.Context, *logical.Request, string) error"
	if strings.Count(source, was) != 1 {
		return "", fmt.Errorf("ActivationFunc: %w", errUnexpectedSource)
	}
	return strings.Replace(source, was, "ActivationFunc func(context.Context, *logical.Request) error", 1), nil
}

// adaptRestore has RestorePolicy answer the restored key's name too.
func adaptRestore(source string) (string, error) {
	const head = "func (lm *LockManager) RestorePolicy("
	before, rest, found := strings.Cut(source, head)
	body, after, closed := strings.Cut(rest, "\n}\n")
	if !found || !closed || !strings.Contains(body, "force bool) error {") {
		return "", fmt.Errorf("RestorePolicy: %w", errUnexpectedSource)
	}
	body = strings.NewReplacer(
		"force bool) error {", "force bool) (string, error) {",
		"return err\n", "return \"\", err\n",
		"return fmt.Errorf(", "return \"\", fmt.Errorf(",
		"return errwrap.", "return \"\", errwrap.",
		"return nil", "return name, nil",
	).Replace(body)
	return before + head + body + "\n}\n" + after, nil
}

func edit(path string, change func(string) (string, error)) error {
	source, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the Vault SDK: %w", err)
	}
	changed, err := change(string(source))
	if err != nil {
		return fmt.Errorf("adapt the Vault SDK: %w", err)
	}
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		return fmt.Errorf("adapt the Vault SDK: %w", err)
	}
	return nil
}

// copyWritable copies a tree without the module cache's read-only modes, which
// os.CopyFS would keep. What was there before is replaced.
func copyWritable(target string, tree fs.FS) error {
	if err := os.RemoveAll(target); err != nil {
		return err
	}
	return fs.WalkDir(tree, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(target, filepath.FromSlash(path))
		if entry.IsDir() {
			return os.MkdirAll(to, 0o700)
		}
		content, err := fs.ReadFile(tree, path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, content, 0o600)
	})
}
