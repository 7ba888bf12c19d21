-- Background jobs are made in bulk under row locks; nobody leases a row for that any more. The view has to let go of the column first.
drop view sje.all_tasks;
alter table sje.tasks drop column dispatch_until;
alter table sje.finished_tasks drop column dispatch_until;
create view sje.all_tasks as
    select * from sje.tasks
    union all
    select * from sje.finished_tasks;
comment on column sje.tasks.hangfire_job_id is 'Hangfire''s record of this task';
