package bench

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// microBenchmarks are those of a package's own tests that are told, each with
// the name that it has here. Figures are ns per operation, or bytes per second.
type microBenchmark struct {
	pkg, name, what string
	rate            bool // MB/s instead of ns/op
	against         string
	target          float64
}

const (
	rawGCM = "AES-256-GCM alone, one core"
	bothOf = "AES-256-GCM and two SHA-256, one core"
)

func microBenchmarks() []microBenchmark {
	const seal, gate, authz = "./transfer/seal", "./transfer/gate", "./authz"
	return []microBenchmark{
		{seal, "BenchmarkRawGCM", rawGCM, true, "", 0},
		{seal, "BenchmarkRawSHA256", "SHA-256 alone, one core", true, rawGCM, 0},
		{seal, "BenchmarkCipher", "the cipher of the seal, without digests, one core", true, rawGCM, 0.75},
		{seal, "BenchmarkRawSeal", bothOf, true, rawGCM, 0},
		{seal, "BenchmarkSeal", "seal, one core", true, rawGCM, 0.75},
		{seal, "BenchmarkOpen", "open, one core", true, rawGCM, 0},
		{gate, "BenchmarkDecide/subjects=1", "gate.Decide, 1 subject", false, "", 0},
		{gate, "BenchmarkDecide/subjects=100", "gate.Decide, 100 subjects", false, "", 0},
		{gate, "BenchmarkDecide/subjects=10000", "gate.Decide, 10,000 subjects", false, "", 0},
		{authz, "BenchmarkCheck/allowed", "casbin Check, allowed", false, "", 0},
		{authz, "BenchmarkCheck/denied", "casbin Check, denied", false, "", 0},
	}
}

// micro runs the benchmarks of the packages, all of them in turn and that
// several times, each on one core.
func (b *bench) micro(ctx context.Context) error {
	all := microBenchmarks()
	binaries := map[string]string{}
	for _, m := range all {
		if binaries[m.pkg] != "" {
			continue
		}
		path := filepath.Join(b.dir, strings.ReplaceAll(m.pkg[2:], "/", "-")+".test")
		if out, err := exec.CommandContext(ctx, "go", "test", "-c", "-o", path, m.pkg).CombinedOutput(); err != nil {
			return fmt.Errorf("building the benchmarks of %s: %w\n%s", m.pkg, err, out)
		}
		binaries[m.pkg] = path
	}
	samples := make([]Sample, len(all))
	for range b.sizes.MicroRuns {
		for i, m := range all {
			v, err := m.run(ctx, binaries[m.pkg], b.sizes.Micro)
			if err != nil {
				return err
			}
			samples[i] = append(samples[i], v)
		}
	}
	for i, m := range all {
		unit := "µs"
		if m.rate {
			unit = "MB/s"
		}
		b.report.add(Row{What: m.what, Unit: unit, Sample: samples[i], Against: m.against, Target: m.target})
	}
	return b.tag()
}

// run answers with MB/s, or microseconds per operation.
func (m microBenchmark) run(ctx context.Context, binary, length string) (float64, error) {
	parts := strings.Split(m.name, "/")
	for i, p := range parts {
		parts[i] = "^" + p + "$"
	}
	cmd := exec.CommandContext(ctx, binary, "-test.run=^$", "-test.bench="+strings.Join(parts, "/"), "-test.benchtime="+length, "-test.cpu=1")
	cmd.Dir = strings.TrimPrefix(m.pkg, "./")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%s: %w\n%s", m.name, err, out)
	}
	v, unit := 0.0, "ns/op"
	if m.rate {
		unit = "MB/s"
	}
	for line := range bytes.Lines(out) {
		fields := strings.Fields(string(line))
		if at := slices.Index(fields, unit); at > 0 && fields[0] == m.name {
			if v, err = strconv.ParseFloat(fields[at-1], 64); err != nil {
				return 0, fmt.Errorf("%s: reading its figure: %w", m.name, err)
			}
		}
	}
	if v == 0 {
		return 0, fmt.Errorf("%s: no figure\n%s", m.name, out)
	}
	if !m.rate {
		v /= float64(time.Microsecond)
	}
	return v, nil
}

// recordSize is that of a transfer's record, about.
const recordSize = 2 << 10

// tag measures the authentication of a record of the database.
func (b *bench) tag() error {
	authority, err := newAuthority()
	if err != nil {
		return err
	}
	body := content(recordSize)
	var took Sample
	for range b.sizes.MicroRuns {
		const n = 2000
		began := time.Now()
		for i := range n {
			authority.Tag("record", []byte("transfer"), []byte("id"), binary.BigEndian.AppendUint64(nil, uint64(i)), body)
		}
		took = append(took, float64(time.Since(began))/n/float64(time.Microsecond))
	}
	b.report.add(Row{What: "MAC of a record of 2 KiB", Unit: "µs", Sample: took})
	return nil
}
