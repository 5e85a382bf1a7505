# Duty intake: seals what comes in, and looks persons up by the keyed hash of their case numbers.
# It opens no payload. See deploy/docs/operations.md.

# A data key for each file, for each mission's case numbers, and once for the authority key.
path "transit/datakey/plaintext/+" {
  capabilities = ["update"]
}

# The keys of missions, under which case numbers are hashed. Never those of agreements (agr-*), under which payloads lie.
path "transit/decrypt/mis-*" {
  capabilities = ["update"]
}

# Every duty: the key that authenticates rows, the public keys of the log, and its own token.
path "transit/decrypt/safeconduct-authority" {
  capabilities = ["update"]
}
path "transit/keys/safeconduct-log" {
  capabilities = ["read"]
}
path "auth/token/renew-self" {
  capabilities = ["update"]
}
path "auth/token/revoke-self" {
  capabilities = ["update"]
}

# When the secret id ends that this very process holds: who asks names it by its value.
path "auth/approle/role/safeconduct-intake/secret-id/lookup" {
  capabilities = ["update"]
  allowed_parameters = {
    "secret_id" = []
  }
}
