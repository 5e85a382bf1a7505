# Duty keeper: makes derived keys, rotates, rewraps and trims them. It opens nothing. See deploy/docs/operations.md.
# Never "transit/keys/agr-*": a glob reaches /config too, and so exportable. Never encrypt: it makes keys that are not
# derived, and they would ignore what a data key is bound to.

path "transit/keys/+" {
  capabilities        = ["create", "update"]
  required_parameters = ["derived"]
  allowed_parameters = {
    "derived" = [true]
    "type"    = ["aes256-gcm96"]
  }
}

path "transit/keys/+/rotate" {
  capabilities = ["update"]
}

path "transit/rewrap/+" {
  capabilities = ["update"]
}

path "transit/keys/+/trim" {
  capabilities = ["update"]
}

# Writing nothing here answers with the key as it is: so it is seen that a key is derived.
path "transit/keys/+/config" {
  capabilities = ["update"]
  allowed_parameters = {
    "min_decryption_version" = []
    "min_encryption_version" = []
  }
}

# The key of the log is the operators': trimming it would take the means to verify old checkpoints away.
path "transit/keys/safeconduct-log/rotate" {
  capabilities = ["deny"]
}
path "transit/keys/safeconduct-log/trim" {
  capabilities = ["deny"]
}
path "transit/keys/safeconduct-log/config" {
  capabilities = ["deny"]
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
path "auth/approle/role/safeconduct-keeper/secret-id/lookup" {
  capabilities = ["update"]
  allowed_parameters = {
    "secret_id" = []
  }
}
