-- Dead letters: tasks that failed for good and that nobody has dismissed or run again. What looks alike has one fingerprint,
-- '<failure class>-<16 hex digits>'; it is worked out when the task ends, so that grouping a million of them reads an index.
-- Of the job's name and of the message everything is left out that differs from case to case: numbers, ids, paths, what is quoted.
-- The exception is the engine's, or the last that the end of the log names. A task that waited too long failed of that, whatever
-- its last attempt had died of.
create function sje.fingerprint(job text, type text, state text, reason text, error jsonb) returns text
language sql immutable parallel safe as $$
    select class || '-' || left(encode(sha256(convert_to(concat_ws(E'\n', regexp_replace(job, '[0-9]+', '#', 'g'), type, what), 'UTF8')), 'hex'), 16)
    from (
        select 'timeout' as class, reason as what where state = 'timed_out' and reason in ('queued timeout', 'total timeout')
        union all
        select coalesce(nullif(left(regexp_replace(lower(error ->> 'class'), '[^a-z0-9_]+', '_', 'g'), 50), ''), 'error'),
            concat_ws(E'\n', error ->> 'exitCode', error ->> 'signal',
                coalesce(error ->> 'exception', substring(right(error ->> 'logTail', 500), '(?:^|\n)((?:\w+\.)*\w+(?:Error|Exception))\M')),
                regexp_replace(left(error ->> 'message', 500),
                    '"[^"]*"|''[^'']*''|`[^`]*`|(?:\w+:/|\.{0,2})(?:/[^\s/:,;]+)+|\m[0-9a-f]{8,}\M|[-+]?\m\w*\d[\w.:-]*', '#', 'g'))
        where (state = 'timed_out' and reason in ('queued timeout', 'total timeout')) is not true
    ) x
$$;

-- The tables are alike, and the view has to let go of them first.
drop view sje.all_tasks;
alter table sje.tasks add column fingerprint text collate "C";
alter table sje.finished_tasks add column fingerprint text collate "C";
create view sje.all_tasks as
    select * from sje.tasks
    union all
    select * from sje.finished_tasks;

update sje.finished_tasks t
set fingerprint = sje.fingerprint((select e.name from sje.executions e where e.id = t.execution_id), t.type, t.state, t.reason, t.error)
where t.state in ('failed', 'timed_out');

-- Pages go by time, groups and counts by fingerprint; the tenant is there so that neither has to look at the rows.
drop index sje.finished_tasks_failed;
create index finished_tasks_dead on sje.finished_tasks (finished_at, id) where state in ('failed', 'timed_out') and dismissed_at is null;
create index finished_tasks_dead_alike on sje.finished_tasks (fingerprint, finished_at, id) include (tenant)
    where state in ('failed', 'timed_out') and dismissed_at is null;

-- A change of many rows that was asked for in one request. Any process takes the next slice of it; the row's lock is the turn, and the
-- position moves in the transaction that changes the slice: a death in between undoes both.
create table sje.operations (
    id            uuid primary key,
    kind          text not null check (kind in ('dead_letters.requeue', 'dead_letters.purge')),
    filter        jsonb not null,
    -- Whose rows; null is everybody's.
    tenant        text,
    requested_by  text,
    state         text not null default 'running' check (state in ('running', 'succeeded', 'partially_succeeded', 'failed', 'cancelled')),
    -- What it is about: rows that were there at this instant.
    until         timestamptz not null,
    total         bigint not null,
    done          bigint not null default 0,
    failed        bigint not null default 0,
    last_error    text,
    position_at   timestamptz,
    position_id   uuid,
    created_at    timestamptz not null default clock_timestamp(),
    updated_at    timestamptz not null default clock_timestamp(),
    finished_at   timestamptz,
    check ((state = 'running') = (finished_at is null))
);
create index operations_running on sje.operations (created_at) where state = 'running';
