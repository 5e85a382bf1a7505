-- What the user of the running processes may do in PostgreSQL, and no more. Run it as the owner of the tables, who
-- migrates, after every `safeconduct migrate` and before the new program starts. See deploy/docs/operations.md.
--
-- The user is called safeconduct_run, owns nothing, and is a member of no other role. What it may not: alter, drop or
-- truncate a table, turn a trigger off, change or delete what is evidence, or write the key that authenticates rows.

BEGIN;

REVOKE CREATE ON SCHEMA public FROM PUBLIC, safeconduct_run;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, safeconduct_run;

GRANT USAGE ON SCHEMA public TO safeconduct_run;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO safeconduct_run;

-- Evidence. An entry is given its place, once; a trigger sees to it that nothing else of it changes.
GRANT INSERT ON record_versions, decision_facts, log_entries, log_hashes, log_checkpoints TO safeconduct_run;
GRANT UPDATE (seq) ON log_entries TO safeconduct_run;

-- Records that get later versions. None is ever deleted.
GRANT INSERT, UPDATE ON missions, persons, trainings, undertakings, nominations TO safeconduct_run;
GRANT INSERT, UPDATE ON rulebooks, grants, signing_keys, tokens, parties, agreements, assessments, consents, transfers, pull_sessions
    TO safeconduct_run;

GRANT INSERT, UPDATE ON holds, dpo_approvals, notices, disclosure_assessments TO safeconduct_run;
GRANT INSERT, UPDATE ON legal_cases, incidents, clearances, destructions TO safeconduct_run;
GRANT INSERT, UPDATE ON stale_causes, assessment_templates TO safeconduct_run;
GRANT INSERT, UPDATE ON agreement_templates TO safeconduct_run;
GRANT INSERT ON agreement_scans TO safeconduct_run;

-- Records that stay as they are, and the lists and keys beside them.
GRANT INSERT ON purposes, categories, retention_rules, subjects, sealed_files, transfer_subjects, mission_keys
    TO safeconduct_run;

-- To lock a row takes the right to update something of it.
GRANT UPDATE (version) ON subjects TO safeconduct_run;

-- An amendment may name other missions.
GRANT INSERT, DELETE ON agreement_missions TO safeconduct_run;

-- Working state: uploads that are announced, swept and destroyed; repeats, rates and refusals at the door.
GRANT INSERT, DELETE ON uploads TO safeconduct_run;
GRANT UPDATE (state, touched) ON uploads TO safeconduct_run;
GRANT INSERT, UPDATE, DELETE ON claims, rates TO safeconduct_run;
GRANT INSERT, DELETE ON tallies TO safeconduct_run;
-- Which transfers are to be judged again though nobody pulls.
GRANT INSERT, UPDATE, DELETE ON rejudgings TO safeconduct_run;

-- What replicas hand the jobs of the clock out by; it holds no evidence.
GRANT INSERT, UPDATE, DELETE ON river_job, river_leader, river_queue TO safeconduct_run;
GRANT USAGE ON SEQUENCE river_job_id_seq TO safeconduct_run;

-- Nothing more on authority_keys and goose_db_version: bootstrap and migrate write them, as the owner.

COMMIT;
