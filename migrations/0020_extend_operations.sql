-- Operations on many executions, beside those on dead letters.
alter table sje.operations drop constraint operations_kind_check;
alter table sje.operations add constraint operations_kind_check check (kind in (
    'dead_letters.requeue', 'dead_letters.purge',
    'executions.cancel', 'executions.retry', 'executions.prioritize', 'executions.move'));
alter table sje.operations
    -- What to change them to: a priority, a queue, a reason.
    add column settings jsonb not null default '{}',
    -- Those that are meant, where they were named one by one, in their order; else the filter says which.
    add column ids uuid[],
    -- Why rows could not be changed: how many of each reason.
    add column reasons jsonb not null default '{}';

-- How far an operation is stands among the events under its own id, as the events of an execution stand under the execution's: so the one stream
-- of a client carries both, in one order.
comment on column sje.events.execution_id is 'the execution, or the operation where kind begins with operation.';
