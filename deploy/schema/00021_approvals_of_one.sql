-- +goose Up

-- An approval of one transfer is looked up by the digest of all that was asked for. Those from before were of its people
-- alone: they cover nothing any more, and are given anew (their content names no such digest).
UPDATE dpo_approvals SET about = 'manifest:' WHERE about LIKE 'subjects:%';
