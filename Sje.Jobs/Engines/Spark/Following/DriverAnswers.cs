namespace Sje.Jobs.Engines.Spark.Following;

/// <summary>
/// An application as the driver's REST (or a history server's) lists it. <see cref="Path"/> is how it is named in paths: its id, on YARN
/// with the attempt behind it (<c>application_1_1/1</c>).
/// </summary>
internal sealed record DriverApplication(string Id, string? AttemptId, string Path)
{
    public string? Name { get; init; }

    public string? SparkVersion { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Null while it runs.</summary>
    public DateTimeOffset? EndedAt { get; init; }
}

/// <summary>A job of Spark's: what one action of the application (<c>count</c>, <c>save</c>) starts.</summary>
internal sealed record DriverJob(int Id)
{
    /// <summary>Whether it still runs.</summary>
    public bool IsActive { get; init; }

    public bool Failed { get; init; }

    public IReadOnlyList<int> StageIds { get; init; } = [];

    /// <summary>Tasks of all its stages, also of those that will be skipped.</summary>
    public int Tasks { get; init; }

    /// <summary>Tasks that are done, each counted once however often its stage was tried.</summary>
    public int CompletedTasks { get; init; }

    /// <summary>Known only at the job's end.</summary>
    public int SkippedTasks { get; init; }

    /// <summary>Ended well; a stage that was tried again may count twice.</summary>
    public int CompletedStages { get; init; }

    public int SkippedStages { get; init; }
}

/// <summary>An executor, with what only the REST of a running driver says.</summary>
internal sealed record DriverExecutor(SparkExecutorFacts Facts)
{
    public bool IsActive { get; init; }

    public int ActiveTasks { get; init; }

    /// <summary>Memory for cached data and execution that it has, and uses for cached data.</summary>
    public long StorageBytes { get; init; }

    public long UsedStorageBytes { get; init; }
}

/// <summary>The driver cannot be asked, or did not answer as Spark does: it starts, ends, is busy, or is another program.</summary>
internal sealed class DriverUnavailableException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>It answers, and does not know the application (any more): on YARN another attempt may have begun.</summary>
    public bool IsUnknown { get; init; }
}
