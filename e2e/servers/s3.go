package servers

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"syscall"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Region is what both S3 servers call theirs.
const Region = "us-east-1"

// S3 is an S3 server: MinIO, versitygw, or one that was given by its address.
// Its methods may be called concurrently, but for Halt, Resume, Restart, Crash
// and Stop.
type S3 struct {
	Endpoint  string // http://127.0.0.1:port
	AccessKey string
	SecretKey Secret

	space *workspace // nil when the server was given by its address
	cmd   command
	proc  *process

	mu   sync.Mutex
	made []string // buckets to remove from a server that is not ours
}

// StartMinIO starts a private MinIO below dir (os.TempDir() if empty), or takes
// the S3 server that EnvS3Endpoint and its two keys name.
func StartMinIO(ctx context.Context, dir string) (*S3, error) {
	s, err := givenS3()
	if err != nil {
		return nil, err
	}
	if s != nil {
		if err := s.answers(ctx); err != nil {
			return nil, fmt.Errorf("reach the server of %s: %w", EnvS3Endpoint, err)
		}
		return s, nil
	}
	return startS3(ctx, dir, "minio", 2, func(s *S3, folder func(string) string, ports []int) command {
		return command{
			args: []string{
				"server", "--quiet", "--address", loopback(ports[0]),
				// It listens there even with the browser off.
				"--console-address", loopback(ports[1]),
				"--certs-dir", folder("certs"), folder("data"),
			},
			env: []string{
				"MINIO_ROOT_USER=" + s.AccessKey, "MINIO_ROOT_PASSWORD=" + s.SecretKey.Reveal(),
				"MINIO_BROWSER=off", "MINIO_UPDATE=off", "MINIO_REGION=" + Region,
			},
		}
	})
}

// StartVersityGW starts a private versitygw on its posix backend below dir
// (os.TempDir() if empty), with versioning available. The file system must have
// extended attributes. It is the second S3 server, so EnvS3Endpoint is not for it.
func StartVersityGW(ctx context.Context, dir string) (*S3, error) {
	return startS3(ctx, dir, "versitygw", 1, func(s *S3, folder func(string) string, ports []int) command {
		return command{
			args: []string{
				"--port", loopback(ports[0]), "--region", Region, "--quiet",
				"posix", "--versioning-dir", folder("versions"), folder("data"),
			},
			env: []string{"ROOT_ACCESS_KEY=" + s.AccessKey, "ROOT_SECRET_KEY=" + s.SecretKey.Reveal()},
		}
	})
}

// startS3 runs one of the servers. line gives its arguments and environment;
// folder gives the path of a folder of its own.
func startS3(
	ctx context.Context, dir, name string, ports int,
	line func(s *S3, folder func(string) string, ports []int) command,
) (*S3, error) {
	binary, err := Locate("", name)
	if err != nil {
		return nil, err
	}
	space, err := newWorkspace(dir, name)
	if err != nil {
		return nil, err
	}
	s := &S3{AccessKey: rand.Text(), SecretKey: Secret(rand.Text()), space: space}
	for _, folder := range []string{"data", "versions", "certs"} {
		if _, err := space.mkdir(folder); err != nil {
			return nil, errors.Join(err, s.Stop())
		}
	}
	err = withPorts(ctx, ports, func(ports []int) error {
		s.Endpoint = "http://" + loopback(ports[0])
		s.cmd = line(s, space.join, ports)
		s.cmd.name, s.cmd.path = name, binary
		s.cmd.home, s.cmd.log, s.cmd.onParentDeath = space.path, space.join("log"), syscall.SIGKILL
		return s.up(ctx)
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", name, err), s.Stop())
	}
	return s, nil
}

func givenS3() (*S3, error) {
	endpoint, access, secret := os.Getenv(EnvS3Endpoint), os.Getenv(EnvS3AccessKey), os.Getenv(EnvS3SecretKey)
	if endpoint == "" && access == "" && secret == "" {
		return nil, nil
	}
	if endpoint == "" || access == "" || secret == "" {
		return nil, fmt.Errorf("%s, %s and %s must be set together", EnvS3Endpoint, EnvS3AccessKey, EnvS3SecretKey)
	}
	return &S3{Endpoint: endpoint, AccessKey: access, SecretKey: Secret(secret)}, nil
}

func (s *S3) up(ctx context.Context) error {
	proc, err := spawn(s.cmd)
	if err != nil {
		return err
	}
	s.proc = proc
	return proc.await(ctx, s.answers)
}

func (s *S3) answers(ctx context.Context) error {
	client, err := s.Client()
	if err != nil {
		return err
	}
	_, err = client.ListBuckets(ctx)
	return err
}

// Client gives a new client with the server's root keys and a single attempt per
// call, so that a test sees the first answer.
func (s *S3) Client() (*minio.Client, error) {
	u, err := url.Parse(s.Endpoint)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("%s must be http://host:port or https://host:port", EnvS3Endpoint)
	}
	client, err := minio.New(u.Host, &minio.Options{
		Creds:  credentials.NewStaticV4(s.AccessKey, s.SecretKey.Reveal(), ""),
		Secure: u.Scheme == "https", Region: Region, MaxRetries: 1,
	})
	if err != nil {
		return nil, fmt.Errorf("make an S3 client: %w", err)
	}
	return client, nil
}

