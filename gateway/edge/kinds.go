package edge

import "net/http"

// kind is a type of problem, as its URN ends.
type kind string

const (
	kindMalformed   kind = "malformed"
	kindNoIdentity  kind = "unauthenticated"
	kindRefused     kind = "refused"
	kindCrossOrigin kind = "cross-origin"
	kindNotFound    kind = "not-found"
	kindMethod      kind = "method-not-allowed"
	kindAcceptable  kind = "not-acceptable"
	kindSlow        kind = "slow-request"
	kindConflict    kind = "conflict"
	kindTransition  kind = "illegal-transition"
	kindTooLarge    kind = "too-large"
	kindMediaType   kind = "unsupported-media-type"
	kindMisdirected kind = "misdirected"
	kindPeer        kind = "not-a-proxy"
	kindInvalid     kind = "invalid"
	kindUnavailable kind = "unavailable"
	kindInternal    kind = "internal"
	kindRunning     kind = "in-progress"
	kindReused      kind = "key-reused"
	kindShown       kind = "shown-once"
	kindLimited     kind = "too-many-requests"
)

// urn prefixes every problem type.
const urn = "urn:safeconduct:"

// traits is what all problems of a kind have in common.
type traits struct {
	status int
	title  phrase
	detail phrase // where the error itself has nothing to show
}

// traitsOf is the table of problem types. An unknown kind is an internal error.
func traitsOf(k kind) traits {
	switch k {
	case kindMalformed:
		return traits{http.StatusBadRequest, phrase{"Malformed request", "Requête mal formée", "Solicitud mal formada"}, phrase{}}
	case kindNoIdentity:
		return traits{
			http.StatusUnauthorized,
			phrase{"Sign in first", "Identifiez-vous d'abord", "Identifíquese primero"},
			phrase{"A valid token is needed.", "Un jeton valide est nécessaire.", "Se necesita un token válido."},
		}
	case kindRefused:
		return traits{http.StatusForbidden, phrase{"Refused", "Refusé", "Denegado"}, phrase{}}
	case kindCrossOrigin:
		return traits{
			http.StatusForbidden,
			phrase{"Cross-origin request refused", "Requête d'une autre origine refusée", "Solicitud de otro origen denegada"},
			phrase{"Send it from the same site.", "Envoyez-la depuis le même site.", "Envíela desde el mismo sitio."},
		}
	case kindNotFound:
		return traits{
			http.StatusNotFound,
			phrase{"Not found", "Introuvable", "No encontrado"},
			phrase{"It does not exist, or you may not know of it.", "Cela n'existe pas, ou vous n'y avez pas accès.", "No existe, o usted no tiene acceso."},
		}
	case kindMethod:
		return traits{
			http.StatusMethodNotAllowed,
			phrase{"Method not allowed", "Méthode non autorisée", "Método no permitido"},
			phrase{"See the Allow header.", "Voir l'en-tête Allow.", "Véase la cabecera Allow."},
		}
	case kindAcceptable:
		return traits{
			http.StatusNotAcceptable,
			phrase{"Not acceptable", "Non acceptable", "No aceptable"},
			phrase{"Accept application/json.", "Acceptez application/json.", "Acepte application/json."},
		}
	default:
		return traitsOfRest(k)
	}
}

func traitsOfRest(k kind) traits {
	switch k {
	case kindSlow:
		return traits{
			http.StatusRequestTimeout,
			phrase{"The request came too slowly", "La requête est arrivée trop lentement", "La solicitud llegó demasiado lenta"},
			phrase{"Try again.", "Réessayez.", "Inténtelo de nuevo."},
		}
	case kindConflict:
		return traits{http.StatusConflict, phrase{"Conflict", "Conflit", "Conflicto"}, phrase{}}
	case kindTransition:
		return traits{http.StatusConflict, phrase{"Not possible in this state", "Impossible dans cet état", "No es posible en este estado"}, phrase{}}
	case kindTooLarge:
		return traits{
			http.StatusRequestEntityTooLarge,
			phrase{"Too large", "Trop volumineux", "Demasiado grande"},
			phrase{"Send less at once.", "Envoyez moins à la fois.", "Envíe menos a la vez."},
		}
	case kindMediaType:
		return traits{
			http.StatusUnsupportedMediaType,
			phrase{"Unsupported media type", "Type de média non pris en charge", "Tipo de medio no admitido"},
			phrase{"Send application/json.", "Envoyez application/json.", "Envíe application/json."},
		}
	case kindDuty:
		return traitsOfDuty()
	case kindMisdirected:
		return traits{
			http.StatusMisdirectedRequest,
			phrase{"Unknown host name", "Nom d'hôte inconnu", "Nombre de host desconocido"},
			phrase{"Use one of the allowed_hosts.", "Utilisez l'un des allowed_hosts.", "Use uno de los allowed_hosts."},
		}
	case kindPeer:
		return traits{
			http.StatusMisdirectedRequest,
			phrase{"Only through the proxy", "Seulement par le proxy", "Solo a través del proxy"},
			phrase{"Send it to the public address of the gateway, over TLS.", "Envoyez-la à l'adresse publique de la passerelle, en TLS.", "Envíela a la dirección pública de la pasarela, por TLS."},
		}
	case kindInvalid:
		return traits{http.StatusUnprocessableEntity, phrase{"Invalid", "Invalide", "No válido"}, phrase{}}
	case kindUnavailable:
		return traits{
			http.StatusServiceUnavailable,
			phrase{"Unavailable for now", "Indisponible pour le moment", "No disponible por ahora"},
			phrase{"Nothing was sent. Try again soon.", "Rien n'a été envoyé. Réessayez bientôt.", "No se envió nada. Inténtelo pronto."},
		}
	case kindRunning, kindReused, kindShown, kindLimited:
		return traitsOfRepeats(k)
	default:
		return traits{
			http.StatusInternalServerError,
			phrase{"Internal error", "Erreur interne", "Error interno"},
			phrase{"Give the request id to the operator.", "Donnez l'identifiant de la requête à l'exploitant.", "Dé el identificador de la solicitud al operador."},
		}
	}
}
