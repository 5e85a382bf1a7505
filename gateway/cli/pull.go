package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"safeconduct/gateway/cli/client"
)

// pulling is the flags of pull.
type pulling struct {
	connection
	file          int
	out           string
	force         bool
	noAcknowledge bool
}

func (s *shell) pull() *cobra.Command {
	var f pulling
	cmd := &cobra.Command{
		Use:   "pull --url URL TRANSFER --out PATH",
		Short: "Pull the files of a transfer, verify them and confirm the receipt",
		Long: `Downloads the files of a transfer that the gate releases to you, goes on after a
cut, verifies size and SHA-256, and only then gives each file its name: a pull
that fails leaves none. Then it confirms the receipt by hash.

--out is the file to write, or an existing folder, in which each file gets a name
that the gateway gives. Several files need a folder. Files are readable by you
alone (mode 0600). A refusal tells a partner only to contact the mission.`,
		Example: "  safeconduct pull --url https://gateway.example.org --token-file token 0198f7a4-2b1c-7d3e-8f10-5a6b7c8d9e0f --out referral.csv",
		Args:    exactly("the id of the TRANSFER"),
		RunE:    func(c *cobra.Command, args []string) error { return f.run(c.Context(), s, args[0]) },
	}
	f.flags(cmd)
	cmd.Flags().IntVar(&f.file, "file", 0, "number `N` of the one file to pull (default all)")
	cmd.Flags().StringVar(&f.out, "out", "", "`PATH` of the file to write, or of a folder")
	cmd.Flags().BoolVar(&f.force, "force", false, "replace files that are there already")
	cmd.Flags().BoolVar(&f.noAcknowledge, "no-acknowledge", false, "do not confirm the receipt")
	return cmd
}

// got is the result of pull.
type got struct {
	Transfer     string    `json:"transfer"`
	State        string    `json:"state,omitempty"`
	Acknowledged bool      `json:"acknowledged"`
	Files        []gotFile `json:"files"`
}

type gotFile struct {
	N      int    `json:"n"`
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

func (f *pulling) run(ctx context.Context, s *shell, id string) error {
	if f.out == "" {
		return usagef("where to? Give --out PATH")
	}
	if f.file < 0 {
		return usagef("--file is the number of a file, from 1")
	}
	c, err := f.open(s)
	if err != nil {
		return err
	}
	defer c.Close()
	numbers, err := f.numbers(ctx, c, id)
	if err != nil {
		return err
	}
	info, err := os.Stat(f.out)
	folder := err == nil && info.IsDir()
	if len(numbers) > 1 && !folder {
		return usagef(fmt.Sprintf("the transfer has %d files: let --out be an existing folder, or give --file N", len(numbers)))
	}
	r := got{Transfer: id, Files: []gotFile{}}
	var receipts []client.Receipt
	parts := make([]*partial, 0, len(numbers))
	defer func() {
		for _, part := range parts {
			part.discard()
		}
	}()
	for _, n := range numbers {
		part, file, err := f.one(ctx, s, c, id, n, folder)
		if err != nil {
			return fmt.Errorf("pulling file %d: %w", n, err)
		}
		parts = append(parts, part)
		r.Files, receipts = append(r.Files, file), append(receipts, client.Receipt{N: n, SHA256: file.SHA256})
	}
	if err := f.keep(parts, r.Files); err != nil {
		return err
	}
	if !f.noAcknowledge {
		t, err := c.Acknowledge(ctx, id, receipts)
		if err != nil {
			return fmt.Errorf("the files are there and verified, but the receipt could not be confirmed: %w", err)
		}
		r.State, r.Acknowledged = t.State, true
	}
	return s.result(r, func() error { return r.text(s) })
}

func (r got) text(s *shell) error {
	for _, f := range r.Files {
		if err := s.print("%s: %d bytes, SHA-256 %s, as sent", f.Path, f.Size, f.SHA256); err != nil {
			return err
		}
	}
	if !r.Acknowledged {
		return nil
	}
	return s.print("The receipt is confirmed.")
}

// numbers are those of the files to pull.
func (f *pulling) numbers(ctx context.Context, c *client.Client, id string) ([]int, error) {
	if f.file > 0 {
		return []int{f.file}, nil
	}
	t, err := c.Transfer(ctx, id)
	if err != nil {
		return nil, err
	}
	numbers := make([]int, len(t.Files))
	for i, file := range t.Files {
		numbers[i] = file.N
	}
	if len(numbers) == 0 {
		return nil, errors.New("the transfer has no file")
	}
	return numbers, nil
}

// one pulls one file into a file beside its place, which gets its name when
// all of them are there and verified.
func (f *pulling) one(ctx context.Context, s *shell, c *client.Client, id string, n int, folder bool) (*partial, gotFile, error) {
	dir := f.out
	if !folder {
		dir = filepath.Dir(f.out)
		if err := f.free(f.out); err != nil {
			return nil, gotFile{}, err
		}
	}
	part, err := newPartial(dir)
	if err != nil {
		return nil, gotFile{}, err
	}
	m := s.meter(fmt.Sprintf("pulling file %d", n), -1)
	pulled, err := c.Download(ctx, id, n, part, m.at)
	m.done()
	if err != nil {
		part.discard()
		return nil, gotFile{}, err
	}
	path := f.out
	if folder {
		name := pulled.Name
		if name == "" {
			name = fmt.Sprintf("transfer-%s-%d.bin", pulled.SHA256[:16], n)
		}
		path = filepath.Join(dir, name)
	}
	return part, gotFile{N: n, Path: path, Size: pulled.Size, SHA256: pulled.SHA256}, nil
}

// keep names the files, all of them or none.
func (f *pulling) keep(parts []*partial, files []gotFile) error {
	for i, part := range parts {
		if err := part.keep(files[i].Path, f.force); err != nil {
			for _, named := range files[:i] {
				err = errors.Join(err, os.Remove(named.Path))
			}
			return err
		}
	}
	return nil
}

func (f *pulling) free(path string) error {
	if f.force {
		return nil
	}
	if _, err := os.Lstat(path); err == nil {
		return usagef("--out is there already: name another file, or give --force to replace it")
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("looking at --out: %w", err)
	}
	return nil
}
