//go:build !linux

package main

// noCores does nothing here: production runs on Linux.
func noCores() error { return nil }
