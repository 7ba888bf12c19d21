-- What it takes to show an application's pages after its end, why it waits, and drivers that are children of a worker: nothing of those outlives
-- its attempt, so nobody looks for them on a cluster.
alter table sje.spark_applications
    add column client boolean not null default false,
    add column event_log text,
    add column installation text,
    add column pending_cause text;
