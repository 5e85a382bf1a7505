package gate

import "testing"

// What names a person in English, French or Spanish is personal, whatever is about the place, the partner or a count is not.
// French counts with the word (nombre) with which Spanish names.
func TestFieldsThatLookPersonal(t *testing.T) {
	for _, row := range []struct {
		personal bool
		names    []string
	}{
		{true, []string{
			"name", "GivenName", "child_name", "beneficiary name", "mother_name", "Phone no", "case_id",
			"nom", "nom_beneficiaire", "Nom du bénéficiaire", "NomBeneficiaire", "nombeneficiaire", "nom_enfant", "nom de l'enfant", "nom_de_la_mere",
			"nom_pere", "nom_tuteur", "nom_chef_menage", "nom_et_prenoms", "nom_famille", "nom_jeune_fille", "prenom_enfant", "prénom", "beneficiaire_prenom",
			"beneficiaire_nom", "enfant_nom", "nom_patient_1", "numero_beneficiaire", "num_beneficiaire", "Numéro du bénéficiaire", "id_beneficiaire", "code_beneficiaire",
			"numero_carte_identite", "matricule", //nolint:misspell // French and Spanish
			"nombre", "nombre_nino", "nombre_niño", "Nombre del niño", "nombre_de_la_niña", "NombreBeneficiario", "nombre_beneficiaria", "nombre_completo",
			"nombre_madre", "nombre_y_apellidos", "primer_nombre", "primer_apellido", "apellido_paterno", "apellidos_beneficiario", "beneficiario_nombre",
			"nombre_migrante", "nombre_jefe_hogar", "numero_beneficiario", "numero_de_beneficiaria", "Número del beneficiario", "id_beneficiario", "codigo_beneficiario",
			"numero_documento_identidad", "numero_identidad",
		}},
		{false, []string{
			"camp_name", "district", "people", "partner", "number_of_children", "age_group", "sex", "month", "patients", "children_total",
			"nom_camp", "nom_du_camp", "nom_district", "nom_de_la_commune", "nom_du_site", "nom_partenaire", "nom_chef_lieu", "camp_nom",
			"nombre_beneficiaires", "nombre_de_bénéficiaires", "nombre_enfants", "nombre_d_enfants", "nombre_de_personnes", "nombre_migrants", "nombre_migrantes", "nombre_menages", //nolint:misspell // French and Spanish
			"numero_site", "numero_semaine", "enfants", "total_patients",
			"nombre_distrito", "nombre_campamento", "nombre_del_campamento", "nombre_municipio", "nombre_departamento", "distrito_nombre",
			"numero_beneficiarios", "numero_de_niños", "numero_de_personas", "numero_semana", "beneficiarios", "total_niñas",
		}},
	} {
		for _, name := range row.names {
			f := passingOfNobody(Request)
			f.Manifest.Fields = []string{name}
			if got := len(f.looksPersonal()) > 0; got != row.personal {
				t.Errorf("NATURE_MISMATCH %q looks personal: %t", name, got)
			}
		}
	}
}
