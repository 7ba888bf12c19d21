using System.Buffers;
using System.Buffers.Text;
using System.IO.Compression;
using System.Text;
using Sje.Core.Jobs;

namespace Sje.Jobs.Storage;

/// <summary>The lines of a chunk in UTF-8, unpacked into a borrowed buffer that goes back when this is disposed.</summary>
internal sealed class LogBytes : IDisposable
{
    private const int LeastRoom = 64 * 1024;
    private byte[] buffer;
    private readonly int length;

    private LogBytes(byte[] buffer, int length)
    {
        this.buffer = buffer;
        // Lines have a break between two; older writers put one behind the last as well.
        this.length = length > 0 && buffer[length - 1] == '\n' ? length - 1 : length;
    }

    /// <summary>The lines, with a break between two and none at the end.</summary>
    public ReadOnlySpan<byte> Span => buffer.AsSpan(0, length);

    /// <summary>Unpacks a body.</summary>
    /// <exception cref="InvalidDataException">The compressed body is damaged.</exception>
    public static LogBytes Of(LogBody body) => body.Packed is { } packed ? Unpack(packed) : Encode(body.Plain ?? "");

    /// <inheritdoc/>
    public void Dispose()
    {
        var given = buffer;
        buffer = [];
        if (given.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(given);
        }
    }

    private static LogBytes Encode(string text)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        return new LogBytes(buffer, Encoding.UTF8.GetBytes(text, buffer));
    }

    private static LogBytes Unpack(byte[] packed)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Max(LeastRoom, packed.Length * 12));
        var decoder = new BrotliDecoder();
        try
        {
            var (read, written) = (0, 0);
            while (true)
            {
                var status = decoder.Decompress(
                    packed.AsSpan(read),
                    buffer.AsSpan(written),
                    out var taken,
                    out var got
                );
                read += taken;
                written += got;
                switch (status)
                {
                    case OperationStatus.Done:
                        return new LogBytes(buffer, written);
                    case OperationStatus.DestinationTooSmall:
                        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                        buffer.AsSpan(0, written).CopyTo(larger);
                        ArrayPool<byte>.Shared.Return(buffer);
                        buffer = larger;
                        break;
                    default:
                        throw new InvalidDataException("The compressed lines of a log are damaged.");
                }
            }
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer);
            throw;
        }
        finally
        {
            decoder.Dispose();
        }
    }
}

/// <summary>A line as it is stored: <c>o|e|s unix-ms text</c>, written by us. One of another shape is shown whole rather than hidden.</summary>
internal readonly ref struct StoredLine
{
    private StoredLine(LogStream stream, long? at, ReadOnlySpan<byte> text)
    {
        Stream = stream;
        UnixMs = at;
        Text = text;
    }

    /// <summary>Who wrote it.</summary>
    public LogStream Stream { get; }

    /// <summary>When it was written; null where it does not say.</summary>
    public long? UnixMs { get; }

    /// <summary>What was written, in UTF-8.</summary>
    public ReadOnlySpan<byte> Text { get; }

    /// <summary>When it was written; the epoch where it does not say.</summary>
    public DateTimeOffset At => DateTimeOffset.FromUnixTimeMilliseconds(UnixMs ?? 0);

    /// <summary>Takes a line apart.</summary>
    public static StoredLine Parse(ReadOnlySpan<byte> line)
    {
        if (line.Length > 2 && line[1] == ' ' && line[0] is (byte)'o' or (byte)'e' or (byte)'s')
        {
            var rest = line[2..];
            if (
                rest[0] is >= (byte)'0' and <= (byte)'9'
                && Utf8Parser.TryParse(rest, out long at, out var used)
                && (used == rest.Length || rest[used] == ' ')
                && at <= MostMs
            )
            {
                return new StoredLine(
                    line[0] switch
                    {
                        (byte)'o' => LogStream.Stdout,
                        (byte)'e' => LogStream.Stderr,
                        _ => LogStream.System,
                    },
                    at,
                    used == rest.Length ? default : rest[(used + 1)..]
                );
            }
        }

        return new StoredLine(LogStream.System, null, line);
    }

    // 9999-12-31, the last day that can be told.
    private const long MostMs = 253_402_300_799_999;
}
