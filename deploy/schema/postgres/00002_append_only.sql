-- +goose Up

-- A guard against mistakes, not against an administrator: what an
-- administrator changes, verification finds.

-- +goose StatementBegin
CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION sequence_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.seq IS NULL AND NEW.id = OLD.id AND NEW.version = OLD.version AND NEW.kind = OLD.kind
        AND NEW.commitment = OLD.commitment AND NEW.salt IS NOT DISTINCT FROM OLD.salt
        AND NEW.body IS NOT DISTINCT FROM OLD.body THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'log_entries is append-only';
END $$;
-- +goose StatementEnd
CREATE TRIGGER record_versions_change BEFORE UPDATE OR DELETE OR TRUNCATE ON record_versions
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER log_entries_sequence BEFORE UPDATE ON log_entries
    FOR EACH ROW EXECUTE FUNCTION sequence_only();
CREATE TRIGGER log_entries_change BEFORE DELETE OR TRUNCATE ON log_entries
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER log_hashes_change BEFORE UPDATE OR DELETE OR TRUNCATE ON log_hashes
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER log_checkpoints_change BEFORE UPDATE OR DELETE OR TRUNCATE ON log_checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();
