//go:build unix && !linux

package servers

import "syscall"

// attributes: only Linux can signal a child on its parent's death. Elsewhere a
// parent that is killed outright leaves its servers running.
func attributes(cred *syscall.Credential, _ syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: cred}
}
