package edge

import "net/http"

// traitsOfRepeats is the part of the table about requests that come again, or too often.
func traitsOfRepeats(k kind) traits {
	switch k {
	case kindRunning:
		return traits{
			http.StatusConflict,
			phrase{"Still at work", "Encore en cours", "Aún en curso"},
			phrase{
				"The first request with this Idempotency-Key is not done yet. Send it again soon.",
				"La première requête avec cette Idempotency-Key n'est pas terminée. Renvoyez-la bientôt.",
				"La primera solicitud con esta Idempotency-Key no ha terminado. Envíela de nuevo pronto.",
			},
		}
	case kindReused:
		return traits{
			http.StatusUnprocessableEntity,
			phrase{"Key used for another request", "Clé déjà utilisée pour une autre requête", "Clave ya usada para otra solicitud"},
			phrase{
				"This Idempotency-Key belongs to another request of yours. Use a new key for each request.",
				"Cette Idempotency-Key appartient à une autre de vos requêtes. Utilisez une nouvelle clé pour chaque requête.",
				"Esta Idempotency-Key pertenece a otra solicitud suya. Use una clave nueva para cada solicitud.",
			},
		}
	case kindShown:
		return traits{
			http.StatusConflict,
			phrase{"Done, and shown once", "Fait, et montré une seule fois", "Hecho, y mostrado una sola vez"},
			phrase{
				"It was done, and its answer is not shown again. If you did not get a secret that it held: revoke what was made, and make another.",
				"C'est fait, et la réponse n'est plus montrée. Si vous n'avez pas reçu le secret qu'elle contenait : révoquez ce qui a été créé et créez-en un autre.",
				"Está hecho, y la respuesta no se muestra de nuevo. Si no recibió el secreto que contenía: revoque lo creado y cree otro.",
			},
		}
	default:
		return traits{
			http.StatusTooManyRequests,
			phrase{"Too many requests", "Trop de requêtes", "Demasiadas solicitudes"},
			phrase{
				"Wait as long as Retry-After says, then send it again.",
				"Attendez le temps indiqué par Retry-After, puis renvoyez-la.",
				"Espere lo que indica Retry-After y envíela de nuevo.",
			},
		}
	}
}
