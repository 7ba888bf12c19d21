-- The span that accepted the execution, as a W3C traceparent: its attempts go on from there. Null where nobody traces.
alter table sje.executions add column trace_parent text;

-- How many tasks of a queue wait for others is asked for by whoever watches it; without this the whole table would be read.
create index tasks_blocked on sje.tasks (queue) where state = 'blocked';
