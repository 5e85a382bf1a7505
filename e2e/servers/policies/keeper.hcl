# Keeps the keys: creates derived ones only, rotates, rewraps and trims them.
# Never "transit/keys/agr-*", which would grant /config and so exportable too.
path "transit/keys/+" {
  capabilities        = ["create", "update", "read"]
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

path "transit/keys/+/config" {
  capabilities = ["update"]
  allowed_parameters = {
    "min_decryption_version" = []
    "min_encryption_version" = []
  }
}
