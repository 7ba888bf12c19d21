-- The queue. sje.tasks holds only what is alive (blocked, queued, running, waiting for a retry), so that a claim costs the same
-- whatever the history; an ended task moves to sje.finished_tasks, and back when someone retries it.
create table sje.workers (
    id            uuid primary key,
    name          text not null,
    host          text not null,
    process_id    integer not null,
    version       text not null,
    state         text not null default 'active' check (state in ('active', 'draining', 'stopped', 'dead')),
    queues        text[] not null,
    engines       text[] not null,
    labels        text[] not null default '{}',
    slots         integer not null,
    cpus          double precision not null,
    memory_bytes  bigint not null,
    started_at    timestamptz not null default now(),
    heartbeat_at  timestamptz not null default now(),
    lease_until   timestamptz not null,
    ended_at      timestamptz
);
create index workers_alive on sje.workers (lease_until) where state in ('active', 'draining');

create table sje.tasks (
    id                    uuid primary key,
    execution_id          uuid not null,
    name                  text not null,
    ordinal               integer not null,
    type                  text not null,
    queue                 text not null,
    lane                  text not null default 'background',
    tenant                text not null default 'default',
    priority              smallint not null default 0,
    -- Claim order, smallest first: accepted_at - priority x one hour. High priority runs first, yet nothing starves.
    rank                  timestamptz not null,
    state                 text not null check (state in ('blocked', 'queued', 'running', 'waiting_retry')),
    -- The only clock of delays and retries: not claimed before.
    available_at          timestamptz not null default now(),
    depends_on            uuid[] not null default '{}',
    pending_dependencies  integer not null default 0,
    spec                  jsonb not null,
    labels                text[] not null default '{}',
    cpus                  double precision not null default 0,
    memory_bytes          bigint not null default 0,
    run_timeout           interval,
    queued_timeout        interval,
    queued_deadline_at    timestamptz,
    max_attempts          integer not null,
    -- attempt is the fencing token: it rises with every claim and is never used again.
    attempt               integer not null default 0,
    failures              integer not null default 0,
    lost                  integer not null default 0,
    worker_id             uuid,
    cancel_requested_at   timestamptz,
    cancel_reason         text,
    restart_requested_at  timestamptz,
    -- Hangfire's record of this task, and who is making one until when.
    hangfire_job_id       bigint unique,
    -- Whether that record exists and is in a state in which Hangfire's worker takes it; only then may the task be claimed.
    dispatched            boolean not null default false,
    dispatch_until        timestamptz,
    -- Set where Hangfire's view lags behind this row: when to bring it up.
    hangfire_sync_at      timestamptz,
    row_version           bigint not null default 1,
    progress              real,
    progress_message      text,
    metrics               jsonb,
    parts                 jsonb,
    outputs               jsonb,
    preview               jsonb,
    error                 jsonb,
    reason                text,
    dismissed_at          timestamptz,
    accepted_at           timestamptz not null default now(),
    queued_at             timestamptz,
    started_at            timestamptz,
    attempt_started_at    timestamptz,
    finished_at           timestamptz,
    unique (execution_id, name),
    check ((state = 'running') = (worker_id is not null)),
    -- State and count agree, in both directions: a blocked task that waits for nothing would wait for ever.
    check ((state = 'blocked') = (pending_dependencies > 0))
) with (fillfactor = 70);
create index tasks_claim on sje.tasks (queue, rank, id) where state = 'queued' and dispatched;
create index tasks_retry on sje.tasks (queue, available_at) where state = 'waiting_retry';
create index tasks_running on sje.tasks (worker_id) where state = 'running';
create index tasks_undispatched on sje.tasks (rank) where hangfire_job_id is null and lane = 'background' and state = 'queued';
create index tasks_sync on sje.tasks (hangfire_sync_at) where hangfire_sync_at is not null;
create index tasks_queued_deadline on sje.tasks (queued_deadline_at) where queued_deadline_at is not null and state in ('queued', 'waiting_retry');
create index tasks_depends on sje.tasks using gin (depends_on) where state = 'blocked';

create table sje.finished_tasks (
    like sje.tasks including defaults,
    primary key (id),
    unique (execution_id, name),
    check (state in ('succeeded', 'failed', 'cancelled', 'timed_out', 'skipped')),
    check (finished_at is not null and worker_id is null)
);
create unique index finished_tasks_hangfire on sje.finished_tasks (hangfire_job_id) where hangfire_job_id is not null;
create index finished_tasks_sync on sje.finished_tasks (hangfire_sync_at) where hangfire_sync_at is not null;
create index finished_tasks_failed on sje.finished_tasks (finished_at) where state in ('failed', 'timed_out') and dismissed_at is null;

create view sje.all_tasks as
    select * from sje.tasks
    union all
    select * from sje.finished_tasks;

create table sje.attempts (
    execution_id   uuid not null,
    task_id        uuid not null,
    number         integer not null check (number > 0),
    worker_id      uuid not null,
    worker_name    text not null,
    started_at     timestamptz not null default now(),
    ended_at       timestamptz,
    outcome        text check (outcome in ('succeeded', 'failed', 'cancelled', 'timed_out', 'lost', 'drained', 'released', 'restarted')),
    error          jsonb,
    primary key (task_id, number),
    check ((outcome is null) = (ended_at is null))
);
create index attempts_execution on sje.attempts (execution_id);

-- What a task saved to go on from; the newest of any attempt.
create table sje.checkpoints (
    task_id      uuid primary key,
    execution_id uuid not null,
    attempt      integer not null,
    saved_at     timestamptz not null default now(),
    body         jsonb not null
);

-- Lines of a task's log, some hundred in a row. body: one line each, "<o|e|s> <unix ms> <text>".
create table sje.log_chunks (
    execution_id uuid not null,
    task_id      uuid not null,
    attempt      integer not null,
    first_line   bigint not null,
    line_count   integer not null,
    written_at   timestamptz not null default now(),
    body         text not null,
    primary key (task_id, attempt, first_line)
);
create index log_chunks_execution on sje.log_chunks (execution_id);

-- A state change, written in the transaction of the change. seq is drawn before the commit, so a reader that went by it alone
-- could pass over one that commits late: readers take only rows below pg_snapshot_xmin(pg_current_snapshot()), in order (xid, seq).
create table sje.events (
    seq          bigint generated always as identity primary key,
    xid          xid8 not null default pg_current_xact_id(),
    at           timestamptz not null default clock_timestamp(),
    execution_id uuid not null,
    task_id      uuid,
    kind         text not null,
    data         jsonb not null default '{}'
);
create index events_execution on sje.events (execution_id, xid, seq);
create index events_order on sje.events (xid, seq);

-- Background jobs that Hangfire has and that belong to no task any more (two processes made one for the same task).
create table sje.stray_background_jobs (
    hangfire_job_id bigint primary key,
    task_id         uuid,
    noted_at        timestamptz not null default now()
);
