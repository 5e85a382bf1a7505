-- +goose Up

-- Where the agreement stands, beside the missions that it names: a decision reads the nearest of each state, however many there are.
ALTER TABLE agreement_missions ADD COLUMN state TEXT NOT NULL DEFAULT '';
ALTER TABLE agreement_missions ADD COLUMN valid_until BIGINT NOT NULL DEFAULT 0;
UPDATE agreement_missions SET
    state = COALESCE((SELECT a.state FROM agreements a WHERE a.id = agreement_missions.agreement), ''),
    valid_until = COALESCE((SELECT a.valid_until FROM agreements a WHERE a.id = agreement_missions.agreement), 0);
CREATE INDEX agreement_missions_near ON agreement_missions (partner, mission, state, agreement);
CREATE INDEX agreements_near ON agreements (partner, mission, state, id);
DROP INDEX agreements_between;

-- What still counts, and the newest of what does not.
CREATE INDEX assessments_near ON assessments (agreement, mission, state, id);
CREATE INDEX dpo_approvals_live ON dpo_approvals (about, ends) WHERE ends > 0;
CREATE INDEX dpo_approvals_newest ON dpo_approvals (about, id);
DROP INDEX dpo_approvals_about;
CREATE INDEX tokens_live ON tokens (person) WHERE ends > 0;
CREATE INDEX transfers_volume ON transfers (agreement, released, id, subjects);
DROP INDEX transfers_agreement;

-- What lists read by, newest first.
CREATE INDEX agreement_missions_state ON agreement_missions (mission, state, agreement);
CREATE INDEX agreements_partner ON agreements (partner, id);
CREATE INDEX assessments_state ON assessments (mission, state, id);
CREATE INDEX dpo_approvals_mission ON dpo_approvals (mission, id);
CREATE INDEX transfers_between ON transfers (mission, partner, id);
