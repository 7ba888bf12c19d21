using System.Globalization;
using System.Net;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark.Clusters;

namespace Sje.Jobs.Engines.Spark.Kubernetes;

/// <summary>
/// Reads a container's log from where the last call left it. The API has no positions: a log can be asked for from a second on, and lines are
/// told with their times. So a position is a second and how many lines from it on have been taken; the second trails the newest line, since
/// lines of the two streams may come a little out of order. When the log has been rotated, what the API gives begins later: its first line is
/// another one than before, and times alone tell what is new. What was rotated away before it was read is lost; the API does not have it.
/// </summary>
internal sealed class PodLog(IDictionary<string, long> positions, string source)
{
    // Behind the newest line, for lines that come out of order.
    private const long TrailNanoseconds = 2_000_000_000;
    private const long Second = 1_000_000_000;

    // So much of one log per call, lest one that writes fast keeps the others waiting.
    private const int MostLines = 20_000;

    private readonly List<long> window = [];

    /// <summary>Whether all of an ended container's log has been taken.</summary>
    public bool IsDone
    {
        get => Get("done") == 1;
        private set => positions[Key("done")] = value ? 1 : 0;
    }

    /// <summary>What to append to the log's address: times, and from when on.</summary>
    public string Query =>
        Get("since") is var since and > 0
            ? $"&timestamps=true&sinceTime={DateTimeOffset.FromUnixTimeSeconds(since / Second).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}"
            : "&timestamps=true";

    /// <summary>Reads what is new.</summary>
    /// <param name="read">Reads the lines of an address: <see cref="KubernetesApi.ReadLinesAsync"/>.</param>
    /// <param name="ended">Whether the container has ended: then an unfinished last line is a line.</param>
    /// <param name="write">Takes the lines.</param>
    public async Task ReadAsync(
        Func<string, Func<string, bool, bool>, Task> read,
        bool ended,
        Action<SparkLogLine> write
    )
    {
        var since = Get("since");
        var skip = Get("taken");
        var first = Get("first");
        var last = Get("last");
        long seen = 0;
        var fresh = 0;
        var isRotated = false;
        var hasMore = false;
        window.Clear();
        await read(
            Query,
            (line, whole) =>
            {
                if (!whole && !ended)
                {
                    return false;
                }

                var (at, text) = Split(line, window.Count > 0 ? window[^1] : since);
                if (seen == 0 && skip > 0 && at != first)
                {
                    isRotated = true;
                }

                seen++;
                var isNew = isRotated ? at > last : seen > skip;
                if (isNew && fresh == MostLines)
                {
                    hasMore = true;
                    return false;
                }

                window.Add(at);
                if (isNew)
                {
                    fresh++;
                    last = Math.Max(last, at);
                    write(new SparkLogLine(source, LogStream.Stdout, text));
                }

                return true;
            }
        );
        Remember(since, last);
        IsDone = ended && !hasMore;
    }

    /// <summary>The answer where a container has not started, or its log is gone.</summary>
    public static bool HasNoneYet(KubernetesRefusal refusal) =>
        refusal.Status is HttpStatusCode.BadRequest or HttpStatusCode.NotFound;

    private void Remember(long since, long last)
    {
        if (window.Count == 0)
        {
            return;
        }

        var next = Math.Max(since, Math.Max(0, last - TrailNanoseconds) / Second * Second);
        var taken = window.Count(at => at >= next);
        positions[Key("since")] = next;
        positions[Key("taken")] = taken;
        positions[Key("first")] = window.Find(at => at >= next);
        positions[Key("last")] = last;
    }

    // A line without its time is a piece of the one before it.
    private static (long At, string Text) Split(string line, long before)
    {
        line = line.TrimEnd('\r');
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        var stamp = space < 0 ? line : line[..space];
        return TimeOf(stamp) is { } at ? (at, space < 0 ? "" : line[(space + 1)..]) : (before, line);
    }

    /// <summary>Nanoseconds since 1970 of a time with up to nine decimals; null where it is none.</summary>
    private static long? TimeOf(string stamp)
    {
        const int seconds = 19;
        if (
            stamp.Length < seconds + 1
            || !DateTime.TryParseExact(
                stamp[..seconds],
                "yyyy-MM-dd'T'HH:mm:ss",
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                out var time
            )
        )
        {
            return null;
        }

        var rest = stamp[seconds..];
        long fraction = 0;
        if (rest[0] == '.')
        {
            var digits = rest[1..].TakeWhile(char.IsAsciiDigit).Count();
            if (digits is 0 or > 9)
            {
                return null;
            }

            fraction = long.Parse(rest.AsSpan(1, digits), NumberStyles.None, CultureInfo.InvariantCulture);
            for (var i = digits; i < 9; i++)
            {
                fraction *= 10;
            }

            rest = rest[(digits + 1)..];
        }

        long offset;
        if (rest == "Z")
        {
            offset = 0;
        }
        else if (
            rest.Length == 6
            && rest[0] is '+' or '-'
            && TimeSpan.TryParseExact(rest[1..], @"hh\:mm", CultureInfo.InvariantCulture, out var zone)
        )
        {
            offset = (long)zone.TotalSeconds * (rest[0] == '-' ? -1 : 1);
        }
        else
        {
            return null;
        }

        return (new DateTimeOffset(time).ToUnixTimeSeconds() - offset) * Second + fraction;
    }

    private long Get(string name) => positions.TryGetValue(Key(name), out var value) ? value : 0;

    private string Key(string name) => $"{source}:{name}";
}
