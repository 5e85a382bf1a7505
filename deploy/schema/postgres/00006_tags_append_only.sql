-- +goose Up

-- The tag of an entry is as final as its commitment.

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION sequence_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.seq IS NULL AND NEW.id = OLD.id AND NEW.version = OLD.version AND NEW.kind = OLD.kind
        AND NEW.commitment = OLD.commitment AND NEW.salt IS NOT DISTINCT FROM OLD.salt
        AND NEW.body IS NOT DISTINCT FROM OLD.body AND NEW.mac IS NOT DISTINCT FROM OLD.mac THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'log_entries is append-only';
END $$;
-- +goose StatementEnd
