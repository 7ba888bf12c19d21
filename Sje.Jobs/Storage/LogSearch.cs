using System.Buffers;
using System.Text;
using Sje.Core.Jobs;

namespace Sje.Jobs.Storage;

/// <summary>
/// A line with a match. Text: what is shown of it, or a part around the match; Start and Length: the first match in that text; Column: in the whole line.
/// </summary>
public sealed record LogHit(
    long Number,
    DateTimeOffset At,
    LogStream Stream,
    LineLevel? Level,
    string Text,
    int Start,
    int Length,
    int Column
);

/// <summary>How many lines with a match there are in a stretch of lines that begins at Line.</summary>
public sealed record LogHitBucket(long Line, int Count);

/// <summary>What is looked for: in which lines, how many of the hits are wanted, and whether the rest is to be counted.</summary>
/// <param name="Pattern">What to look for.</param>
/// <param name="Range">Where.</param>
/// <param name="Limit">How many hits are wanted.</param>
/// <param name="CountAll">Whether to go on to the end behind those, for the total and the map.</param>
/// <param name="BucketLines">How many lines a place of the map stands for; they begin at line 1.</param>
/// <param name="Time">When to break off; the answer says where to go on.</param>
public sealed record LogQuestion(
    LinePattern Pattern,
    LogRange Range,
    int Limit,
    bool CountAll,
    long BucketLines,
    TimeSpan Time
);

/// <summary>
/// What was found. Total: lines with a match, among those looked at. NextFrom: where to ask for more hits, null when all are here. ResumeFrom: where
/// the search broke off for its time was over, null when it came to the end of what was asked for.
/// </summary>
public sealed record LogMatches(
    IReadOnlyList<LogHit> Items,
    long Total,
    long? NextFrom,
    long? ResumeFrom,
    IReadOnlyList<LogHitBucket> Buckets
);

/// <summary>
/// Searches a log. Lines are compared as they are shown (<see cref="AnsiText"/>): the total is what <c>grep -c</c> says of the log's plain text. A
/// text whose case counts is looked for in the bytes as they come out of the packing; else, and in chunks with colours, line by line.
/// </summary>
public sealed class LogSearch(Database database, TimeProvider time)
{
    private const int ExcerptBefore = 80;
    private const int Excerpt = 400;
    private const int LinesBetweenLooks = 64;

    private readonly LogChunks chunks = new(database);

    /// <summary>Searches.</summary>
    /// <exception cref="System.Text.RegularExpressions.RegexMatchTimeoutException">The pattern is too costly.</exception>
    public async Task<LogMatches> FindAsync(LogKey key, LogQuestion question, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(question);
        if (question.Pattern.Never)
        {
            return new LogMatches([], 0, null, null, []);
        }

        var watch = new Watch(time, question.Time, stop);
        var items = new List<LogHit>();
        var buckets = new List<LogHitBucket>();
        var total = 0L;
        long? resume = null;
        await foreach (
            var found in chunks.ScanAsync(
                key,
                question.Range,
                chunk => new ChunkSearch(question, watch).Find(chunk),
                stop
            )
        )
        {
            total += found.Count;
            items.AddRange(found.Hits.Take(question.Limit - items.Count));
            watch.PageIsFull = items.Count >= question.Limit;
            foreach (var bucket in found.Buckets)
            {
                if (buckets is [.., var last] && last.Line == bucket.Line)
                {
                    buckets[^1] = last with { Count = last.Count + bucket.Count };
                }
                else
                {
                    buckets.Add(bucket);
                }
            }

            // A later chunk may have been looked at in time, but the answer has no holes.
            resume = found.StoppedAt;
            if (resume is not null || (watch.PageIsFull && !question.CountAll))
            {
                break;
            }
        }

        var more = items.Count == question.Limit && (total > items.Count || !question.CountAll || resume is not null);
        return new LogMatches(items, total, more ? items[^1].Number + 1 : resume, resume, buckets);
    }

    /// <summary>What all threads of a search look at.</summary>
    private sealed class Watch(TimeProvider clock, TimeSpan most, CancellationToken stop)
    {
        private readonly long began = clock.GetTimestamp();
        private volatile bool pageIsFull;

        public bool PageIsFull
        {
            get => pageIsFull;
            set => pageIsFull = value;
        }

        public bool IsOver()
        {
            stop.ThrowIfCancellationRequested();
            return clock.GetElapsedTime(began) > most;
        }
    }

    private sealed record Found(
        int Count,
        IReadOnlyList<LogHit> Hits,
        IReadOnlyList<LogHitBucket> Buckets,
        long? StoppedAt
    );

    /// <summary>The search of one chunk.</summary>
    private sealed class ChunkSearch(LogQuestion question, Watch watch)
    {
        private readonly List<LogHit> hits = [];
        private readonly List<LogHitBucket> buckets = [];
        private int count;

        public Found Find(LogChunk chunk)
        {
            long? stopped;
            if (watch.IsOver())
            {
                stopped = Math.Max(chunk.FirstLine, question.Range.From);
            }
            else if (AnsiText.HasControls(chunk.Lines.Span))
            {
                stopped = FindLines(chunk);
            }
            else
            {
                stopped =
                    question.Pattern.Literal is { } literal ? FindBytes(chunk, literal)
                    : question.Pattern.AnyCase is { } text ? FindChars(chunk, text)
                    : FindLines(chunk);
            }

            return new Found(count, hits, buckets, stopped);
        }

