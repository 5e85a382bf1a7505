// Package sealtest is the contract of the ports of package seal, as tests that
// every adapter passes.
package sealtest
