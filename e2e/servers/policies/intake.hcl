# Seals what comes in: makes data keys, and reads back that a key is derived.
path "transit/datakey/plaintext/+" {
  capabilities = ["update"]
}

path "transit/keys/+" {
  capabilities = ["read"]
}
