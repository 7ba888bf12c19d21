-- History by time. What belongs to executions (ended tasks, attempts, events, log lines) lies in partitions of one week, or what is configured, cut by
-- the execution's id: ids are UUIDv7 and sort by time of acceptance. A range is dropped whole: four small catalogue changes, instead of millions of
-- deletes and the vacuum after them. Behind them stands a default partition, so that no insert fails because nobody made a partition in time, and so
-- that what must stay when its range goes has a place. Executions stay one table, since every claim and every end looks them up one by one
-- (docs/decisions/0011-history-by-partition.md).

-- The smallest UUIDv7 of an instant (RFC 9562 section 5.7: 48 bits of Unix milliseconds come first).
create function sje.id_at(instant timestamptz) returns uuid language sql stable strict as $$
    select (lpad(to_hex(floor(extract(epoch from instant) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

create index checkpoints_execution on sje.checkpoints (execution_id);
create index workers_ended on sje.workers (ended_at) where ended_at is not null;

-- Numbers of events come from a sequence that no partition owns. They need no index of their own: readers go by (xid, seq).
create sequence sje.event_numbers;
select setval('sje.event_numbers', max(seq)) from sje.events having max(seq) is not null;
alter table sje.events alter column seq drop identity, drop constraint events_pkey;
alter table sje.events alter column seq set default nextval('sje.event_numbers');

-- Lines of a log, many at a time. Small bodies are plain text, others are compressed; merged: a background pass has made one of several.
-- What that pass has still to do is found by the index: an attempt that wrote one chunk is not in it.
alter table sje.log_chunks
    alter column body drop not null,
    add column packed bytea,
    add column merged boolean not null default false,
    add constraint log_chunks_body check ((body is null) <> (packed is null)),
    drop constraint log_chunks_pkey;
alter table sje.log_chunks alter column packed set storage external;
create index log_chunks_loose on sje.log_chunks (written_at) where not merged and first_line > 1;
drop index sje.log_chunks_execution;

alter table sje.attempts drop constraint attempts_pkey;
drop index sje.attempts_execution;
alter table sje.finished_tasks drop constraint finished_tasks_pkey;
create index finished_tasks_id on sje.finished_tasks (id);
drop index sje.finished_tasks_hangfire;
create index finished_tasks_hangfire on sje.finished_tasks (hangfire_job_id) where hangfire_job_id is not null;
drop view sje.all_tasks;

-- What there is becomes the first partition, as it is, up to the end of this week; an empty table goes.
do $$
declare
    parent text;
    part text;
    found record;
    has_rows boolean;
    week_end timestamptz := (date_trunc('week', now() at time zone 'UTC') + interval '1 week') at time zone 'UTC';
begin
    select exists (select from sje.executions) or exists (select from sje.events) into has_rows;
    foreach parent in array array['finished_tasks', 'attempts', 'events', 'log_chunks'] loop
        part := parent || '_first';
        execute format('alter table sje.%I rename to %I', parent, part);
        execute format('create table sje.%I (like sje.%I including defaults including constraints including comments including storage)
            partition by range (execution_id)', parent, part);
        for found in
            select c.relname as name, k.conname as constraint_name, pg_get_constraintdef(k.oid) as constraint_text
            from pg_index i join pg_class c on c.oid = i.indexrelid left join pg_constraint k on k.conindid = c.oid
            where i.indrelid = format('sje.%I', part)::regclass
        loop
            if found.constraint_name is null then
                execute format('alter index sje.%I rename to %I', found.name, 'first_' || found.name);
                execute replace(replace(pg_get_indexdef(format('sje.%I', 'first_' || found.name)::regclass),
                    format(' ON sje.%s ', part), format(' ON sje.%s ', parent)), 'first_' || found.name, found.name);
            else
                execute format('alter table sje.%I rename constraint %I to %I', part, found.constraint_name, 'first_' || found.constraint_name);
                execute format('alter table sje.%I add constraint %I %s', parent, found.constraint_name, found.constraint_text);
            end if;
        end loop;
        if parent = 'attempts' then
            alter table sje.attempts add constraint attempts_pkey primary key (execution_id, task_id, number);
        elsif parent = 'log_chunks' then
            alter table sje.log_chunks add constraint log_chunks_pkey primary key (execution_id, task_id, attempt, first_line);
        end if;
        execute format('create table sje.%I partition of sje.%I default', parent || '_default', parent);
        if has_rows then
            execute format('alter table sje.%I attach partition sje.%I for values from (minvalue) to (%L)', parent, part, sje.id_at(week_end));
        else
            execute format('drop table sje.%I', part);
        end if;
    end loop;
end $$;

create view sje.all_tasks as
    select * from sje.tasks
    union all
    select * from sje.finished_tasks;

-- The partitions that there are: from when to when. The default one has neither; one without a beginning holds all that is older.
create view sje.partitions as
select p.relname as parent, c.relname as name, c.oid as relation, bound.text = 'DEFAULT' as is_default,
    case when bound.from_ms is not null then to_timestamp(bound.from_ms / 1000.0) end as from_at,
    case when bound.to_ms is not null then to_timestamp(bound.to_ms / 1000.0) end as to_at
from pg_class p
join pg_inherits i on i.inhparent = p.oid
join pg_class c on c.oid = i.inhrelid
cross join lateral (
    select e.text,
        ('x' || lpad(replace(substring(e.text from 'FROM \(''([0-9a-f]{8}-[0-9a-f]{4})'), '-', ''), 16, '0'))::bit(64)::bigint as from_ms,
        ('x' || lpad(replace(substring(e.text from 'TO \(''([0-9a-f]{8}-[0-9a-f]{4})'), '-', ''), 16, '0'))::bit(64)::bigint as to_ms
    from (select pg_get_expr(c.relpartbound, c.oid) as text) e) bound
where p.relnamespace = 'sje'::regnamespace and p.relkind = 'p'
    and p.relname in ('finished_tasks', 'attempts', 'events', 'log_chunks');

-- Makes the partitions of now and of the time to come, one range after the other, each from where the last one ends to the end of its day, week or
-- month in UTC. A range in which the default partition holds rows stays there: to move them would stop everything for as long as that takes.
-- Returns how many ranges it has made. Two at once: the second waits, and finds nothing to do.
create function sje.extend_history(width text) returns integer language plpgsql as $$
declare
    step interval := ('1 ' || width)::interval;
    starts timestamp := date_trunc(width, now() at time zone 'UTC');
    ends timestamp;
    covered timestamp;
    parent text;
    part text;
    low uuid;
    high uuid;
    taken boolean;
    made integer := 0;
begin
    select max(to_at) at time zone 'UTC' into covered from sje.partitions where sje.partitions.parent = 'events';
    if covered > (now() at time zone 'UTC') + step then
        return 0;
    end if;
    perform pg_advisory_xact_lock(hashtextextended('sje.extend_history', 0));
    select max(to_at) at time zone 'UTC' into covered from sje.partitions where sje.partitions.parent = 'events';
    starts := greatest(starts, covered);
    while starts <= (now() at time zone 'UTC') + step loop
        ends := date_trunc(width, starts) + step;
        low := sje.id_at(starts at time zone 'UTC');
        high := sje.id_at(ends at time zone 'UTC');
        select exists (select from sje.events_default where execution_id >= low and execution_id < high)
            or exists (select from sje.attempts_default where execution_id >= low and execution_id < high)
            or exists (select from sje.finished_tasks_default where execution_id >= low and execution_id < high)
            or exists (select from sje.log_chunks_default where execution_id >= low and execution_id < high) into taken;
        if not taken then
            foreach parent in array array['finished_tasks', 'attempts', 'events', 'log_chunks'] loop
                part := parent || '_p' || to_char(starts, 'YYYYMMDD');
                execute format('create table sje.%I (like sje.%I including defaults including constraints including storage)', part, parent);
                execute format('alter table sje.%I attach partition sje.%I for values from (%L) to (%L)', parent, part, low, high);
            end loop;
            made := made + 1;
        end if;
        starts := ends;
    end loop;
    return made;
end $$;
select sje.extend_history('week');

-- What the upkeep of history did last, and when it is due again. The row's lock is no turn: that is an advisory lock, since a round is more than one
-- transaction.
create table sje.upkeep (
    name      text primary key,
    next_at   timestamptz not null default now(),
    began_at  timestamptz,
    ended_at  timestamptz,
    report    jsonb,
    error     text
);
insert into sje.upkeep (name) values ('retention');
