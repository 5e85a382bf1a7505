package bench

import (
	"os/exec"
	"syscall"
)

// diesWithParent has the program end however this one does.
func diesWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
