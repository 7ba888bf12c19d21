using Sje.Jobs.Storage;

namespace Sje.Jobs.Queueing;

/// <summary>Pauses and resumes queues. A paused queue accepts work and starts none.</summary>
public sealed class QueueControl(Database database, Signals signals)
{
    private const string Pause =
        "update sje.queues set paused_at = coalesce(paused_at, clock_timestamp()) where name = $1";

    private const string Resume = "update sje.queues set paused_at = null where name = $1";

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