        private long? FindBytes(LogChunk chunk, byte[] literal)
        {
            var bytes = chunk.Lines.Span;
            var number = chunk.FirstLine;
            var (place, counted) = (0, 0);
            while (place <= bytes.Length)
            {
                var at = bytes[place..].IndexOf(literal);
                if (at < 0)
                {
                    break;
                }

                at += place;
                var start = bytes[place..at].LastIndexOf((byte)'\n') + 1 + place;
                var length = bytes[at..].IndexOf((byte)'\n');
                var end = length < 0 ? bytes.Length : at + length;
                number += bytes[counted..start].Count((byte)'\n');
                counted = start;
                if (number > question.Range.To)
                {
                    break;
                }

                var line = StoredLine.Parse(bytes[start..end]);
                // What was found may stand in our part of the line, which nobody sees.
                if (number >= question.Range.From && Passes(line) && line.Text.IndexOf(literal) is >= 0 and var column)
                {
                    Add(number, line, default, Encoding.UTF8.GetCharCount(line.Text[..column]), 0);
                }

                place = end + 1;
            }

            return null;
        }

        // As FindBytes, in UTF-16: there the framework finds a text whatever its case as fast as bytes.
        private long? FindChars(LogChunk chunk, string text)
        {
            var bytes = chunk.Lines.Span;
            var room = ArrayPool<char>.Shared.Rent(bytes.Length);
            var one = ArrayPool<byte>.Shared.Rent(1024);
            try
            {
                ReadOnlySpan<char> chars = room.AsSpan(0, Encoding.UTF8.GetChars(bytes, room));
                var number = chunk.FirstLine;
                var (place, counted) = (0, 0);
                while (place <= chars.Length)
                {
                    var at = chars[place..].IndexOf(text, StringComparison.OrdinalIgnoreCase);
                    if (at < 0)
                    {
                        break;
                    }

                    at += place;
                    var start = chars[place..at].LastIndexOf('\n') + 1 + place;
                    var length = chars[at..].IndexOf('\n');
                    var end = length < 0 ? chars.Length : at + length;
                    number += chars[counted..start].Count('\n');
                    counted = start;
                    if (number > question.Range.To)
                    {
                        break;
                    }

                    if (number >= question.Range.From)
                    {
                        var whole = chars[start..end];
                        var most = Encoding.UTF8.GetMaxByteCount(whole.Length);
                        if (most > one.Length)
                        {
                            ArrayPool<byte>.Shared.Return(one);
                            one = ArrayPool<byte>.Shared.Rent(most);
                        }

                        var size = Encoding.UTF8.GetBytes(whole, one);
                        var line = StoredLine.Parse(one.AsSpan(0, size));
                        // Our part of the line, before its text, is ASCII.
                        var shown = whole[(size - line.Text.Length)..];
                        if (
                            shown.IndexOf(text, StringComparison.OrdinalIgnoreCase) is >= 0 and var column
                            && Passes(line)
                        )
                        {
                            Add(number, line, shown, column, text.Length);
                        }
                    }

                    place = end + 1;
                }
            }
            finally
            {
                ArrayPool<char>.Shared.Return(room);
                ArrayPool<byte>.Shared.Return(one);
            }

            return null;
        }

        private long? FindLines(LogChunk chunk)
        {
            var bytes = chunk.Lines.Span;
            var number = chunk.FirstLine - 1;
            using var matcher = question.Pattern.Rent();
            var room = ArrayPool<char>.Shared.Rent(16 * 1024);
            try
            {
                foreach (var range in bytes.Split((byte)'\n'))
                {
                    number++;
                    if (!question.Range.Has(number))
                    {
                        continue;
                    }

                    if (number % LinesBetweenLooks == 0 && watch.IsOver())
                    {
                        return number;
                    }

                    var line = StoredLine.Parse(bytes[range]);
                    if (line.Text.Length > room.Length)
                    {
                        ArrayPool<char>.Shared.Return(room);
                        room = ArrayPool<char>.Shared.Rent(line.Text.Length);
                    }

                    var text = room.AsSpan(0, Encoding.UTF8.GetChars(line.Text, room));
                    if (AnsiText.HasControls(line.Text))
                    {
                        text = AnsiText.Strip(text);
                    }

                    if (matcher.TryFind(text, out var start, out var length) && Passes(line))
                    {
                        Add(number, line, text, start, length);
                    }
                }
            }
            finally
            {
                ArrayPool<char>.Shared.Return(room);
            }

            return null;
        }

        private bool Passes(StoredLine line) => question.Range.Level is not { } level || level.Takes(line);

        // Without a text the line is shown as it is stored, and the length is the literal's.
        private void Add(long number, StoredLine line, ReadOnlySpan<char> shown, int start, int length)
        {
            count++;
            var bucket = ((number - 1) / question.BucketLines * question.BucketLines) + 1;
            if (buckets is [.., var last] && last.Line == bucket)
            {
                buckets[^1] = last with { Count = last.Count + 1 };
            }
            else
            {
                buckets.Add(new LogHitBucket(bucket, 1));
            }

            if (watch.PageIsFull || hits.Count >= question.Limit)
            {
                return;
            }

            if (shown.IsEmpty && length == 0 && !line.Text.IsEmpty && question.Pattern.Literal is { } literal)
            {
                shown = Encoding.UTF8.GetString(line.Text);
                length = Encoding.UTF8.GetCharCount(literal);
            }

            var from = start > Excerpt - ExcerptBefore ? start - ExcerptBefore : 0;
            if (from > 0 && char.IsLowSurrogate(shown[from]))
            {
                from--;
            }

            var to = Math.Min(from + Excerpt, shown.Length);
            if (to < shown.Length && char.IsLowSurrogate(shown[to]))
            {
                to++;
            }

            hits.Add(
                new LogHit(
                    number,
                    line.At,
                    line.Stream,
                    LineLevels.Of(line.Text),
                    new string(shown[from..to]),
                    start - from,
                    Math.Min(length, to - start),
                    start
                )
            );
        }
    }
}
