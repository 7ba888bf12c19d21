using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Sje.Jobs.Storage;

/// <summary>A saved job at one version, in canonical JSON.</summary>
public sealed record SavedJob(
    Guid Id,
    string Name,
    int Version,
    JsonObject Spec,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    string? CreatedBy
)
{
    /// <summary>Since when it starts nothing; null while it is not paused.</summary>
    public DateTimeOffset? PausedAt { get; init; }

    /// <summary>Who paused it.</summary>
    public string? PausedBy { get; init; }

    /// <summary>Why.</summary>
    public string? PauseReason { get; init; }
}

/// <summary>When a version of a job was saved, and by whom.</summary>
public sealed record SavedJobVersion(int Version, DateTimeOffset CreatedAt, string? CreatedBy);

/// <summary>What became of a job that was to be saved.</summary>
public abstract record JobSaveResult
{
    /// <summary>The name was new.</summary>
    public sealed record Created(SavedJob Job) : JobSaveResult;

    /// <summary>A further version stands under the name.</summary>
    public sealed record Updated(SavedJob Job) : JobSaveResult;

    /// <summary>The same text stands there already; no version was made.</summary>
    public sealed record Unchanged(SavedJob Job) : JobSaveResult;

    /// <summary>Another version than the expected one stands there; null is none.</summary>
    public sealed record VersionMismatch(int? CurrentVersion) : JobSaveResult;

    /// <summary>The job has a schedule, and a schedule of another job bears that name. Nothing was saved.</summary>
    public sealed record ScheduleNameTaken(string JobName) : JobSaveResult;
}

/// <summary>Which version a writer expects to replace.</summary>
/// <param name="Version">The expected one; null asks for none to be there.</param>
public sealed record ExpectedVersion(int? Version);

/// <summary>
/// The jobs that people saved, with every version they ever had. The schedule that a job has is written with it, and the schedules of a
/// deleted job go with it.
/// </summary>
public sealed class JobStore(IDbContextFactory<SjeContext> contexts, TimeProvider time, IScheduleClock clock)
{
    private readonly JobScheduleTable schedules = new(clock);

    // Each lost race means that somebody else saved; this many in a row for one name means something else is wrong.
    private const int MaxRaces = 10;

    /// <summary>Saves a job under its name; <paramref name="expected"/> null takes whatever stands there.</summary>
    public async Task<JobSaveResult> SaveAsync(
        string name,
        JsonObject spec,
        ExpectedVersion? expected,
        string? by,
        CancellationToken stop
    )
    {
        for (var race = 1; ; race++)
        {
            try
            {
                return await TrySaveAsync(name, spec, expected, by, stop);
            }
            catch (Exception lost) when (race < MaxRaces && IsLostRace(lost))
            {
                // Somebody saved the same name between our read and our write: read again, and judge again.
            }
        }
    }

    /// <summary>The job under a name, at its newest or a given version.</summary>
    public async Task<SavedJob?> FindAsync(string name, int? version, CancellationToken stop)
    {
        await using var db = await contexts.CreateDbContextAsync(stop);
        var job = await db.Jobs.AsNoTracking().FirstOrDefaultAsync(j => j.Name == name, stop);
        if (job is null || version is null || version == job.Version)
        {
            return job is null ? null : ToSaved(job);
        }

        var old = await db
            .JobVersions.AsNoTracking()
            .FirstOrDefaultAsync(v => v.JobId == job.Id && v.Version == version, stop);
        return old is null
            ? null
            : new SavedJob(job.Id, name, old.Version, Parse(old.Spec), job.CreatedAt, old.CreatedAt, old.CreatedBy)
            {
                PausedAt = job.PausedAt,
                PausedBy = job.PausedBy,
                PauseReason = job.PauseReason,
            };
    }

    /// <summary>Jobs in the order of a filter, those behind the key <paramref name="after"/>.</summary>
    public async Task<IReadOnlyList<SavedJob>> ListAsync(
        SavedJobFilter filter,
        string? after,
        int limit,
        CancellationToken stop
    )
    {
        await using var db = await contexts.CreateDbContextAsync(stop);
        var rows = await filter.Apply(db.Jobs.AsNoTracking(), after).Take(limit).ToListAsync(stop);
        return rows.ConvertAll(ToSaved);
    }

    /// <summary>The versions of a job, newest first; null when there is no such job.</summary>
    public async Task<IReadOnlyList<SavedJobVersion>?> ListVersionsAsync(
        string name,
        int? before,
        int limit,
        CancellationToken stop
    )
    {
        await using var db = await contexts.CreateDbContextAsync(stop);
        var job = await db.Jobs.AsNoTracking().FirstOrDefaultAsync(j => j.Name == name, stop);
        return job is null
            ? null
            : await db
                .JobVersions.AsNoTracking()
                .Where(v => v.JobId == job.Id && (before == null || v.Version < before))
                .OrderByDescending(v => v.Version)
                .Take(limit)
                .Select(v => new SavedJobVersion(v.Version, v.CreatedAt, v.CreatedBy))
                .ToListAsync(stop);
    }

