using Sje.Jobs.Storage;

namespace Sje.Jobs.Queueing;

/// <summary>Pauses and resumes queues, and says how they run. A paused queue accepts work and starts none.</summary>
public sealed class QueueControl(Database database, ExecutionIntake intake, Signals signals)
{
    private const string Pause =
        "update sje.queues set paused_at = coalesce(paused_at, clock_timestamp()) where name = $1";

    private const string Resume = "update sje.queues set paused_at = null where name = $1";

    // A new lane is for what is accepted from now on: a task that waits has its background job already, or has none.
    private const string Save = """
        insert into sje.queues (name, lane, max_running, max_queued) values ($1, $2, $3, $4)
        on conflict (name) do update set lane = excluded.lane, max_running = excluded.max_running, max_queued = excluded.max_queued
        """;

    /// <summary>Makes a queue, or changes it.</summary>
    /// <param name="name">1 to 50 of a-z, 0-9, _ and -.</param>
    /// <param name="lane">One of <see cref="Lanes.All"/>; tasks that were accepted before stay on theirs.</param>
    /// <param name="maxRunning">Most tasks at a time over all workers; null for no limit. What runs already goes on.</param>
    /// <param name="maxQueued">Most tasks that may wait in it; null for no limit. What waits already stays.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task SaveAsync(
        string name,
        string lane,
        int? maxRunning,
        int? maxQueued,
        CancellationToken cancellationToken
    )
    {
        await using var command = database.Main.CreateCommand(Save);
        command.Parameters.Add(new() { Value = name });
        command.Parameters.Add(new() { Value = lane });
        command.Parameters.Add(
            new() { Value = (object?)maxRunning ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Integer }
        );
        command.Parameters.Add(
            new() { Value = (object?)maxQueued ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Integer }
        );
        await command.ExecuteNonQueryAsync(cancellationToken);
        intake.ForgetLimits();
        signals.Raise(SignalKind.Work);
        signals.Raise(SignalKind.Change);
    }

    /// <summary>False when there is no such queue.</summary>
    public Task<bool> PauseAsync(string name, CancellationToken cancellationToken) =>
        SetAsync(Pause, name, cancellationToken);

    /// <summary>False when there is no such queue.</summary>
    public Task<bool> ResumeAsync(string name, CancellationToken cancellationToken) =>
        SetAsync(Resume, name, cancellationToken);

    private async Task<bool> SetAsync(string sql, string name, CancellationToken cancellationToken)
    {
        await using var command = database.Main.CreateCommand(sql);
        command.Parameters.Add(new() { Value = name });
        var found = await command.ExecuteNonQueryAsync(cancellationToken) == 1;
        signals.Raise(SignalKind.Work);
        signals.Raise(SignalKind.Change);
        return found;
    }
}
