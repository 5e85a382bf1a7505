package edge

import (
	"net/http"

	"safeconduct/gateway/duty"
)

// kindDuty is that another process does what was asked for.
const kindDuty kind = "other-duty"

func traitsOfDuty() traits {
	return traits{http.StatusServiceUnavailable, phrase{"Another process does this", "Un autre processus s'en charge", "Otro proceso se encarga de esto"}, phrase{}}
}

// otherDuty names the duty that is needed, so that whoever routes requests can mend it.
func otherDuty(e *duty.OtherError, lang string) *Problem {
	p := newProblem(kindDuty, lang)
	d := string(e.Needs)
	p.Duty, p.Detail = d, phrase{
		"Nothing was done. This process does not play the duty " + d + "; send the request to one that does.",
		"Rien n'a été fait. Ce processus n'assure pas la fonction " + d + " ; envoyez la requête à un processus qui l'assure.",
		"No se hizo nada. Este proceso no cumple la función " + d + "; envíe la solicitud a uno que la cumpla.",
	}.in(lang)
	p.retry = retryAfter
	return p
}
