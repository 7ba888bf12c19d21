using Npgsql;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;

namespace Sje.Jobs.DeadLetters;

/// <summary>What is done to a dead letter.</summary>
public enum DeadLetterChange
{
    /// <summary>Back into the queue: a new attempt, failures counted from 0.</summary>
    Requeue,

    /// <summary>Dismissed: no dead letter any more.</summary>
    Purge,
}

/// <summary>Changes dead letters at once: one, or those of one execution. Many are an operation's.</summary>
public sealed class DeadLetterControl(Database database, Signals signals)
{
    /// <summary>Changes those that are still the dead letters that were seen; returns how many. What has failed anew meanwhile is another one.</summary>
    public async Task<long> ChangeAsync(
        DeadLetterChange kind,
        IReadOnlyList<DeadLetter> letters,
        string? by,
        CancellationToken stop
    )
    {
        ArgumentNullException.ThrowIfNull(letters);
        if (letters.Count == 0)
        {
            return 0;
        }

        await using var connection = await database.Main.OpenConnectionAsync(stop);
        await using var batch = new NpgsqlBatch(connection);
        var changed = await ChangeAsync(
            batch,
            kind,
            [.. letters.Select(l => l.ExecutionId).Distinct()],
            [.. letters.Select(l => l.ExecutionId).Distinct()],
            [.. letters.Select(l => l.Id)],
            by,
            letters.Max(letter => letter.FailedAt),
            stop
        );
        if (changed > 0)
        {
            Announce(signals);
        }

        return changed;
    }

    /// <summary>
    /// Changes those of these tasks that are still the dead letters they were at <paramref name="until"/>; returns how many. Of their
    /// executions, <paramref name="graphs"/> have several tasks.
    /// </summary>
    internal static async Task<long> ChangeAsync(
        NpgsqlBatch batch,
        DeadLetterChange kind,
        Guid[] executions,
        Guid[] graphs,
        Guid[] tasks,
        string? by,
        DateTimeOffset until,
        CancellationToken stop
    )
    {
        if (kind == DeadLetterChange.Requeue)
        {
            TaskChanges.AddRequeue(batch, executions, graphs, tasks, new Wish("requeued", by), until);
        }
        else
        {
            TaskChanges.AddPurge(batch, executions, tasks, new Wish("purged", by), until);
        }

        var changed = 0L;
        await using var row = await batch.ExecuteReaderAsync(stop);
        do
        {
            while (await row.ReadAsync(stop))
            {
                if (row.GetName(0) == TaskChanges.ChangedColumn)
                {
                    changed = row.GetInt64(1);
                }
            }
        } while (await row.NextResultAsync(stop));
        return changed;
    }

    /// <summary>Tells everybody, after the commit.</summary>
    internal static void Announce(Signals signals)
    {
        signals.Raise(SignalKind.Work);
        signals.Raise(SignalKind.Control);
        signals.Raise(SignalKind.Change);
    }
}
