namespace Sje.Jobs.Engines.Spark.Pages;

/// <summary>
/// A path below the pages of one application, read strictly: what a server could take for another path than the one that is written there is
/// none. It is written anew for the driver, so that both see the same.
/// </summary>
internal sealed class SparkPagePath
{
    // What a driver shows (Spark's tabs, also those of streaming, SQL servers and Connect), each below a folder of its own.
    private static readonly string[] Folders =
    [
        "jobs",
        "stages",
        "storage",
        "environment",
        "executors",
        "SQL",
        "streaming",
        "StreamingQuery",
        "sqlserver",
        "connect",
    ];

    private readonly string[] segments;

    private SparkPagePath(string[] segments) => this.segments = segments;

    /// <summary>The path without a slash before it, escaped.</summary>
    public string Escaped => string.Join('/', segments.Select(Uri.EscapeDataString));

    /// <summary>Whether it is the beginning of all pages.</summary>
    public bool IsRoot => segments is [""];

    /// <summary>Whether it is one of the folders in which a driver has its pages.</summary>
    public bool IsPage => Folders.Contains(segments[0], StringComparer.Ordinal);

    /// <summary>Whether it would end something. Drivers do that for GET too.</summary>
    public bool Kills => segments.Contains("kill", StringComparer.OrdinalIgnoreCase);

    /// <summary>The page that a history server's one is of: <c>history/app-1/jobs/</c>, <c>history/app-1/1/jobs/</c>; null for another path.</summary>
    public string? PageInHistory
    {
        get
        {
            var first = segments[0] == "history" ? Array.FindIndex(segments, Folders.Contains) : -1;
            return first > 0 ? string.Join('/', segments[first..].Select(Uri.EscapeDataString)) : null;
        }
    }

    /// <summary>Reads a path that the web server has unescaped; null where it means more than one thing.</summary>
    public static SparkPagePath? Read(string? path)
    {
        var segments = (path ?? "").TrimStart('/').Split('/');
        return Array.Exists(segments[..^1], segment => segment.Length == 0) || Array.Exists(segments, IsAmbiguous)
            ? null
            : new SparkPagePath(segments);
    }

    // A percent sign that is left was escaped twice, or is an escaped slash.
    private static bool IsAmbiguous(string segment) =>
        segment is "." or ".." || segment.IndexOfAny(['\\', ';', '%', '?', '#']) >= 0 || segment.Any(char.IsControl);
}
