using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;

namespace Sje.Jobs.Storage;

/// <summary>What a list of jobs goes by.</summary>
public enum SavedJobOrder
{
    /// <summary>Their names.</summary>
    Name,

    /// <summary>Their names, last ones first.</summary>
    NameDescending,

    /// <summary>When they were last changed, the oldest change first.</summary>
    Updated,

    /// <summary>When they were last changed, the newest change first.</summary>
    UpdatedDescending,
}

/// <summary>Which jobs a list shows, and in what order; a null shows all.</summary>
public sealed record SavedJobFilter
{
    /// <summary>Part of the name.</summary>
    public string? Text { get; init; }

    /// <summary>The type of a job of one task; <c>workflow</c> are those with several.</summary>
    public string? Type { get; init; }

    /// <summary>One of the tags.</summary>
    public string? Tag { get; init; }

    /// <summary>Those that are paused, or those that are not.</summary>
    public bool? Paused { get; init; }

    /// <summary>By name, if nothing else is said.</summary>
    public SavedJobOrder Order { get; init; }

    /// <summary>Where in this order a job stands; the next page begins behind it.</summary>
    public string KeyOf(SavedJob job)
    {
        ArgumentNullException.ThrowIfNull(job);
        return Order is SavedJobOrder.Name or SavedJobOrder.NameDescending
            ? job.Name
            : string.Create(CultureInfo.InvariantCulture, $"{job.UpdatedAt.UtcTicks} {job.Name}");
    }

    /// <summary>False when a key is none of this order.</summary>
    public bool IsKey(string key) =>
        Order is SavedJobOrder.Name or SavedJobOrder.NameDescending || TryReadUpdated(key, out _, out _);

    internal IQueryable<JobRow> Apply(IQueryable<JobRow> jobs, string? after)
    {
        if (Text is not null)
        {
            var pattern = SearchPattern.Contains(Text);
            jobs = jobs.Where(j => EF.Functions.ILike(j.Name, pattern, SearchPattern.Escape));
        }

        if (Type == "workflow")
        {
            jobs = jobs.Where(j => EF.Functions.JsonExists(j.Spec, "tasks"));
        }
        else if (Type is not null)
        {
            var type = new JsonObject { ["type"] = Type }.ToJsonString();
            jobs = jobs.Where(j => EF.Functions.JsonContains(j.Spec, type));
        }

        if (Tag is not null)
        {
            var tag = new JsonObject { ["tags"] = new JsonArray(Tag) }.ToJsonString();
            jobs = jobs.Where(j => EF.Functions.JsonContains(j.Spec, tag));
        }

        if (Paused is { } paused)
        {
            jobs = jobs.Where(j => j.PausedAt != null == paused);
        }

        return Sorted(jobs, after);
    }

    private IQueryable<JobRow> Sorted(IQueryable<JobRow> jobs, string? after)
    {
        if (Order == SavedJobOrder.Name)
        {
            return (after is null ? jobs : jobs.Where(j => string.Compare(j.Name, after) > 0)).OrderBy(j => j.Name);
        }

        if (Order == SavedJobOrder.NameDescending)
        {
            return (after is null ? jobs : jobs.Where(j => string.Compare(j.Name, after) < 0)).OrderByDescending(j =>
                j.Name
            );
        }

        if (after is not null && TryReadUpdated(after, out var at, out var name))
        {
            jobs =
                Order == SavedJobOrder.Updated
                    ? jobs.Where(j => j.UpdatedAt > at || (j.UpdatedAt == at && string.Compare(j.Name, name) > 0))
                    : jobs.Where(j => j.UpdatedAt < at || (j.UpdatedAt == at && string.Compare(j.Name, name) > 0));
        }

        return (
            Order == SavedJobOrder.Updated ? jobs.OrderBy(j => j.UpdatedAt) : jobs.OrderByDescending(j => j.UpdatedAt)
        ).ThenBy(j => j.Name);
    }

    private static bool TryReadUpdated(string key, out DateTimeOffset at, out string name)
    {
        (at, name) = (default, "");
        var space = key.IndexOf(' ', StringComparison.Ordinal);
        if (
            space < 0
            || !long.TryParse(key.AsSpan(0, space), NumberStyles.None, CultureInfo.InvariantCulture, out var ticks)
            || ticks > DateTimeOffset.MaxValue.UtcTicks
        )
        {
            return false;
        }

        (at, name) = (new DateTimeOffset(ticks, TimeSpan.Zero), key[(space + 1)..]);
        return true;
    }
}
