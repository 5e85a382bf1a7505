package servers

import "syscall"

// attributes puts the child in a process group of its own, so that an interrupt
// typed at the terminal reaches only the parent, which then stops it in order;
// and has the kernel signal it when the parent dies in whatever way.
func attributes(cred *syscall.Credential, onParentDeath syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: cred, Pdeathsig: onParentDeath}
}