// NewBucket creates an empty bucket of its own for one test, with versioning if
// asked for. It goes with the server, or at Stop if that was given by address.
func (s *S3) NewBucket(ctx context.Context, versioned bool) (string, error) {
	client, err := s.Client()
	if err != nil {
		return "", err
	}
	name := "t-" + strings.ToLower(rand.Text()[:16])
	if err := client.MakeBucket(ctx, name, minio.MakeBucketOptions{Region: Region}); err != nil {
		return "", fmt.Errorf("create a bucket: %w", err)
	}
	s.mu.Lock()
	s.made = append(s.made, name)
	s.mu.Unlock()
	if versioned {
		if err := client.EnableVersioning(ctx, name); err != nil {
			return "", fmt.Errorf("turn on versioning: %w", err)
		}
	}
	return name, nil
}

// Halt ends the server in order, keeping its data and its port.
func (s *S3) Halt() error { return s.down(syscall.SIGTERM) }

// Crash kills the server.
func (s *S3) Crash() error { return s.down() }

// Freeze has the server keep its connections and answer nothing, until Thaw.
func (s *S3) Freeze() error {
	if s.space == nil {
		return ErrExternal
	}
	return s.proc.freeze()
}

// Thaw lets a frozen server go on.
func (s *S3) Thaw() error {
	if s.space == nil {
		return ErrExternal
	}
	return s.proc.thaw()
}

func (s *S3) down(signals ...syscall.Signal) error {
	if s.space == nil {
		return ErrExternal
	}
	if s.proc == nil {
		return nil
	}
	return s.proc.stop(signals...)
}

// Resume starts a halted or crashed server on the same port and data.
func (s *S3) Resume(ctx context.Context) error {
	if s.space == nil {
		return ErrExternal
	}
	return s.up(ctx)
}

// Restart is Halt and Resume.
func (s *S3) Restart(ctx context.Context) error {
	if err := s.Halt(); err != nil {
		return err
	}
	return s.Resume(ctx)
}

// Stop ends the server and removes its directory. On a server that was given by
// its address it only removes the buckets made by NewBucket, with all in them.
func (s *S3) Stop() error {
	if s.space == nil {
		return s.removeMade()
	}
	return errors.Join(s.Halt(), s.space.remove())
}

func (s *S3) removeMade() error {
	ctx, cancel := context.WithTimeout(context.Background(), readyBound)
	defer cancel()
	client, err := s.Client()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for ; len(s.made) > 0; s.made = s.made[1:] {
		bucket := s.made[0]
		objects := client.ListObjects(ctx, bucket, minio.ListObjectsOptions{Recursive: true, WithVersions: true})
		for removed := range client.RemoveObjects(ctx, bucket, objects, minio.RemoveObjectsOptions{}) {
			return fmt.Errorf("empty a bucket: %w", removed.Err)
		}
		if err := client.RemoveBucket(ctx, bucket); err != nil {
			return fmt.Errorf("remove a bucket: %w", err)
		}
	}
	return nil
}
