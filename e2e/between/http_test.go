package between_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"safeconduct/e2e/between"
	"safeconduct/e2e/servers"
	"safeconduct/e2e/servers/servertest"
)

const answered = "the whole answer"

// before stands before a server that answers, and counts what reached it.
func before(t *testing.T, hook func(between.Request) between.Act) (url string, reached *int) {
	t.Helper()
	reached = new(int)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*reached++
		w.Header().Set("Seen-Host", r.Host)
		_, _ = io.Copy(w, r.Body)
		_, _ = io.WriteString(w, answered)
	}))
	t.Cleanup(server.Close)
	p, err := between.HTTP(t.Context(), server.URL, func(_ context.Context, r between.Request) between.Act { return hook(r) })
	return "http://" + closing(t, p, err).Addr(), reached
}

func post(t *testing.T, url, body string) (status int, host, got string, err error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/thing?x=1", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "signed.example"
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", "", err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header.Get("Seen-Host"), string(b), err
}

func TestHTTP(t *testing.T) {
	at := func(m between.Moment, act between.Act) func(between.Request) between.Act {
		return func(r between.Request) between.Act {
			if r.Moment == m {
				return act
			}
			return between.Act{}
		}
	}
	t.Run("it passes, with the host that the client named", func(t *testing.T) {
		var seen []between.Request
		url, _ := before(t, func(r between.Request) between.Act {
			seen = append(seen, r)
			return between.Act{}
		})
		status, host, got, err := post(t, url, "body ")
		if err != nil || status != http.StatusOK || host != "signed.example" || got != "body "+answered {
			t.Fatal(status, host, got, err)
		}
		if len(seen) != 2 || seen[0].Moment != between.Before || seen[1].Moment != between.After || seen[1].Status != http.StatusOK ||
			seen[0].N != 1 || seen[1].N != 1 || seen[0].Path != "/v1/thing" || seen[0].Method != http.MethodPost || seen[0].Query.Get("x") != "1" {
			t.Errorf("%+v", seen)
		}
	})
	for name, c := range map[string]struct {
		moment  between.Moment
		act     between.Act
		reached int
		status  int
		body    string // that comes; the connection breaks where it is not the whole
		broken  bool
	}{
		"it answers itself":           {between.Before, between.Act{Status: 503, Body: "sealed"}, 0, 503, "sealed", false},
		"it answers in place of it":   {between.After, between.Act{Status: 500}, 1, 500, "", false},
		"it breaks before":            {between.Before, between.Act{Break: true}, 0, 0, "", true},
		"it loses the answer":         {between.After, between.Act{Break: true}, 1, 0, "", true},
		"it hands on part of it":      {between.After, between.Act{Short: 5}, 1, 200, "body ", true},
		"a part may be more than all": {between.After, between.Act{Short: 500}, 1, 200, "body " + answered, false},
	} {
		t.Run(name, func(t *testing.T) {
			url, reached := before(t, at(c.moment, c.act))
			status, _, got, err := post(t, url, "body ")
			if status != c.status || got != c.body || (err != nil) != c.broken || *reached != c.reached {
				t.Error(status, got, err, *reached)
			}
		})
	}
	t.Run("MinIO takes what a client signs", func(t *testing.T) {
		s := servertest.MinIO(t)
		bucket := servertest.Bucket(t, s, true)
		var paths []string
		p, err := between.HTTP(t.Context(), s.Endpoint, func(_ context.Context, r between.Request) between.Act {
			paths = append(paths, r.Moment.String()+" "+r.Method+" "+r.Path)
			return between.Act{}
		})
		client, err := minio.New(closing(t, p, err).Addr(), &minio.Options{
			Creds: credentials.NewStaticV4(s.AccessKey, s.SecretKey.Reveal(), ""), Region: servers.Region, MaxRetries: 1,
		})
		if err != nil {
			t.Fatal(err)
		}
		content := bytes.Repeat([]byte("x"), 100_000)
		if _, err := client.PutObject(t.Context(), bucket, "a/b", bytes.NewReader(content), int64(len(content)), minio.PutObjectOptions{DisableMultipart: true}); err != nil {
			t.Fatal(err)
		}
		o, err := client.GetObject(t.Context(), bucket, "a/b", minio.GetObjectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(o); err != nil || !bytes.Equal(got, content) {
			t.Fatal(len(got), err)
		}
		if !slices.Contains(paths, "after PUT /"+bucket+"/a/b") {
			t.Error(paths)
		}
	})
}
