# Signs checkpoints of the evidence log, and reads the public key of each version.
path "transit/sign/safeconduct-log" {
  capabilities = ["update"]
}

path "transit/keys/safeconduct-log" {
  capabilities = ["read"]
}
