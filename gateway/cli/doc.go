// Package cli is the command line of safeconduct: a client of the API for
// officers and partners (send, pull, agreement sign, key), and of the
// application for operators (serve, migrate, bootstrap, log verify, demo).
//
// Results go to standard output, everything else to standard error. Secrets
// come from files or the environment, never from arguments, which other users
// of the machine can read; and none is ever printed.
package cli
