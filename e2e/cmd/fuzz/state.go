package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// stateFile is what is done, in the cache folder.
const stateFile = "campaign.json"

// done is what was done with one target, for one text of its package.
type done struct {
	Digest string        `json:"digest"`
	CPU    time.Duration `json:"cpu_ns"`
	Wall   time.Duration `json:"wall_ns"`
	Execs  int64         `json:"executions"`
	New    int64         `json:"new_inputs"`
	Crash  string        `json:"crash,omitempty"` // how it failed
}

// load reads what is done; nothing where there is no file.
func load(cache string) (map[string]*done, error) {
	all := map[string]*done{}
	text, err := os.ReadFile(filepath.Join(cache, stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	} else if err != nil {
		return nil, fmt.Errorf("reading what is done: %w", err)
	}
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("reading what is done: %w; remove %s to begin anew", err, filepath.Join(cache, stateFile))
	}
	for name, d := range all {
		if d == nil {
			delete(all, name)
		}
	}
	return all, nil
}

// save writes what is done, whole or not at all.
func save(cache string, all map[string]*done) error {
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("writing what is done: %w", err)
	}
	next := filepath.Join(cache, stateFile+".new")
	if err := os.WriteFile(next, text, 0o600); err != nil {
		return fmt.Errorf("writing what is done: %w", err)
	}
	if err := os.Rename(next, filepath.Join(cache, stateFile)); err != nil {
		return fmt.Errorf("writing what is done: %w", err)
	}
	return nil
}

// of is what is done with the target; nothing where its package has changed since.
func of(all map[string]*done, t target) *done {
	d := all[t.String()]
	if d == nil || d.Digest != t.Digest {
		d = &done{Digest: t.Digest}
		all[t.String()] = d
	}
	return d
}
