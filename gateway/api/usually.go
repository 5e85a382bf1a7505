package api

// usually is what is said, in the example of an operation's body, beside what the schema needs: nil takes a member out.
func usually(operation string) map[string]any {
	type object = map[string]any
	ids := []string{anyID}
	switch operation {
	case "draft-agreement", "revise-agreement", "amend-agreement":
		return object{"template": object{"name": "standard", "version": 1}, "clauses": []object{{"code": "C01", "parameters": object{"retention": "90"}}}, "scope": object{
			"missions": ids, "purposes": ids, "subject_types": []string{"beneficiary"}, "categories": []string{"contact"}, "fields": []string{"phone", "location"},
			"recipient_countries": []string{"NE"}, "storage_countries": []string{"NE"}, "onward_rule": "none", "max_subjects_per_transfer": 100,
			"max_subjects_per_year": 2500, "retention_days": object{"contact": 90},
		}}
	case "draft-assessment", "revise-assessment":
		return object{"form": nil, "answers": object{
			"K1": object{"value": 0, "evidence": "Meeting of 2 March 2026 with the protection cluster"}, "S1": object{"value": 4, "evidence": "Annex I, fields"},
			"L1": object{"unknown": true},
		}, "people_consulted": []string{"the women's committee of the site"}}
	case "place-hold":
		return object{"mission": anyID}
	case "request-transfer":
		return object{"partner": anyID, "purpose": anyID, "files": []object{{"media_type": "text/csv"}}}
	case "record-consent", "record-consents":
		return object{
			"reason_not_written": nil, "evidence": object{"kind": "signed_document", "sha256": anySHA256},
			"capacity": object{"aspects": []string{"age", "cognitive", "physical", "psychological"}, "method": "interview", "result": "capable"},
		}
	case "decide-sensitive":
		return object{"transfer": anyID, "pathway": nil}
	case "write-agreement-template":
		return object{"safeguards": object{}, "clauses": []object{{"code": "C01", "text_version": "2", "title": object{"en": "Purpose", "fr": "Finalité", "es": "Finalidad"}, "text": object{"en": "The data serve the purposes of Annex I, and no other.", "fr": "…", "es": "…"}}}, "annexes": []object{{"code": "III", "title": object{"en": "Named users", "fr": "Utilisateurs désignés", "es": "Usuarios nombrados"}, "text": object{"en": "The named users are those of the gateway's register.", "fr": "…", "es": "…"}}}}
	case "grant-role":
		return object{"mission": anyID, "purposes": []string{anyID}}
	case "delegate-post":
		return object{"mission": anyID}
	}
	return nil
}
