using System.Buffers;
using ZstdSharp;

namespace Sje.Jobs.Engines.Spark.Following;

/// <summary>
/// Reads a Spark event log: lines of JSON, one an event, in the order in which things happened. Files are read as a stream, so a log of many
/// gigabytes takes no more memory than its longest line and the figures of the tasks of stages that run at one time.
/// </summary>
internal static class EventLog
{
    /// <summary>A longer line is passed over: the plan of a huge query, hardly ever a figure.</summary>
    private const int LongestLine = 32 << 20;

    private const int Piece = 256 << 10;

    /// <summary>
    /// What the log at <paramref name="path"/> (a file, or the folder of a rolled log) measured. Lines that are cut off, damaged or unknown are
    /// passed over.
    /// </summary>
    /// <exception cref="EventLogUnreadableException">It is compressed in a way that is not read here.</exception>
    /// <exception cref="IOException">It cannot be read, or is not there.</exception>
    public static async Task<SparkFacts> ReadAsync(string path, CancellationToken stop)
    {
        var events = new EventLogReader();
        foreach (var file in EventLogFiles.InOrder(path))
        {
            await using var stream = Open(file);
            await ReadLinesAsync(stream, events.Take, stop);
        }

        return events.Facts();
    }

    private static Stream Open(string file)
    {
        var codec = EventLogFiles.CodecOf(file);
        if (codec is not (null or "zstd"))
        {
            throw new EventLogUnreadableException(
                $"The event log '{file}' is compressed with {codec}; plain and zstd can be read. Set spark.eventLog.compress=false, or spark.eventLog.compression.codec=zstd."
            );
        }

        var bytes = new FileStream(
            file,
            FileMode.Open,
            FileAccess.Read,
            // An application that still runs writes it.
            FileShare.ReadWrite | FileShare.Delete,
            Piece,
            FileOptions.SequentialScan | FileOptions.Asynchronous
        );
        return codec is null ? bytes : new DecompressionStream(bytes, leaveOpen: false);
    }

    private static async Task ReadLinesAsync(Stream stream, Action<ReadOnlyMemory<byte>> take, CancellationToken stop)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Piece);
        var (length, skipping) = (0, false);
        try
        {
            while (true)
            {
                var read = await ReadAsync(stream, buffer.AsMemory(length), stop);
                if (read == 0)
                {
                    break;
                }

                var from = 0;
                var end = length;
                length += read;
                // What stood there before had no line break.
                while (buffer.AsSpan(end, length - end).IndexOf((byte)'\n') is var next and >= 0)
                {
                    end += next;
                    if (!skipping)
                    {
                        take(buffer.AsMemory(from, end - from));
                    }

                    skipping = false;
                    from = ++end;
                }

                buffer.AsSpan(from, length - from).CopyTo(buffer);
                length -= from;
                if (length == buffer.Length)
                {
                    if (buffer.Length >= LongestLine)
                    {
                        (length, skipping) = (0, true);
                        continue;
                    }

                    var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                    buffer.AsSpan(0, length).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }
            }

            if (length > 0 && !skipping)
            {
                take(buffer.AsMemory(0, length));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // A compressed file that was cut off (its driver was killed) ends in the middle of a block: what stands before is good.
    private static async ValueTask<int> ReadAsync(Stream stream, Memory<byte> into, CancellationToken stop)
    {
        try
        {
            return await stream.ReadAsync(into, stop);
        }
        catch (Exception e) when (stream is DecompressionStream && e is EndOfStreamException or ZstdException)
        {
            return 0;
        }
    }
}

/// <summary>An event log that is compressed in a way that is not read here.</summary>
internal sealed class EventLogUnreadableException(string message) : Exception(message);
