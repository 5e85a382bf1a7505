//go:build unix && !linux

package servers

import "syscall"

// attributes: only Linux can signal a child on its parent's death. Elsewhere a
// parent that is killed outright leaves its servers running.
func attributes(cred *syscall.Credential, _ syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: cred}
}

// suspended: elsewhere than on Linux SIGSTOP is taken at its word.
func suspended(int) (bool, error) { return true, nil }
