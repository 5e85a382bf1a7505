package signing_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements/signing"
)

const signatureTyp = "safeconduct-agreement-signature+jws"

var signedAt = time.Date(2026, 3, 1, 9, 30, 0, 123456000, time.UTC)

func statement(t testing.TB) signing.Statement {
	t.Helper()
	d, err := signing.DigestOf(map[string]string{"clause": "C01"})
	if err != nil {
		t.Fatal(err)
	}
	return signing.Statement{
		Agreement: "agr-1", Version: 2, Digest: d, Party: signing.PartyIOM,
		Signatory: "per-1", Title: "Chief of Mission", SignedAt: signedAt,
	}
}

func b64(raw string) string { return base64.RawURLEncoding.EncodeToString([]byte(raw)) }

// rawKey is the private half of testKey(t, seed), to forge with.
func rawKey(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune(seed)), ed25519.SeedSize)))
}

// forge signs any header and payload with a true key.
func forge(key ed25519.PrivateKey, header, payload string) string {
	input := b64(header) + "." + b64(payload)
	return input + "." + b64(string(ed25519.Sign(key, []byte(input))))
}

func goodHeader(key signing.PublicKey) string {
	return `{"alg":"EdDSA","kid":"` + key.Thumbprint() + `","typ":"` + signatureTyp + `"}`
}

