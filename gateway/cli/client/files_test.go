package client_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"safeconduct/gateway/cli/client"
	"safeconduct/gateway/edge"
)

// buffer is a sink in memory.
type buffer struct{ bytes.Buffer }

func (b *buffer) Begin() error {
	b.Reset()
	return nil
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// give answers with content from the offset that is asked for, but no more
// than most bytes at once: then the connection breaks.
func give(w http.ResponseWriter, r *http.Request, content []byte, most int) {
	offset := 0
	if text := r.Header.Get("Range"); text != "" && r.Header.Get("If-Range") == `"`+hexSum(content)+`"` {
		if _, err := fmt.Sscanf(text, "bytes=%d-", &offset); err != nil {
			panic(err)
		}
	}
	w.Header().Set("Repr-Digest", digest(content))
	w.Header().Set("Content-Length", strconv.Itoa(len(content)-offset))
	w.Header().Set("Content-Disposition", `attachment; filename="transfer-x-1.csv"`)
	status := http.StatusOK
	if offset > 0 {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", offset, len(content)-1, len(content)))
		status = http.StatusPartialContent
	}
	w.WriteHeader(status)
	end := min(len(content), offset+most)
	if _, err := w.Write(content[offset:end]); err != nil {
		panic(http.ErrAbortHandler)
	}
	if end < len(content) {
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
		panic(http.ErrAbortHandler)
	}
}

func pull(t *testing.T, c *client.Client) (client.Pulled, []byte, error) {
	t.Helper()
	var b buffer
	p, err := c.Download(t.Context(), "x", 1, &b, func(int64, int64) {})
	return p, b.Bytes(), err
}

func TestDownload(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 20_000)
	t.Run("whole", func(t *testing.T) {
		c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { give(w, r, content, len(content)) })
		p, got, err := pull(t, c)
		if err != nil || !bytes.Equal(got, content) || p.SHA256 != hexSum(content) || p.Size != int64(len(content)) || p.Name != "transfer-x-1.csv" {
			t.Fatal(p, len(got), err)
		}
	})
	t.Run("empty", func(t *testing.T) {
		c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { give(w, r, nil, 0) })
		if p, got, err := pull(t, c); err != nil || len(got) != 0 || p.Size != 0 {
			t.Fatal(p, got, err)
		}
	})
	t.Run("goes on after each cut, more often than it would try without a byte", func(t *testing.T) {
		var calls atomic.Int32
		c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			calls.Add(1)
			give(w, r, content, len(content)/10)
		})
		_, got, err := pull(t, c)
		if err != nil || !bytes.Equal(got, content) || calls.Load() < 10 {
			t.Fatal(len(got), err, calls.Load())
		}
	})
	t.Run("starts again when the whole file is answered instead", func(t *testing.T) {
		var calls atomic.Int32
		c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if calls.Add(1) == 1 {
				give(w, r, content, 1000)
			}
			r.Header.Del("Range")
			give(w, r, content, len(content))
		})
		if _, got, err := pull(t, c); err != nil || !bytes.Equal(got, content) {
			t.Fatal(len(got), err)
		}
	})
	t.Run("cut for good is an error", func(t *testing.T) {
		c, pauses := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") != "" {
				panic(http.ErrAbortHandler)
			}
			give(w, r, content, 5000)
		})
		if _, _, err := pull(t, c); !errors.Is(err, client.ErrUnreachable) || pauses.Load() != 5 {
			t.Fatal(err, pauses.Load())
		}
	})
	t.Run("a flipped bit is an error", func(t *testing.T) {
		wrong := bytes.Clone(content)
		wrong[777] ^= 1
		c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Repr-Digest", digest(content))
			_, _ = w.Write(wrong)
		})
		if _, _, err := pull(t, c); !errors.Is(err, client.ErrIntegrity) {
			t.Fatal(err)
		}
	})
	t.Run("no digest is an error", func(t *testing.T) {
		c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "4")
			_, _ = w.Write([]byte("data"))
		})
		if _, _, err := pull(t, c); !errors.Is(err, client.ErrIntegrity) {
			t.Fatal(err)
		}
	})
	t.Run("another file in the second part is an error", func(t *testing.T) {
		other := bytes.ToUpper(content)
		c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") == "" {
				give(w, r, content, 1000)
			}
			r.Header.Set("If-Range", `"`+hexSum(other)+`"`)
			give(w, r, other, len(other))
		})
		if _, _, err := pull(t, c); !errors.Is(err, client.ErrIntegrity) {
			t.Fatal(err)
		}
	})
	t.Run("PULL_DENIED is told once", func(t *testing.T) {
		c, pauses := serve(t, func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusForbidden, "PULL_DENIED") })
		_, _, err := pull(t, c)
		var p *edge.Problem
		if !errors.As(err, &p) || p.Refusals[0].Code != "PULL_DENIED" || pauses.Load() != 0 {
			t.Fatal(err)
		}
	})
	t.Run("an unsafe file name is none", func(t *testing.T) {
		for _, name := range []string{"../../etc/passwd", ".bashrc", "a b", "-x", `C:\x`, "", strings.Repeat("a", 300)} {
			c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Repr-Digest", digest(nil))
				w.Header().Set("Content-Disposition", `attachment; filename="`+strings.ReplaceAll(name, `\`, `\\`)+`"`)
				w.Header().Set("Content-Length", "0")
			})
			if p, _, err := pull(t, c); err != nil || p.Name != "" {
				t.Errorf("%q: %q %v", name, p.Name, err)
			}
		}
	})
}

