using Hangfire.Common;
using Hangfire.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;
using Sje.Jobs.Faults;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Background;

/// <summary>
/// Makes the background job of every runnable task that has none, in every process, a few hundred at a time in one statement: jobs, their
/// first state and their ids on our rows come to be together or not at all, and no two processes make one for the same task. What it
/// writes is what <c>IBackgroundJobClient.Create(TaskJob.Run(...), EnqueuedState)</c> writes under our filters (Hangfire.PostgreSql 1.21.1,
/// schema 23; a test compares the two), which took four round trips a job, and a lease on the row between them.
/// </summary>
internal sealed partial class Dispatcher(
    Database database,
    QueueLabels labels,
    Signals signals,
    TimeProvider clock,
    ILogger<Dispatcher> log
) : BackgroundService
{
    private const int Chunk = 256;

    // $1 how many, $2 labels, $3 what a job under that label calls, $4 now, $5 the same as Hangfire writes it, $6 the label of all others.
    // picked: no execution is locked, so the order of locks (Settlement) is kept; whoever holds a row has it for later.
    private const string Dispatch = """
        with picked as materialized (
            select id, queue, execution_id, name, rank from sje.tasks
            where hangfire_job_id is null and lane = 'background' and state = 'queued'
            order by rank limit $1 for update skip locked
        ), named as materialized (
            select p.id, l.label, l.call, e.name || case when e.task_count > 1 then ' / ' || p.name else '' end as title,
                nextval('hangfire.job_id_seq') as job, nextval('hangfire.state_id_seq') as state
            from (select * from picked order by rank) p
            join sje.executions e on e.id = p.execution_id
            join unnest($2::text[], $3::jsonb[]) l(label, call) on l.label = case when p.queue = any ($2) then p.queue else $6 end
        ), jobs as (
            insert into hangfire.job (id, stateid, statename, invocationdata, arguments, createdat)
            select job, state, 'Enqueued', call, jsonb_build_array(to_jsonb(title)::text, to_jsonb(id)::text), $4 from named
        ), states as (
            insert into hangfire.state (id, jobid, name, createdat, data)
            select state, job, 'Enqueued', $4, jsonb_build_object('EnqueuedAt', $5::text, 'Queue', label) from named
        )
        update sje.tasks t set hangfire_job_id = n.job, row_version = t.row_version + 1, hangfire_sync_at = null, dispatched = true
        from named n where t.id = n.id
        """;

    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(2);

    private readonly string[] names = [.. labels.Names];
    private readonly string[] calls =
    [
        .. labels.Names.Select(label =>
        {
            var call = InvocationData.SerializeJob(TaskJob.Of("", Guid.Empty, label));
            call.Arguments = null;
            return SerializationHelper.Serialize(call);
        }),
    ];

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var work = signals.Next(SignalKind.Work);
            try
            {
                if (await DispatchAsync(stoppingToken) == Chunk)
                {
                    continue;
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogFailed(log, e.Message);
            }

            await signals.WaitAsync(work, Poll, stoppingToken);
        }
    }

    private async Task<int> DispatchAsync(CancellationToken stop)
    {
        var now = clock.GetUtcNow();
        await using var connection = await database.Main.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        await using var command = new NpgsqlCommand(Dispatch, connection);
        command.Parameters.Add(P(Chunk));
        command.Parameters.Add(P(names, NpgsqlDbType.Array | NpgsqlDbType.Text));
        command.Parameters.Add(P(calls, NpgsqlDbType.Array | NpgsqlDbType.Jsonb));
        command.Parameters.Add(P(now, NpgsqlDbType.TimestampTz));
        command.Parameters.Add(P(JobHelper.SerializeDateTime(now.UtcDateTime)));
        command.Parameters.Add(P(QueueLabels.CatchAll));
        var made = await command.ExecuteNonQueryAsync(stop);
        if (made > 0)
        {
            FaultPoint.At(FaultPoint.DispatchAttached);
        }

        await transaction.CommitAsync(stop);
        if (made > 0)
        {
            FaultPoint.At(FaultPoint.DispatchMade);
            signals.Raise(SignalKind.Work);
        }

        return made;
    }

    [LoggerMessage(330, LogLevel.Warning, "Background jobs wait to be made: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
