// Package postgres holds the rights of the run-time user of PostgreSQL, as an operator grants them.
package postgres

import _ "embed"

// RunTimeUser is the role that the rights are granted to.
const RunTimeUser = "safeconduct_run"

//go:embed run-time-user.sql
var rights string

// Rights are the statements that grant the run-time user what it may do, one transaction, for the owner of the tables. They
// may be repeated.
func Rights() string { return rights }
