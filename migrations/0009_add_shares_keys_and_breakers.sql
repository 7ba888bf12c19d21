-- Whose work waits: the tenants of a queue share it by weight. Rows are made when a tenant first submits, and stay.
create table sje.tenants (
    name        text primary key,
    weight      integer not null default 1 check (weight between 1 and 1000),
    created_at  timestamptz not null default now()
);
insert into sje.tenants (name) values ('default');
insert into sje.tenants (name) select distinct tenant from sje.executions on conflict do nothing;

-- Keys that tasks name to share a limit: how many of them run at a time, over all queues and workers. A claim locks the rows of keys that
-- something waits for, then counts what runs. set_by_hand: the limits that jobs give no longer change it.
create table sje.concurrency_keys (
    name         text primary key,
    max_running  integer not null check (max_running > 0),
    set_by_hand  boolean not null default false,
    updated_at   timestamptz not null default now()
);

-- Targets that failed: a Spark master, a host, a database. A target without a row, or whose row says closed, is in order. Open until a time:
-- nothing is claimed for it. After that it is tried by one task at a time, until enough have succeeded in a row.
create table sje.circuit_breakers (
    target      text primary key,
    state       text not null default 'closed' check (state in ('closed', 'open')),
    failures    integer not null default 0,
    successes   integer not null default 0,
    opened_at   timestamptz,
    open_until  timestamptz,
    last_error  text,
    updated_at  timestamptz not null default now(),
    check ((state = 'open') = (open_until is not null))
);

-- concurrency_key and target: '' for none. holds: why it may not be claimed though it is queued; none of it is a matter of the worker.
alter table sje.tasks
    add column concurrency_key text not null default '',
    add column target text not null default '',
    add column holds text[] not null default '{}';
alter table sje.finished_tasks
    add column concurrency_key text not null default '',
    add column target text not null default '',
    add column holds text[] not null default '{}';
create or replace view sje.all_tasks as
    select * from sje.tasks
    union all
    select * from sje.finished_tasks;

-- A claim takes the heads of each queue, tenant and key, so that what may not run now costs it nothing.
drop index sje.tasks_claim;
create index tasks_claim on sje.tasks (queue, tenant, concurrency_key, rank, id) where state = 'queued' and dispatched and holds = '{}';
create index tasks_running_key on sje.tasks (concurrency_key) where state = 'running' and concurrency_key <> '';
create index tasks_waiting_key on sje.tasks (concurrency_key) where state in ('queued', 'waiting_retry') and concurrency_key <> '';
create index tasks_held on sje.tasks (execution_id) where holds <> '{}';

-- How many tasks of a queue start in any stretch of time of that length. Each claim writes down what it took; what is older goes.
alter table sje.queues
    add column max_starts integer check (max_starts > 0),
    add column starts_per interval check (starts_per > interval '0'),
    add constraint queues_rate check ((max_starts is null) = (starts_per is null));
create table sje.queue_starts (
    queue  text not null,
    at     timestamptz not null,
    tasks  integer not null
);
create index queue_starts_at on sje.queue_starts (queue, at);

-- How many executions of a job go on at a time. One is admitted, now or when another has ended, and keeps its place until it ends.
alter table sje.executions
    add column concurrency_key text,
    add column concurrency_max integer check (concurrency_max > 0),
    add column admitted_at timestamptz,
    add constraint executions_concurrency check ((concurrency_key is null) = (concurrency_max is null));
create index executions_going_on on sje.executions (concurrency_key)
    where concurrency_key is not null and finished_at is null and admitted_at is not null;
create index executions_to_admit on sje.executions (concurrency_key)
    where concurrency_key is not null and finished_at is null and admitted_at is null;
