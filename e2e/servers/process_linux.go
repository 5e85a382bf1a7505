package servers

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// attributes puts the child in a process group of its own, so that an interrupt
// typed at the terminal reaches only the parent, which then stops it in order;
// and has the kernel signal it when the parent dies in whatever way.
func attributes(cred *syscall.Credential, onParentDeath syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: cred, Pdeathsig: onParentDeath}
}

// suspended tells whether every thread of the process has come to a stop, which
// it does some time after SIGSTOP was sent (proc(5), the state in stat).
func suspended(pid int) (bool, error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(threads) == 0 {
		return false, fmt.Errorf("process %d has no threads: %w", pid, os.ErrProcessDone)
	}
	for _, thread := range threads {
		stat, err := os.ReadFile(thread)
		if err != nil {
			continue // that thread has ended
		}
		// The name before the state is in brackets and may hold anything.
		after := stat[bytes.LastIndexByte(stat, ')')+1:]
		if !bytes.HasPrefix(after, []byte(" T")) {
			return false, nil
		}
	}
	return true, nil
}
