using Npgsql;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Queueing;

/// <summary>Pauses and resumes jobs and workers. What runs goes on; a paused job accepts work, a paused worker keeps its lease.</summary>
public sealed class PauseControl(Database database, Signals signals)
{
    private const string PauseWorker = """
        update sje.workers set paused_at = coalesce(paused_at, clock_timestamp())
        where id = $1 and state in ('active', 'draining')
        """;

    private const string ResumeWorker =
        "update sje.workers set paused_at = null where id = $1 and state in ('active', 'draining')";

    // A claim and the admission of executions lock several executions in an order of their own; whoever the database picks tries again.
    private const int MostTries = 5;

    /// <summary>Starts nothing of a saved job until it is resumed, neither what waits nor what is submitted. False when there is no such job.</summary>
    public Task<bool> PauseJobAsync(string name, CancellationToken cancellationToken) =>
        ChangeJobAsync(name, JobPauses.Pause, JobPauses.HoldAll, cancellationToken);

    /// <summary>Ends the pause of a job. False when there is no such job.</summary>
    public Task<bool> ResumeJobAsync(string name, CancellationToken cancellationToken) =>
        ChangeJobAsync(name, JobPauses.Resume, JobPauses.FreeAll, cancellationToken);

    /// <summary>Lets a worker claim nothing until it is resumed or started again. False when it is not alive.</summary>
    public Task<bool> PauseWorkerAsync(Guid id, CancellationToken cancellationToken) =>
        ChangeWorkerAsync(PauseWorker, id, cancellationToken);

    /// <summary>Ends the pause of a worker. False when it is not alive.</summary>
    public Task<bool> ResumeWorkerAsync(Guid id, CancellationToken cancellationToken) =>
        ChangeWorkerAsync(ResumeWorker, id, cancellationToken);

    private async Task<bool> ChangeJobAsync(string name, string note, string tasks, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await using var connection = await database.Main.OpenConnectionAsync(cancellationToken);
                await using var batch = new NpgsqlBatch(connection);
                batch
                    .Add(JobPauses.Close, P(name))
                    .Add(note, P(name))
                    .Add(JobPauses.LockExecutions, P(name))
                    .Add(tasks, P(name));
                var found = false;
                await using (var rows = await batch.ExecuteReaderAsync(cancellationToken))
                {
                    await rows.NextResultAsync(cancellationToken);
                    found = await rows.ReadAsync(cancellationToken);
                    while (await rows.NextResultAsync(cancellationToken)) { }
                }

                Tell();
                return found;
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.DeadlockDetected && tries < MostTries)
            {
                // Undone as a whole.
            }
        }
    }

    private async Task<bool> ChangeWorkerAsync(string sql, Guid id, CancellationToken cancellationToken)
    {
        await using var command = database.Main.CreateCommand(sql);
        command.Parameters.Add(P(id));
        var found = await command.ExecuteNonQueryAsync(cancellationToken) > 0;
        Tell();
        return found;
    }

    private void Tell()
    {
        signals.Raise(SignalKind.Work);
        signals.Raise(SignalKind.Control);
        signals.Raise(SignalKind.Change);
        signals.Raise(SignalKind.Schedule);
    }
}
