using System.Globalization;
using System.Text.RegularExpressions;

namespace Sje.Jobs.Engines.Spark.Following;

/// <summary>
/// Finds the files of an application's event log: one file (<c>app-1</c>, with <c>.inprogress</c> until the end), or the folder of a rolled
/// one (<c>eventlog_v2_app-1/events_1_app-1</c>, ...), either with the name of a codec behind it.
/// </summary>
internal static partial class EventLogFiles
{
    private const string RolledPrefix = "eventlog_v2_";
    private const string InProgress = ".inprogress";
    private const string Compacted = ".compact";

    /// <summary>
    /// The log of an application below <paramref name="folder"/>: a file or a folder; null when there is none. Without
    /// <paramref name="attemptId"/> that of the last attempt.
    /// </summary>
    public static string? Find(string folder, string applicationId, string? attemptId = null)
    {
        if (!Directory.Exists(folder))
        {
            return null;
        }

        var name = Written(applicationId);
        return Directory
            .EnumerateFileSystemEntries(folder)
            .Select(path => (Path: path, Attempt: AttemptOf(System.IO.Path.GetFileName(path), name)))
            .Where(log => log.Attempt is not null && (attemptId is null || log.Attempt == Written(attemptId)))
            // The numbers of attempts have no leading zeros.
            .OrderByDescending(log => log.Attempt!.Length)
            .ThenByDescending(log => log.Attempt, StringComparer.Ordinal)
            // Where both are there the finished one is the later.
            .ThenBy(log => log.Path.EndsWith(InProgress, StringComparison.Ordinal))
            .Select(log => log.Path)
            .FirstOrDefault();
    }

    /// <summary>
    /// The files of a log in the order in which they were written: the file itself, or those of the folder. A compacted file stands for all
    /// before it.
    /// </summary>
    public static IReadOnlyList<string> InOrder(string path)
    {
        if (!Directory.Exists(path))
        {
            return [path];
        }

        var files = Directory
            .EnumerateFiles(path, "events_*")
            .Select(file => (File: file, Index: IndexOf(System.IO.Path.GetFileName(file))))
            .Where(file => file.Index is not null)
            .OrderBy(file => file.Index)
            .ThenBy(file => file.File.EndsWith(Compacted, StringComparison.Ordinal))
            .ToList();
        var first = files.FindLastIndex(file => file.File.EndsWith(Compacted, StringComparison.Ordinal));
        return [.. files.Skip(Math.Max(first, 0)).Select(file => file.File)];
    }

    /// <summary>The codec in a file's name (<c>zstd</c>); null when it is plain.</summary>
    public static string? CodecOf(string file)
    {
        var name = System.IO.Path.GetFileName(file);
        foreach (var end in (string[])[Compacted, InProgress])
        {
            name = name.EndsWith(end, StringComparison.Ordinal) ? name[..^end.Length] : name;
        }

        return System.IO.Path.GetExtension(name) is { Length: > 1 } extension ? extension[1..] : null;
    }

    // As Spark's EventLogFileWriter does with ids: no dot is left but that before the codec.
    private static string Written(string id) =>
        Underscored().Replace(Dashed().Replace(id, "-"), "_").ToLowerInvariant();

    // The attempt in the name of a log of this application, "" when it has none; null when it is another's.
    private static string? AttemptOf(string entry, string application)
    {
        var name = entry.StartsWith(RolledPrefix, StringComparison.Ordinal) ? entry[RolledPrefix.Length..] : entry;
        name = name.IndexOf('.', StringComparison.Ordinal) is var dot and >= 0 ? name[..dot] : name;
        return name == application ? ""
            : name.StartsWith(application + "_", StringComparison.Ordinal)
            && name.Length - application.Length is > 1 and < 12
                ? name[(application.Length + 1)..]
            : null;
    }

    private static int? IndexOf(string name) =>
        Index().Match(name) is { Success: true } match
        && int.TryParse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            ? index
            : null;

    [GeneratedRegex("[ :/]")]
    private static partial Regex Dashed();

    [GeneratedRegex("[.${}'\"]")]
    private static partial Regex Underscored();

    [GeneratedRegex("^events_([0-9]+)_")]
    private static partial Regex Index();
}
