package demo

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"safeconduct/authz"
)

const (
	course        = "data_protection"
	courseVersion = "1"
)

// passed is the day on which everybody of the story passed the course.
func passed(now time.Time) time.Time { return now.UTC().AddDate(0, 0, -1).Truncate(24 * time.Hour) }

// course imports a person's completion of the course (R44).
func (p *Player) course(role authz.Role, person string) call {
	rows := fmt.Sprintf("person,course,version,language,passed\n%s,%s,%s,en,%s\n", person, course, courseVersion, passed(p.Now()).Format(time.DateOnly))
	return post("train-"+lower(role), authz.LEG, "imports the completed course of the "+Title(lower(role)), "/trainings", object{"csv": rows})
}

// undertake has a person sign the confidentiality undertaking in force (R23).
func (p *Player) undertake(ctx context.Context, role authz.Role, person string, loud bool) error {
	var text struct {
		Version  string `json:"version"`
		Language string `json:"language"`
		Digest   string `json:"digest"`
	}
	read := call{step: "undertaking-" + lower(role), role: role, method: http.MethodGet, path: "/undertaking?language=en"}
	if err := p.quiet(ctx, read, &text); err != nil {
		return err
	}
	sign := p.quiet
	if loud {
		sign = p.do
	}
	return sign(ctx, post("undertake-"+lower(role), role, "reads and signs the confidentiality undertaking", "/people/"+person+"/undertakings", object{
		"version": text.Version, "language": text.Language, "digest": text.Digest,
	}), nil)
}
