package main

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// noCores keeps the memory of this process, which holds data keys and what passes through, out of every file: no core is
// written whatever the shell's limits say, none is piped to a handler of the system, and nobody of the same user may
// attach (R55). It is for the life of the process.
func noCores() error {
	return errors.Join(
		failed("setting the limit on cores", unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})),
		failed("making the process undumpable", unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)),
	)
}

func failed(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}
