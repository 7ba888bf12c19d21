using Npgsql;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Queueing;

/// <summary>Who pauses something, and why; both may be left out.</summary>
/// <param name="By">The name of a key.</param>
/// <param name="Reason">In words.</param>
public readonly record struct PauseNote(string? By, string? Reason);

/// <summary>Pauses and resumes jobs and workers, and drains workers. What runs goes on; a paused job accepts work, a paused worker keeps its lease.</summary>
public sealed class PauseControl(Database database, Signals signals)
{
    private const string PauseWorker = """
        update sje.workers set paused_at = coalesce(paused_at, clock_timestamp()),
            paused_by = case when paused_at is null then $2 else paused_by end, pause_reason = case when paused_at is null then $3 else pause_reason end
        where id = $1 and state in ('active', 'draining')
        """;

    // Who drains it says why it is paused: it is more than a pause.
    private const string DrainWorker = """
        update sje.workers set paused_at = coalesce(paused_at, clock_timestamp()), drain_requested_at = coalesce(drain_requested_at, clock_timestamp()),
            paused_by = coalesce($2, paused_by), pause_reason = coalesce($3, pause_reason)
        where id = $1 and state in ('active', 'draining')
        """;

    private const string ResumeWorker = """
        update sje.workers set paused_at = null, paused_by = null, pause_reason = null, drain_requested_at = null
        where id = $1 and state in ('active', 'draining')
        """;

    // A claim and the admission of executions lock several executions in an order of their own; whoever the database picks tries again.
    private const int MostTries = 5;

    /// <summary>Starts nothing of a saved job until it is resumed, neither what waits nor what is submitted. False when there is no such job.</summary>
    public Task<bool> PauseJobAsync(string name, CancellationToken cancellationToken) =>
        PauseJobAsync(name, default, cancellationToken);

    /// <inheritdoc cref="PauseJobAsync(string, CancellationToken)"/>
    public Task<bool> PauseJobAsync(string name, PauseNote note, CancellationToken cancellationToken) =>
        ChangeJobAsync(
            name,
            batch => batch.Add(JobPauses.Pause, P(name), P(note.By), P(note.Reason)),
            JobPauses.HoldAll,
            cancellationToken
        );

    /// <summary>Ends the pause of a job. False when there is no such job.</summary>
    public Task<bool> ResumeJobAsync(string name, CancellationToken cancellationToken) =>
        ChangeJobAsync(name, batch => batch.Add(JobPauses.Resume, P(name)), JobPauses.FreeAll, cancellationToken);

    /// <summary>Lets a worker claim nothing until it is resumed or started again. False when it is not alive.</summary>
    public Task<bool> PauseWorkerAsync(Guid id, CancellationToken cancellationToken) =>
        PauseWorkerAsync(id, default, cancellationToken);

    /// <inheritdoc cref="PauseWorkerAsync(Guid, CancellationToken)"/>
    public Task<bool> PauseWorkerAsync(Guid id, PauseNote note, CancellationToken cancellationToken) =>
        ChangeWorkerAsync(PauseWorker, cancellationToken, P(id), P(note.By), P(note.Reason));

    /// <summary>
    /// Lets a worker claim nothing, and after its grace for drains hand back what still runs, until it is resumed or started again. False when it is
    /// not alive.
    /// </summary>
    public Task<bool> DrainWorkerAsync(Guid id, PauseNote note, CancellationToken cancellationToken) =>
        ChangeWorkerAsync(DrainWorker, cancellationToken, P(id), P(note.By), P(note.Reason));

    /// <summary>Ends the pause or the drain of a worker. False when it is not alive.</summary>
    public Task<bool> ResumeWorkerAsync(Guid id, CancellationToken cancellationToken) =>
        ChangeWorkerAsync(ResumeWorker, cancellationToken, P(id));

    private async Task<bool> ChangeJobAsync(
        string name,
        Action<NpgsqlBatch> note,
        string tasks,
        CancellationToken cancellationToken
    )
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await using var connection = await database.Main.OpenConnectionAsync(cancellationToken);
                await using var batch = new NpgsqlBatch(connection);
                batch.Add(JobPauses.Close, P(name));
                note(batch);
                batch.Add(JobPauses.LockExecutions, P(name)).Add(tasks, P(name));
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

    private async Task<bool> ChangeWorkerAsync(
        string sql,
        CancellationToken cancellationToken,
        params NpgsqlParameter[] parameters
    )
    {
        await using var command = database.Main.CreateCommand(sql);
        command.Parameters.AddRange(parameters);
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