    /// <summary>Deletes a job, its versions and its schedules; its executions stay. Null when it is gone, else the version that stands there.</summary>
    /// <returns>Whether there was one to delete, and the version that stopped us.</returns>
    public async Task<(bool Found, int? OtherVersion)> DeleteAsync(string name, int? expected, CancellationToken stop)
    {
        await using var db = await contexts.CreateDbContextAsync(stop);
        await using (var transaction = await db.Database.BeginTransactionAsync(stop))
        {
            await FreeTasksAsync(ConnectionOf(db), name, stop);
            await JobScheduleTable.RemoveAllAsync(ConnectionOf(db), name, expected, stop);
            var deleted = await db
                .Jobs.Where(j => j.Name == name && (expected == null || j.Version == expected))
                .ExecuteDeleteAsync(stop);
            if (deleted == 1)
            {
                await transaction.CommitAsync(stop);
                return (true, null);
            }
        }

        var current = await db.Jobs.Where(j => j.Name == name).Select(j => (int?)j.Version).FirstOrDefaultAsync(stop);
        return (current is not null, current);
    }

    /// <summary>What waits of a paused job goes on without it: nobody could resume it any more.</summary>
    private static async Task FreeTasksAsync(NpgsqlConnection connection, string name, CancellationToken stop)
    {
        await using var batch = new NpgsqlBatch(connection);
        foreach (var sql in new[] { JobPauses.Close, JobPauses.LockExecutions, JobPauses.FreeAll })
        {
            batch.BatchCommands.Add(
                new NpgsqlBatchCommand(sql) { Parameters = { new NpgsqlParameter { Value = name } } }
            );
        }

        await batch.ExecuteNonQueryAsync(stop);
    }

    private async Task<JobSaveResult> TrySaveAsync(
        string name,
        JsonObject spec,
        ExpectedVersion? expected,
        string? by,
        CancellationToken stop
    )
    {
        await using var db = await contexts.CreateDbContextAsync(stop);
        var now = time.GetUtcNow();
        var text = spec.ToJsonString();
        var job = await db.Jobs.FirstOrDefaultAsync(j => j.Name == name, stop);
        if (expected is not null && expected.Version != job?.Version)
        {
            return new JobSaveResult.VersionMismatch(job?.Version);
        }

        if (job is not null && JsonNode.DeepEquals(JsonNode.Parse(job.Spec), spec))
        {
            return new JobSaveResult.Unchanged(ToSaved(job));
        }

        var isNew = job is null;
        if (job is null)
        {
            job = new JobRow
            {
                Id = Guid.CreateVersion7(now),
                Name = name,
                Version = 1,
                Spec = text,
                CreatedAt = now,
                UpdatedAt = now,
                CreatedBy = by,
            };
            db.Jobs.Add(job);
        }
        else
        {
            job.Version++;
            job.Spec = text;
            job.UpdatedAt = now;
        }

        db.JobVersions.Add(
            new JobVersionRow
            {
                JobId = job.Id,
                Version = job.Version,
                Spec = text,
                CreatedAt = now,
                CreatedBy = by,
            }
        );
        await using var transaction = await db.Database.BeginTransactionAsync(stop);
        await db.SaveChangesAsync(stop);
        if (await schedules.FollowAsync(ConnectionOf(db), job.Id, name, spec, by, stop) is { } holder)
        {
            return new JobSaveResult.ScheduleNameTaken(holder);
        }

        await transaction.CommitAsync(stop);
        return isNew ? new JobSaveResult.Created(ToSaved(job)) : new JobSaveResult.Updated(ToSaved(job));
    }

    private static bool IsLostRace(Exception exception) =>
        exception is DbUpdateConcurrencyException
        || (exception as PostgresException ?? exception.InnerException)
            is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation };

    private static NpgsqlConnection ConnectionOf(SjeContext db) => (NpgsqlConnection)db.Database.GetDbConnection();

    private static SavedJob ToSaved(JobRow row) =>
        new(row.Id, row.Name, row.Version, Parse(row.Spec), row.CreatedAt, row.UpdatedAt, row.CreatedBy)
        {
            PausedAt = row.PausedAt,
            PausedBy = row.PausedBy,
            PauseReason = row.PauseReason,
        };

    private static JsonObject Parse(string spec) => JsonNode.Parse(spec)!.AsObject();
}
