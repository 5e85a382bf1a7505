-- +goose Up
-- One process has the file: there are no replicas to hand river_job out to (deploy/adr/0010).
SELECT 1;
