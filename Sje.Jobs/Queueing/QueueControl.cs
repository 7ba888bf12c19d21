using Npgsql;
using NpgsqlTypes;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Queueing;

/// <summary>How a queue runs. What is null has no limit.</summary>
/// <param name="Name">1 to 50 of a-z, 0-9, _ and -.</param>
/// <param name="Lane">One of <see cref="Lanes.All"/>; tasks that were accepted before stay on theirs.</param>
public sealed record QueueSettings(string Name, string Lane)
{
    /// <summary>Most tasks at a time over all workers. What runs already goes on.</summary>
    public int? MaxRunning { get; init; }

    /// <summary>Most tasks that may wait in it. What waits already stays.</summary>
    public int? MaxQueued { get; init; }

    /// <summary>Most tasks that start in any stretch of time of the length <see cref="Per"/>.</summary>
    public int? MaxStarts { get; init; }

    /// <summary>The length of that stretch.</summary>
    public TimeSpan Per { get; init; } = TimeSpan.FromSeconds(1);
}

/// <summary>Pauses and resumes queues, and says how they run. A paused queue accepts work and starts none.</summary>
public sealed class QueueControl(Database database, ExecutionIntake intake, Signals signals)
{
    // Who paused it first keeps it.
    private const string Pause = """
        update sje.queues set paused_at = coalesce(paused_at, clock_timestamp()),
            paused_by = case when paused_at is null then $2 else paused_by end, pause_reason = case when paused_at is null then $3 else pause_reason end
        where name = $1
        """;

    private const string Resume =
        "update sje.queues set paused_at = null, paused_by = null, pause_reason = null where name = $1";

    // A new lane is for what is accepted from now on: a task that waits has its background job already, or has none.
    private const string Save = """
        insert into sje.queues (name, lane, max_running, max_queued, max_starts, starts_per) values ($1, $2, $3, $4, $5, $6)
        on conflict (name) do update set lane = excluded.lane, max_running = excluded.max_running, max_queued = excluded.max_queued,
            max_starts = excluded.max_starts, starts_per = excluded.starts_per
        """;

    /// <summary>Makes a queue, or changes it.</summary>
    public async Task SaveAsync(QueueSettings settings, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(settings);
        await using var command = database.Main.CreateCommand(Save);
        command.Parameters.Add(P(settings.Name));
        command.Parameters.Add(P(settings.Lane));
        command.Parameters.Add(P(settings.MaxRunning, NpgsqlDbType.Integer));
        command.Parameters.Add(P(settings.MaxQueued, NpgsqlDbType.Integer));
        command.Parameters.Add(P(settings.MaxStarts, NpgsqlDbType.Integer));
        command.Parameters.Add(P(settings.MaxStarts is null ? null : settings.Per));
        await command.ExecuteNonQueryAsync(cancellationToken);
        intake.ForgetLimits();
        signals.Raise(SignalKind.Work);
        signals.Raise(SignalKind.Change);
    }

    /// <summary>False when there is no such queue.</summary>
    public Task<bool> PauseAsync(string name, CancellationToken cancellationToken) =>
        PauseAsync(name, default, cancellationToken);

    /// <summary>False when there is no such queue.</summary>
    public Task<bool> PauseAsync(string name, PauseNote note, CancellationToken cancellationToken) =>
        SetAsync(Pause, cancellationToken, P(name), P(note.By), P(note.Reason));

    /// <summary>False when there is no such queue.</summary>
    public Task<bool> ResumeAsync(string name, CancellationToken cancellationToken) =>
        SetAsync(Resume, cancellationToken, P(name));

    private async Task<bool> SetAsync(
        string sql,
        CancellationToken cancellationToken,
        params NpgsqlParameter[] parameters
    )
    {
        await using var command = database.Main.CreateCommand(sql);
        command.Parameters.AddRange(parameters);
        var found = await command.ExecuteNonQueryAsync(cancellationToken) == 1;
        signals.Raise(SignalKind.Work);
        signals.Raise(SignalKind.Change);
        return found;
    }
}
