-- What users define and what is accepted: jobs, executions, queues, keys. Instants are timestamptz; the database's clock counts.
create schema if not exists sje;

create table sje.jobs (
    id          uuid primary key,
    name        text not null unique,
    version     integer not null default 1,
    spec        jsonb not null,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    created_by  text
);

-- Every version that ever stood under a name, so that an execution can say which one it ran.
create table sje.job_versions (
    job_id      uuid not null references sje.jobs (id) on delete cascade,
    version     integer not null,
    spec        jsonb not null,
    created_at  timestamptz not null default now(),
    created_by  text,
    primary key (job_id, version)
);

create table sje.queues (
    name        text primary key check (name ~ '^[a-z0-9_-]{1,50}$'),
    lane        text not null default 'background' check (lane in ('background', 'direct')),
    paused_at   timestamptz,
    created_at  timestamptz not null default now()
);
insert into sje.queues (name) values ('default');

-- One row per run of a job. Its id is a UUIDv7: ids sort by time of acceptance, which pages lists and will cut partitions.
create table sje.executions (
    id                  uuid primary key,
    job_id              uuid references sje.jobs (id) on delete set null,
    job_version         integer,
    name                text not null,
    label               text,
    job_type            text not null,
    queue               text not null,
    priority            smallint not null default 0 check (priority between -100 and 100),
    tenant              text not null default 'default',
    tags                text[] not null default '{}',
    spec                jsonb not null,
    parameters          jsonb not null default '{}',
    state               text not null check (state in ('accepted', 'queued', 'running', 'succeeded', 'partially_succeeded',
                                                       'failed', 'cancelled', 'timed_out')),
    permit_partial      boolean not null default false,
    task_count          integer not null,
    trigger             text not null default 'api',
    rerun_of            uuid,
    accepted_by         text,
    accepted_at         timestamptz not null default now(),
    started_at          timestamptz,
    finished_at         timestamptz,
    cancel_requested_at timestamptz,
    cancel_reason       text,
    total_deadline_at   timestamptz,
    version             bigint not null default 1,
    check ((state in ('succeeded', 'partially_succeeded', 'failed', 'cancelled', 'timed_out')) = (finished_at is not null))
);
create index executions_label on sje.executions (label, id desc) where label is not null;
create index executions_job on sje.executions (job_id, id desc) where job_id is not null;
create index executions_name on sje.executions (name, id desc);
create index executions_state on sje.executions (state, id desc);
create index executions_total_deadline on sje.executions (total_deadline_at) where total_deadline_at is not null and finished_at is null;

-- A submit under a key happens once. The hash tells the same body from another one.
create table sje.idempotency_keys (
    tenant        text not null,
    key           text not null check (length(key) between 1 and 200),
    body_hash     bytea not null,
    execution_id  uuid not null,
    created_at    timestamptz not null default now(),
    primary key (tenant, key)
);
create index idempotency_keys_created on sje.idempotency_keys (created_at);

create table sje.api_keys (
    id           uuid primary key,
    name         text not null,
    role         text not null check (role in ('viewer', 'operator', 'admin')),
    tenant       text not null default 'default',
    prefix       text not null,
    hash         bytea not null unique,
    created_at   timestamptz not null default now(),
    last_used_at timestamptz,
    revoked_at   timestamptz
);
