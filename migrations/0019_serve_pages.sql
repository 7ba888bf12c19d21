-- What the pages of the UI ask for.

-- Who paused, and why. Null where nobody has said, and while nothing is paused.
alter table sje.queues add column paused_by text, add column pause_reason text;
alter table sje.jobs add column paused_by text, add column pause_reason text;
alter table sje.schedules add column paused_by text, add column pause_reason text;
-- A drain is a pause after whose grace what still runs goes back to the queue. cpu_used: cores in use by the worker and its children since the
-- heartbeat before, as the heartbeat says.
alter table sje.workers
    add column paused_by text,
    add column pause_reason text,
    add column drain_requested_at timestamptz,
    add column cpu_used double precision,
    add column memory_used_bytes bigint;

-- Executions that retry: an attempt of a task has failed or was lost, and the task has not ended.
create index tasks_retrying on sje.tasks (execution_id)
    where failures + lost > 0 and state in ('queued', 'running', 'waiting_retry');

-- Throughput and times of a stretch of time. It holds nothing that changes while an execution lives (0014).
create index executions_finished on sje.executions (finished_at) include (ended_as) where finished_at is not null;
create index executions_schedule on sje.executions (schedule_id, id desc) where schedule_id is not null;
-- Ended tasks are written in the order of their end, so a summary of each few pages finds those of the last minute, and an insert pays next to nothing.
create index finished_tasks_finished on sje.finished_tasks using brin (finished_at) with (pages_per_range = 16, autosummarize = on);

-- Changes of what is no execution, for those who watch: written by whatever changes the row, in its transaction. They are numbered with the events,
-- so that one stream carries both in one order, and kept for a day.
create table sje.notices (
    seq      bigint not null default nextval('sje.event_numbers'),
    xid      xid8 not null default pg_current_xact_id(),
    at       timestamptz not null default clock_timestamp(),
    topic    text not null,
    kind     text not null,
    subject  text not null,
    -- The object's, where it has one.
    version  bigint
);
create index notices_order on sje.notices (xid, seq);
create index notices_at on sje.notices using brin (at);

-- Arguments: the topic, the word for one, the column that names it, and the one of its version if it has one.
create function sje.notice() returns trigger language plpgsql as $$
declare
    of_it jsonb := to_jsonb(case when tg_op = 'DELETE' then old else new end);
begin
    insert into sje.notices (topic, kind, subject, version)
    values (tg_argv[0],
        tg_argv[1] || case tg_op when 'INSERT' then '.created' when 'UPDATE' then '.changed' else '.deleted' end,
        of_it ->> tg_argv[2], (of_it ->> tg_argv[3])::bigint);
    return null;
end $$;

create trigger queue_came after insert or delete on sje.queues for each row execute function sje.notice('queues', 'queue', 'name');
create trigger queue_changed after update on sje.queues for each row when (old.* is distinct from new.*)
    execute function sje.notice('queues', 'queue', 'name');
create trigger job_came after insert or delete on sje.jobs for each row execute function sje.notice('jobs', 'job', 'name', 'version');
create trigger job_changed after update on sje.jobs for each row when (old.* is distinct from new.*)
    execute function sje.notice('jobs', 'job', 'name', 'version');
create trigger schedule_came after insert or delete on sje.schedules for each row
    execute function sje.notice('schedules', 'schedule', 'name', 'row_version');
-- Not what is noted for Hangfire's view.
create trigger schedule_changed after update on sje.schedules for each row when (old.row_version <> new.row_version)
    execute function sje.notice('schedules', 'schedule', 'name', 'row_version');
create trigger worker_came after insert on sje.workers for each row execute function sje.notice('workers', 'worker', 'id');
-- Not each heartbeat, and not the rows that retention removes.
create trigger worker_changed after update on sje.workers for each row
    when ((old.state, old.paused_at, old.drain_requested_at) is distinct from (new.state, new.paused_at, new.drain_requested_at))
    execute function sje.notice('workers', 'worker', 'id');
