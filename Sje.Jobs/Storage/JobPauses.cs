namespace Sje.Jobs.Storage;

/// <summary>
/// The statements of a job's pause. Who pauses, resumes or deletes a job holds its gate alone; who puts tasks of it into the queue passes the
/// gate first and then sees whether it is paused: so a pause holds every task, those that come at the same moment too. The gate is an advisory
/// lock, taken before any row: a lock on the job's row would stand in the way of its schedule, whose row is locked while it fires.
/// </summary>
internal static class JobPauses
{
    /// <summary>Passes the gates of jobs. $1 their ids.</summary>
    public const string Pass = """
        select pg_advisory_xact_lock_shared(hashtextextended(id::text, 731)) from (
            select distinct id from unnest($1::uuid[]) j(id) where id is not null order by id) passed
        """;

    /// <summary>Passes the gates of the jobs of executions. $1 the executions.</summary>
    public const string PassOfExecutions = """
        select pg_advisory_xact_lock_shared(hashtextextended(job_id::text, 731)) from (
            select distinct job_id from sje.executions where id = any ($1) and job_id is not null order by job_id) passed
        """;

    /// <summary>Holds what waits of executions whose job is paused; after the gate. $1 the executions.</summary>
    public const string Hold = $"""
        update sje.tasks t set holds = array_append(t.holds, '{TaskHolds.Job}'), row_version = t.row_version + 1
        from sje.executions e join sje.jobs j on j.id = e.job_id and j.paused_at is not null
        where e.id = any ($1) and t.execution_id = e.id and not t.holds @> array['{TaskHolds.Job}']
        """;

    /// <summary>Closes the gate of a job, alone. $1 its name.</summary>
    public const string Close = """
        select pg_advisory_xact_lock(hashtextextended(id::text, 731)) from sje.jobs where name = $1
        """;

    /// <summary>Locks the executions of a job that have not ended, in the order of their ids, before their tasks. $1 its name.</summary>
    public const string LockExecutions = """
        select 1 from sje.executions
        where job_id = (select id from sje.jobs where name = $1) and finished_at is null order by id for update
        """;

    /// <summary>Notes the pause. $1 the job's name, $2 by whom, $3 why: who paused it first keeps it.</summary>
    public const string Pause = """
        update sje.jobs set paused_at = coalesce(paused_at, clock_timestamp()),
            paused_by = case when paused_at is null then $2 else paused_by end, pause_reason = case when paused_at is null then $3 else pause_reason end
        where name = $1 returning id
        """;

    /// <summary>Ends the pause. $1 the job's name.</summary>
    public const string Resume =
        "update sje.jobs set paused_at = null, paused_by = null, pause_reason = null where name = $1 returning id";

    /// <summary>Holds all that waits of a job. $1 its name. What runs is held too: it goes on, and what follows it in the queue waits.</summary>
    public const string HoldAll = $"""
        update sje.tasks t set holds = array_append(t.holds, '{TaskHolds.Job}'), row_version = t.row_version + 1
        from sje.executions e
        where e.job_id = (select id from sje.jobs where name = $1) and e.finished_at is null and t.execution_id = e.id
            and not t.holds @> array['{TaskHolds.Job}']
        """;

    /// <summary>Takes the hold off all tasks of a job. $1 its name.</summary>
    public const string FreeAll = $"""
        update sje.tasks t set holds = array_remove(t.holds, '{TaskHolds.Job}'), row_version = t.row_version + 1
        from sje.executions e
        where e.job_id = (select id from sje.jobs where name = $1) and e.finished_at is null and t.execution_id = e.id
            and t.holds @> array['{TaskHolds.Job}']
        """;
}
