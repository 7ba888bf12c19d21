-- When saved jobs start by themselves.
create table sje.schedules (
    id                uuid primary key,
    name              text not null unique,
    job_id            uuid not null references sje.jobs (id) on delete cascade,
    -- Whether it is the job file's: then it bears the job's name, and changes of it are new versions of the job.
    from_job          boolean not null default false,
    cron              text not null,
    time_zone         text not null default 'UTC',
    parameters        jsonb not null default '{}',
    tenant            text not null default 'default',
    paused_at         timestamptz,
    -- The next due time. Moved in the transaction that creates the execution, so a due time is used once.
    next_at           timestamptz,
    last_due_at       timestamptz,
    last_fired_at     timestamptz,
    last_execution_id uuid,
    last_error        text,
    -- Of the definition, for those who change it; row_version is of anything.
    version           integer not null default 1,
    row_version       bigint not null default 1,
    -- Set where Hangfire's recurring job lags behind this row: when to bring it up.
    hangfire_sync_at  timestamptz default now(),
    created_at        timestamptz not null default now(),
    updated_at        timestamptz not null default now(),
    created_by        text,
    check (paused_at is null or next_at is null)
) with (fillfactor = 70);
create index schedules_due on sje.schedules (next_at) where next_at is not null;
create index schedules_sync on sje.schedules (hangfire_sync_at) where hangfire_sync_at is not null;
create index schedules_job on sje.schedules (job_id);
create unique index schedules_from_job on sje.schedules (job_id) where from_job;

-- When some process last looked for due schedules, and since when one always has: what was due before that was missed by all.
create table sje.schedule_watch (
    only_row   boolean primary key default true check (only_row),
    looked_at  timestamptz not null,
    since      timestamptz not null
);
insert into sje.schedule_watch (looked_at, since) values (now(), now());

alter table sje.executions add column schedule_id uuid, add column scheduled_for timestamptz;
-- The last guard: one execution for a due time.
create unique index executions_scheduled_for on sje.executions (schedule_id, scheduled_for) where scheduled_for is not null;
