-- How long executions of a job usually take: the last that succeeded, whatever else there is of it. Everything the question reads is in the index, so a
-- page of 50 reads it and no rows. It holds nothing that changes while an execution lives (0014), and takes an insert at its end.
create index executions_succeeded on sje.executions (tenant, name, id desc) include (started_at, finished_at) where ended_as = 'succeeded';
