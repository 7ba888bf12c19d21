-- A task that runs once wrote twelve rows. Half of them said what others said already.

-- An attempt is written when it ends. While it runs, its task says all there is to say of it.
delete from sje.attempts where ended_at is null;
alter table sje.attempts alter column ended_at set not null, alter column outcome set not null;
create view sje.all_attempts as
    select execution_id, task_id, number, worker_id, worker_name, started_at, ended_at, outcome, error from sje.attempts
    union all
    select t.execution_id, t.id, t.attempt, t.worker_id, coalesce(w.name, ''), t.attempt_started_at, null, null, null
    from sje.tasks t left join sje.workers w on w.id = t.worker_id
    where t.state = 'running';

-- Where a task's change begins or ends its execution, one row tells both.
alter table sje.events add column execution_state text;

-- Tasks of the direct lane have no background job, and nulls stand in a unique index too.
alter table sje.tasks drop constraint tasks_hangfire_job_id_key;
create unique index tasks_hangfire on sje.tasks (hangfire_job_id) where hangfire_job_id is not null;

-- An execution changes its state twice. As long as no index holds what changes first, the change from queued to running writes to none.
alter table sje.executions add column ended_as text generated always as (case when finished_at is not null then state end) stored;
drop index sje.executions_state;
create index executions_ended_as on sje.executions (ended_as, id desc) where ended_as is not null;
create index executions_live on sje.executions (id desc) where finished_at is null;
alter table sje.executions set (fillfactor = 85);
