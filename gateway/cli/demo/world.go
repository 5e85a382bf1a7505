package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"safeconduct/authz"
	"safeconduct/authz/identity"
)

// WorldFile is where a world is kept, in the folder of its data.
const WorldFile = "demo.json"

// World is what the story leaves: enough to go on by hand.
type World struct {
	URL        string
	Tokens     map[authz.Role]identity.Secret
	Mission    string
	Partner    string
	Purpose    string
	Agreement  string
	Assessment string
	Categories []string
}

// worldFile is World as it is kept. It holds tokens in the clear.
type worldFile struct {
	URL        string            `json:"url"`
	Tokens     map[string]string `json:"tokens"`
	Mission    string            `json:"mission"`
	Partner    string            `json:"partner"`
	Purpose    string            `json:"purpose"`
	Agreement  string            `json:"agreement"`
	Assessment string            `json:"assessment"`
	Categories []string          `json:"categories"`
}

// Roles are those that the story plays, in the order in which they appear.
func Roles() []authz.Role {
	return []authz.Role{authz.LEG, authz.HOM, authz.FP, authz.RO, authz.DPO, authz.PSG, authz.PDL, authz.OIG}
}

func lower(role authz.Role) string { return strings.ToLower(string(role)) }

// Save writes the world into dir, mode 0600, whole or not at all.
func (w World) Save(dir string) error {
	f := worldFile{
		URL: w.URL, Tokens: map[string]string{}, Mission: w.Mission, Partner: w.Partner, Purpose: w.Purpose,
		Agreement: w.Agreement, Assessment: w.Assessment, Categories: w.Categories,
	}
	for role, secret := range w.Tokens {
		f.Tokens[lower(role)] = secret.Reveal()
	}
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", WorldFile, err)
	}
	if err := replace(filepath.Join(dir, WorldFile), append(b, '\n')); err != nil {
		return fmt.Errorf("writing %s: %w", WorldFile, err)
	}
	return nil
}

// replace writes a file in one go: who looks finds the old one, or the new one
// whole.
func replace(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

const maxWorld = 1 << 20

// Load reads the world in dir; the error is fs.ErrNotExist where none is.
func Load(dir string) (World, error) {
	file, err := os.Open(filepath.Join(dir, WorldFile))
	if errors.Is(err, fs.ErrNotExist) {
		return World{}, fs.ErrNotExist
	} else if err != nil {
		return World{}, fmt.Errorf("reading %s: %w", WorldFile, err)
	}
	var f worldFile
	err = json.NewDecoder(io.LimitReader(file, maxWorld)).Decode(&f)
	if closed := file.Close(); err != nil || closed != nil {
		return World{}, fmt.Errorf("reading %s: it is not as the demo writes it; name another folder", WorldFile)
	}
	w := World{
		URL: f.URL, Tokens: map[authz.Role]identity.Secret{}, Mission: f.Mission, Partner: f.Partner, Purpose: f.Purpose,
		Agreement: f.Agreement, Assessment: f.Assessment, Categories: f.Categories,
	}
	for _, role := range Roles() {
		secret, err := identity.ParseSecret(f.Tokens[lower(role)])
		if err != nil {
			return World{}, fmt.Errorf("reading %s: the token of %s is none; name another folder", WorldFile, role)
		}
		w.Tokens[role] = secret
	}
	return w, nil
}
