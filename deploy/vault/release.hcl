# Duty release: opens what goes out. It makes no key and no data key. See deploy/docs/operations.md.

# The keys of agreements, under which payloads lie. Not those of missions.
path "transit/decrypt/agr-*" {
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
path "auth/approle/role/safeconduct-release/secret-id/lookup" {
  capabilities = ["update"]
  allowed_parameters = {
    "secret_id" = []
  }
}
