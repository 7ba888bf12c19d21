-- Two lanes: a task of a background queue has a background job of Hangfire's and runs on one of its threads; a task of a direct queue has none and
-- runs as a call of the worker's own. A direct task waits for no background job, so it may be claimed at once.
alter table sje.workers add column direct_slots integer not null default 0;
update sje.tasks set dispatched = true where lane = 'direct';
alter table sje.tasks add constraint tasks_direct_is_dispatched check (lane = 'background' or dispatched);
insert into sje.queues (name, lane) values ('swarm', 'direct') on conflict (name) do update set lane = 'direct';

-- How many tasks of a queue run at a time, over all workers. A claim locks the rows of limited queues first and counts then.
alter table sje.queues add column max_running integer check (max_running > 0);

-- How many tasks may wait in a queue (blocked, queued, waiting for a retry). Accepting work locks the row, then counts.
alter table sje.queues add column max_queued integer check (max_queued > 0);
