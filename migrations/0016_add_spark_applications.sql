-- Applications on Spark clusters. A row is written before its application is submitted, with the identity by which the cluster knows it: who
-- comes after a death asks the cluster for it. A row without ended_at may have something running.
create table sje.spark_applications (
    task_id uuid not null,
    number int not null, -- of the attempt that chose the identity
    execution_id uuid not null references sje.executions (id) on delete cascade,
    cluster text not null,
    identity text not null,
    chosen_at timestamptz not null default clock_timestamp(),
    submission_id text,
    application_id text,
    state text not null default 'pending',
    driver_ui text,
    tracking_url text,
    ended_at timestamptz,
    ending_until timestamptz, -- somebody is ending it, as no attempt will any more
    facts jsonb,
    advice jsonb,
    cost jsonb,
    primary key (task_id, number)
);
create index spark_applications_of_execution on sje.spark_applications (execution_id);
create index spark_applications_open on sje.spark_applications (chosen_at) where ended_at is null;