func TestSignVerify(t *testing.T) {
	t.Parallel()
	key, want := testKey(t, 1), statement(t)
	jws, err := signing.Sign(key, want)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("R46 verifies", func(t *testing.T) {
		t.Parallel()
		if err := signing.Verify(jws, key.Public(), want); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("R46 Open answers what was signed", func(t *testing.T) {
		t.Parallel()
		if got, err := signing.Open(jws, key.Public()); err != nil || got != want {
			t.Fatalf("%+v, %v", got, err)
		}
	})
	t.Run("R46 time zone and nanoseconds of the caller do not matter", func(t *testing.T) {
		t.Parallel()
		same := want
		same.SignedAt = want.SignedAt.Add(7 * time.Nanosecond).In(time.FixedZone("", 7200))
		if err := signing.Verify(jws, key.Public(), same); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("R46 a form written by hand is taken", func(t *testing.T) {
		t.Parallel()
		payload, err := signing.Canonical(want)
		if err != nil {
			t.Fatal(err)
		}
		header := `{ "typ": "` + signatureTyp + `", "kid": "` + key.Public().Thumbprint() + `", "alg": "EdDSA" }`
		if err := signing.Verify(forge(rawKey(1), header, string(payload)), key.Public(), want); err != nil {
			t.Fatal(err)
		}
	})
}

func TestVerifyOtherStatement(t *testing.T) {
	t.Parallel()
	key := testKey(t, 1)
	jws, err := signing.Sign(key, statement(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		change func(*signing.Statement)
		want   error
	}{
		"AGR_HASH_MISMATCH other document": {func(s *signing.Statement) { s.Digest[0] ^= 1 }, signing.ErrDigest},
		"other agreement":                  {func(s *signing.Statement) { s.Agreement = "agr-2" }, signing.ErrSubject},
		"other version":                    {func(s *signing.Statement) { s.Version = 1 }, signing.ErrSubject},
		"other party":                      {func(s *signing.Statement) { s.Party = "par-1" }, signing.ErrSubject},
		"other signatory":                  {func(s *signing.Statement) { s.Signatory = "per-2" }, signing.ErrSubject},
		"other title":                      {func(s *signing.Statement) { s.Title = "Driver" }, signing.ErrSubject},
		"other time":                       {func(s *signing.Statement) { s.SignedAt = signedAt.Add(time.Microsecond) }, signing.ErrSubject},
		"other subject and document":       {func(s *signing.Statement) { s.Version, s.Digest[0] = 1, 9 }, signing.ErrSubject},
		"no wild card: agreement":          {func(s *signing.Statement) { s.Agreement = "" }, signing.ErrStatement},
		"no wild card: digest":             {func(s *signing.Statement) { s.Digest = signing.Digest{} }, signing.ErrStatement},
		"no wild card: time":               {func(s *signing.Statement) { s.SignedAt = time.Time{} }, signing.ErrStatement},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect := statement(t)
			tc.change(&expect)
			if err := signing.Verify(jws, key.Public(), expect); !errors.Is(err, tc.want) {
				t.Fatalf("error = %v; want %v", err, tc.want)
			}
		})
	}
	for name, change := range map[string]func(*signing.Statement){
		"agreement": func(s *signing.Statement) { s.Agreement = " " }, "version": func(s *signing.Statement) { s.Version = 0 },
		"digest": func(s *signing.Statement) { s.Digest = signing.Digest{} }, "party": func(s *signing.Statement) { s.Party = "" },
		"signatory": func(s *signing.Statement) { s.Signatory = "" }, "title": func(s *signing.Statement) { s.Title = "" },
		"time": func(s *signing.Statement) { s.SignedAt = time.Time{} },
	} {
		t.Run("never signs without "+name, func(t *testing.T) {
			t.Parallel()
			s := statement(t)
			change(&s)
			if _, err := signing.Sign(key, s); !errors.Is(err, signing.ErrStatement) {
				t.Fatalf("error = %v; want ErrStatement", err)
			}
		})
	}
}

// hostile are texts that must not verify, with the error each deserves. They
// are the seeds of the fuzzer too.
func hostile(t testing.TB) map[string]struct {
	text string
	want error
} {
	t.Helper()
	key := testKey(t, 1)
	public, raw := key.Public(), rawKey(1)
	payload, err := signing.Canonical(statement(t))
	if err != nil {
		t.Fatal(err)
	}
	body, head := string(payload), goodHeader(public)
	good := forge(raw, head, body)
	parts := strings.Split(good, ".")
	with := func(old, repl string) string { return forge(raw, strings.Replace(head, old, repl, 1), body) }
	mac := hmac.New(sha256.New, public.Bytes())
	hsInput := b64(strings.Replace(head, "EdDSA", "HS256", 1)) + "." + parts[1]
	mac.Write([]byte(hsInput))
	other, err := signing.Sign(testKey(t, 2), statement(t))
	if err != nil {
		t.Fatal(err)
	}
	enrolment, err := signing.Enrol(key, "per-1", signedAt)
	if err != nil {
		t.Fatal(err)
	}
	flipped := []byte(parts[2])
	flipped[10] ^= 1
	return map[string]struct {
		text string
		want error
	}{
		"alg none":                  {b64(strings.Replace(head, "EdDSA", "none", 1)) + "." + parts[1] + ".", signing.ErrAlgorithm},
		"alg none, bare":            {b64(`{"alg":"none"}`) + "." + parts[1] + ".", signing.ErrAlgorithm},
		"alg HS256 keyed by public": {hsInput + "." + b64(string(mac.Sum(nil))), signing.ErrAlgorithm},
		"alg missing":               {with(`"alg":"EdDSA",`, ""), signing.ErrAlgorithm},
		"alg in other case":         {with("EdDSA", "eddsa"), signing.ErrAlgorithm},
		"alg not text":              {with(`"EdDSA"`, `["EdDSA"]`), signing.ErrAlgorithm},
		"alg twice":                 {with(`{`, `{"alg":"none",`), signing.ErrSignature},
		"crit unknown":              {with(`{`, `{"crit":["exp"],"exp":1,`), signing.ErrSignature},
		"crit b64":                  {with(`{`, `{"b64":false,"crit":["b64"],`), signing.ErrSignature},
		"jwk header":                {with(`{`, `{"jwk":`+rfc8037Key+`,`), signing.ErrSignature},
		"jku header":                {with(`{`, `{"jku":"https://evil.example/keys",`), signing.ErrSignature},
		"x5c header":                {with(`{`, `{"x5c":["AAAA"],`), signing.ErrSignature},
		"unknown header":            {with(`{`, `{"note":"x",`), signing.ErrSignature},
		"typ of an enrolment":       {enrolment, signing.ErrSignature},
		"typ JWT":                   {with(signatureTyp, "JWT"), signing.ErrSignature},
		"typ missing":               {with(`,"typ":"`+signatureTyp+`"`, ""), signing.ErrSignature},
		"kid of another key":        {with(public.Thumbprint(), testKey(t, 2).Public().Thumbprint()), signing.ErrSignature},
		"kid missing":               {with(`"kid":"`+public.Thumbprint()+`",`, ""), signing.ErrSignature},
		"another signer":            {other, signing.ErrSignature},
		"another signer, our kid":   {forge(rawKey(2), head, body), signing.ErrSignature},
		"JSON serialisation":        {`{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`, signing.ErrSignature},
		"detached":                  {parts[0] + ".." + parts[2], signing.ErrSignature},
		"trailing data":             {good + ".x", signing.ErrSignature},
		"trailing line break":       {good + "\n", signing.ErrSignature},
		"leading space":             {" " + good, signing.ErrSignature},
		"line break inside":         {parts[0] + ".\n" + parts[1] + "." + parts[2], signing.ErrSignature},
		"padding":                   {good + "==", signing.ErrSignature},
		"stray bits":                {good[:len(good)-1] + stray(good[len(good)-1]), signing.ErrSignature},
		"truncated":                 {good[:len(good)-4], signing.ErrSignature},
		"no signature":              {parts[0] + "." + parts[1] + ".", signing.ErrSignature},
		"flipped signature bit":     {parts[0] + "." + parts[1] + "." + string(flipped), signing.ErrSignature},
		"payload swapped":           {parts[0] + "." + b64(strings.Replace(body, "agr-1", "agr-2", 1)) + "." + parts[2], signing.ErrSignature},
		"payload not canonical":     {forge(raw, head, strings.Replace(body, ",", ", ", 1)), signing.ErrSignature},
		"payload member twice":      {forge(raw, head, strings.Replace(body, "{", `{"agreement":"agr-9",`, 1)), signing.ErrSignature},
		"payload member unknown":    {forge(raw, head, strings.Replace(body, "{", `{"aa":"x",`, 1)), signing.ErrSignature},
		"payload member in case":    {forge(raw, head, strings.Replace(body, `"agreement"`, `"Agreement"`, 1)), signing.ErrSignature},
		"payload member missing":    {forge(raw, head, strings.Replace(body, `,"version":2`, ``, 1)), signing.ErrSignature},
		"payload other zone":        {forge(raw, head, strings.Replace(body, "09:30:00.123456Z", "11:30:00.123456+02:00", 1)), signing.ErrSignature},
		"payload nanoseconds":       {forge(raw, head, strings.Replace(body, "123456Z", "123456789Z", 1)), signing.ErrSignature},
		"payload not JSON":          {forge(raw, head, "agr-1"), signing.ErrSignature},
		"empty":                     {"", signing.ErrSignature},
		"oversized":                 {good + strings.Repeat("A", 8<<10), signing.ErrSignature},
	}
}

// stray gives the base64url digit after c, which differs in unused bits only.
func stray(c byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[strings.IndexByte(alphabet, c)+1])
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	public, want := testKey(t, 1).Public(), statement(t)
	for name, tc := range hostile(t) {
		t.Run("R46 "+name, func(t *testing.T) {
			t.Parallel()
			if err := signing.Verify(tc.text, public, want); !errors.Is(err, tc.want) {
				t.Fatalf("error = %v; want %v", err, tc.want)
			}
		})
	}
	t.Run("R46 zero key verifies nothing", func(t *testing.T) {
		t.Parallel()
		if err := signing.Verify(forge(rawKey(1), goodHeader(public), "{}"), signing.PublicKey{}, want); !errors.Is(err, signing.ErrSignature) {
			t.Fatalf("error = %v", err)
		}
	})
}

const wantSeeds = 43 // the hostile texts, and one that is good

func TestFuzzSeedsAreAllThere(t *testing.T) {
	t.Parallel()
	if got := len(hostile(t)) + 1; got != wantSeeds {
		t.Fatalf("%d seeds; want %d", got, wantSeeds)
	}
}

// FuzzOpen: whatever opens is the one text that signing its content gives.
func FuzzOpen(f *testing.F) {
	key := testKey(f, 1)
	good, err := signing.Sign(key, statement(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	seeds := hostile(f)
	for _, name := range slices.Sorted(maps.Keys(seeds)) {
		f.Add(seeds[name].text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := signing.Open(text, key.Public())
		if err != nil {
			if !errors.Is(err, signing.ErrSignature) && !errors.Is(err, signing.ErrAlgorithm) {
				t.Fatalf("error without a sentinel: %v", err)
			}
			return
		}
		again, err := signing.Sign(key, got)
		if err != nil {
			t.Fatal(err)
		}
		// Ed25519 is deterministic; only the header may be spelled otherwise.
		if a, b := strings.Split(again, "."), strings.Split(text, "."); a[1] != b[1] {
			t.Fatalf("payload %s opened from %s", a[1], b[1])
		}
		if _, err := json.Marshal(got); err != nil {
			t.Fatal(err)
		}
	})
}
