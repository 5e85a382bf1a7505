# Duty sequencer: signs checkpoints of the evidence log. See deploy/docs/operations.md.

path "transit/sign/safeconduct-log" {
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
path "auth/approle/role/safeconduct-sequencer/secret-id/lookup" {
  capabilities = ["update"]
  allowed_parameters = {
    "secret_id" = []
  }
}
