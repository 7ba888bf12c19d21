using Microsoft.EntityFrameworkCore;
using Sje.Core.Jobs;

namespace Sje.Jobs.Storage;

/// <summary>Some of the task names that occur in some executions, in the order of the job, and how many there are in all.</summary>
public sealed record RunGridColumns(IReadOnlyList<string> Names, int Count);

/// <summary>How one task of one execution went.</summary>
public sealed record RunGridCell(
    Guid ExecutionId,
    string Task,
    TaskState State,
    int Attempt,
    int Failures,
    DateTimeOffset? StartedAt,
    DateTimeOffset? FinishedAt
);

/// <summary>Reads the tasks of many executions of a job side by side: what a grid of runs and tasks shows, and no more.</summary>
public sealed class RunGridReader(IDbContextFactory<SjeContext> contexts)
{
    /// <summary>The names of the tasks of some executions, those from <paramref name="skip"/> on.</summary>
    public async Task<RunGridColumns> FindColumnsAsync(
        IReadOnlyList<Guid> executionIds,
        int skip,
        int limit,
        CancellationToken stop
    )
    {
        await using var db = await contexts.CreateDbContextAsync(stop);
        var names = db
            .Tasks.AsNoTracking()
            .Where(t => executionIds.Contains(t.ExecutionId))
            .GroupBy(t => t.Name)
            .Select(group => new { Name = group.Key, Ordinal = group.Min(t => t.Ordinal) });
        var shown = await names
            .OrderBy(task => task.Ordinal)
            .ThenBy(task => task.Name)
            .Skip(skip)
            .Take(limit)
            .Select(task => task.Name)
            .ToListAsync(stop);
        return new RunGridColumns(shown, await names.CountAsync(stop));
    }

    /// <summary>The tasks of these names in these executions.</summary>
    public async Task<IReadOnlyList<RunGridCell>> ListCellsAsync(
        IReadOnlyList<Guid> executionIds,
        IReadOnlyList<string> names,
        CancellationToken stop
    )
    {
        await using var db = await contexts.CreateDbContextAsync(stop);
        return await db
            .Tasks.AsNoTracking()
            .Where(t => executionIds.Contains(t.ExecutionId) && names.Contains(t.Name))
            .Select(t => new RunGridCell(
                t.ExecutionId,
                t.Name,
                t.State,
                t.Attempt,
                t.Failures,
                t.StartedAt,
                t.FinishedAt
            ))
            .ToListAsync(stop);
    }
}
