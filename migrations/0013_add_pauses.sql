-- A paused job accepts work and starts none: its waiting tasks have the hold 'job'. A paused worker claims nothing.
alter table sje.jobs add column paused_at timestamptz;
alter table sje.workers add column paused_at timestamptz;
-- The unfinished executions of a job, which a pause goes through.
create index executions_unfinished_of_job on sje.executions (job_id) where job_id is not null and finished_at is null;
