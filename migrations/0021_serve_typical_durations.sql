-- How long executions of a job usually take: the last that succeeded, whatever else there is of it. When they began is not in the index: it is
-- written as they begin, and that change is to write to no index (0014).
create index executions_succeeded on sje.executions (tenant, name, id desc) where ended_as = 'succeeded';
