// Package cover is the cover sheet of a transfer: what goes with the files to the partner, in words that bind them. It tells
// what was sent, under which agreement, within which limits and until when it may be kept, and that no privilege or immunity
// is waived (R33). It holds no personal data, no case number and no id of a person (R55).
package cover

import "time"

// Sheet is the cover sheet of one transfer, as it stands at Made.
type Sheet struct {
	Transfer  string    `json:"transfer" doc:"id of the transfer"`
	Language  string    `json:"language" enum:"en,fr,es" doc:"of the texts"`
	State     string    `json:"state" enum:"not_released,released,ended" example:"released" doc:"whether the files may be pulled: not yet, or no more"`
	Mission   Mission   `json:"mission"`
	Partner   Party     `json:"partner"`
	Agreement Agreement `json:"agreement"`
	Purpose   Purpose   `json:"purpose"`
	// RecipientClass and Nature are as the manifest has them.
	RecipientClass string     `json:"recipient_class" example:"service_provider"`
	Nature         string     `json:"nature" example:"personal"`
	Categories     []string   `json:"categories" nullable:"false" doc:"codes of the categories of data"`
	Fields         []string   `json:"fields" nullable:"false" doc:"fields in the files"`
	Persons        int        `json:"persons" doc:"how many people the data are about" example:"12"`
	Consent        *Limits    `json:"consent_limits,omitempty" doc:"the limits of the consent of those whom the data are about (R12); none where they are about nobody in particular"`
	Onward         Onward     `json:"onward"`
	Retention      Retention  `json:"retention"`
	Released       *time.Time `json:"released,omitempty"`
	WindowEnds     *time.Time `json:"window_ends,omitempty" doc:"exclusive; until then the files may be pulled"`
	PullLimit      int        `json:"pull_limit,omitempty" doc:"pull sessions for each file"`
	Files          []File     `json:"files" nullable:"false"`
	NonWaiver      NonWaiver  `json:"non_waiver"`
	Made           time.Time  `json:"made" doc:"as of when it says this"`
}

// Mission is the mission that sends, with the post to write to.
type Mission struct {
	ID      string `json:"id"`
	Name    string `json:"name" example:"Niger"`
	Country string `json:"country" example:"NE"`
	Contact string `json:"contact" doc:"of its focal point for data protection, a post" example:"dp-niger@example.org"`
}

// Party is the recipient.
type Party struct {
	ID   string `json:"id"`
	Name string `json:"name" example:"Shelter network"`
}

// Agreement is the one that rules, in the document now in force.
type Agreement struct {
	ID      string `json:"id"`
	Version int    `json:"document_version" example:"1"`
	Digest  string `json:"digest" doc:"of the document that both parties signed"`
}

// Purpose is what the data may be used for, and nothing besides.
type Purpose struct {
	ID   string `json:"id"`
	Code string `json:"code" example:"shelter"`
	Text string `json:"text" example:"Referral to shelter"`
}

// Limits are those that hold for all whom the data are about.
type Limits struct {
	ExcludedCategories []string   `json:"excluded_categories" nullable:"false" doc:"categories of the agreement to which not everybody consented: they may be neither asked for nor added"`
	ExcludedRecipients string     `json:"excluded_recipients" enum:"all_others" doc:"consent names the partner alone"`
	Until              *time.Time `json:"until,omitempty" doc:"when the first consent ends, exclusive"`
}

// Onward is whether the data may go on, and to whom.
type Onward struct {
	Rule       string   `json:"rule" enum:"none,listed"`
	Recipients []string `json:"recipients" nullable:"false" example:"[]" doc:"organisations that were declared for this transfer, and that the agreement lists"`
}

// Retention is how long the partner may keep the data, and that they are destroyed then, with a certificate (R27).
type Retention struct {
	Days int        `json:"days" doc:"from the first pull" example:"90"`
	Due  *time.Time `json:"destroy_by,omitempty" doc:"once a file was pulled: by when every copy is destroyed and that is certified"`
}

// File is one file, which is what came where its hash is this one.
type File struct {
	N         int    `json:"n" example:"1"`
	MediaType string `json:"media_type" example:"text/csv"`
	Size      int64  `json:"size" doc:"bytes"`
	SHA256    string `json:"sha256" doc:"of the content, hex"`
}

// NonWaiver is the clause on privileges and immunities (R33).
type NonWaiver struct {
	Clause string `json:"clause" example:"C20"`
	Text   string `json:"text" doc:"in the language of the sheet" example:"Nothing in or relating to this agreement, or to any transfer made under it, shall be deemed a waiver, express or implied, of any of the privileges and immunities of the International Organization for Migration."`
	// OnPaper says that the agreement was signed on paper, whose own words bind.
	OnPaper bool `json:"on_paper,omitempty" doc:"the agreement was signed on paper: its own words bind, and these are the organisation's"`
}

// The states.
const (
	NotReleased = "not_released"
	Released    = "released"
	Ended       = "ended"
)

// AllOthers are all recipients but the partner.
const AllOthers = "all_others"
