-- +goose Up

-- The tag of an entry is as final as its commitment.

DROP TRIGGER log_entries_update;
-- +goose StatementBegin
CREATE TRIGGER log_entries_update BEFORE UPDATE ON log_entries
WHEN OLD.seq IS NOT NULL OR NEW.id <> OLD.id OR NEW.version <> OLD.version OR NEW.kind <> OLD.kind
  OR NEW.commitment <> OLD.commitment OR NEW.salt IS NOT OLD.salt OR NEW.body IS NOT OLD.body OR NEW.mac IS NOT OLD.mac
BEGIN SELECT RAISE(ABORT, 'log_entries is append-only'); END;
-- +goose StatementEnd
