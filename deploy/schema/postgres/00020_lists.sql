-- +goose Up

-- Whose a transfer is, and its state as people of its partner are told it, who are not told that it is held.
ALTER TABLE transfers ADD COLUMN sender TEXT NOT NULL DEFAULT '';
ALTER TABLE transfers ADD COLUMN told TEXT NOT NULL DEFAULT '';

-- What lists read by, newest first.
CREATE INDEX transfers_of_mission ON transfers (mission, id);
CREATE INDEX transfers_of_sender ON transfers (sender, id);
CREATE INDEX transfers_to_partner ON transfers (partner, id) WHERE released > 0;
CREATE INDEX agreement_missions_mission ON agreement_missions (mission, agreement);
CREATE INDEX assessments_mission ON assessments (mission, id);
CREATE INDEX persons_mission ON persons (mission, id);

UPDATE transfers SET told = state;
UPDATE transfers SET sender = COALESCE(b.body ->> 'sender', '')
FROM (SELECT v.id, v.version, CAST(convert_from(v.body, 'UTF8') AS JSONB) AS body FROM record_versions v WHERE v.kind = 'transfer') b
WHERE b.id = transfers.id AND b.version = transfers.version;
UPDATE transfers SET told = CASE
    WHEN jsonb_typeof(b.body -> 'files') = 'array' AND jsonb_array_length(b.body -> 'files') > 0
        AND jsonb_array_length(b.body -> 'files') = CASE WHEN jsonb_typeof(b.body -> 'receipts') = 'array' THEN jsonb_array_length(b.body -> 'receipts') ELSE 0 END THEN 'acknowledged'
    WHEN b.body ->> 'delivered' IS NOT NULL THEN 'pulled'
    ELSE 'available' END
FROM (SELECT v.id, v.version, CAST(convert_from(v.body, 'UTF8') AS JSONB) AS body FROM record_versions v WHERE v.kind = 'transfer') b
WHERE b.id = transfers.id AND b.version = transfers.version AND transfers.state = 'held';
