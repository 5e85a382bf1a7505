# Opens what goes out.
path "transit/decrypt/+" {
  capabilities = ["update"]
}