func TestUpload(t *testing.T) {
	content := bytes.Repeat([]byte("payload "), 100_000)
	land := func(w http.ResponseWriter, b []byte) {
		w.WriteHeader(http.StatusCreated)
		_, _ = fmt.Fprintf(w, `{"n":1,"size":%d,"sha256":%q,"state":"sealed"}`, len(b), hexSum(b))
	}
	up := func(ctx context.Context, c *client.Client) error {
		src := bytes.NewReader(content)
		size, sum, err := client.Describe(src)
		if err != nil {
			return err
		}
		return c.Upload(ctx, "x", 1, size, sum, src, func(int64) {})
	}
	t.Run("streams with length and digest", func(t *testing.T) {
		c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			b, err := io.ReadAll(r.Body)
			if err != nil || !bytes.Equal(b, content) || r.ContentLength != int64(len(content)) || r.Header.Get("Content-Digest") != digest(content) {
				t.Error(len(b), err, r.ContentLength, r.Header)
			}
			land(w, b)
		})
		if err := up(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("goes again from the beginning after a lost connection", func(t *testing.T) {
		var puts atomic.Int32
		c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				_, _ = fmt.Fprint(w, `{"id":"x","state":"uploading","files":[{"n":1,"state":"expected"}]}`)
				return
			}
			if puts.Add(1) < 3 {
				_, _ = io.CopyN(io.Discard, r.Body, 1000)
				panic(http.ErrAbortHandler)
			}
			b, err := io.ReadAll(r.Body)
			if err != nil || !bytes.Equal(b, content) {
				t.Error(len(b), err)
			}
			land(w, b)
		})
		if err := up(t.Context(), c); err != nil || puts.Load() != 3 {
			t.Fatal(err, puts.Load())
		}
	})
	t.Run("believes a gateway whose answer was lost, by the hash", func(t *testing.T) {
		var puts atomic.Int32
		c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				_, _ = fmt.Fprintf(w, `{"id":"x","state":"sealed","files":[{"n":1,"state":"sealed","sha256":%q}]}`, hexSum(content))
				return
			}
			puts.Add(1)
			_, _ = io.Copy(io.Discard, r.Body)
			panic(http.ErrAbortHandler)
		})
		if err := up(t.Context(), c); err != nil || puts.Load() != 1 {
			t.Fatal(err, puts.Load())
		}
	})
	t.Run("a refusal comes before the bytes go, and is not repeated", func(t *testing.T) {
		c, pauses := serve(t, func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusForbidden, "AUTH_ROLE_DENIED") })
		src := bytes.NewReader(content)
		sent := int64(0)
		err := c.Upload(t.Context(), "x", 1, int64(len(content)), hexSum(content), src, func(n int64) { sent = n })
		var p *edge.Problem
		if !errors.As(err, &p) || pauses.Load() != 0 || sent != 0 {
			t.Fatal(err, pauses.Load(), sent)
		}
	})
	t.Run("another hash than the one that landed is an error", func(t *testing.T) {
		c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			land(w, []byte("other"))
		})
		if err := up(t.Context(), c); !errors.Is(err, client.ErrIntegrity) {
			t.Fatal(err)
		}
	})
}

func TestAcknowledge(t *testing.T) {
	for _, tc := range []struct {
		name, state string
		ok          bool
	}{{"confirmed before is confirmed", "acknowledged", true}, {"another conflict is an error", "recalled", false}} {
		t.Run(tc.name, func(t *testing.T) {
			c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					_, _ = fmt.Fprintf(w, `{"id":"x","state":%q}`, tc.state)
					return
				}
				refuse(w, http.StatusConflict)
			})
			if _, err := c.Acknowledge(t.Context(), "x", []client.Receipt{{N: 1}}); (err == nil) != tc.ok {
				t.Fatal(err)
			}
		})
	}
}
