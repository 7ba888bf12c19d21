using System.Text;

namespace Sje.Jobs.Execution;

/// <summary>
/// Cuts a stream of bytes into lines of text that a database can hold: what is no UTF-8 and NUL become U+FFFD, a line longer than
/// the limit is handed on in pieces. Not thread-safe.
/// </summary>
internal sealed class LineSplitter(int maxLineBytes, Action<string> onLine)
{
    private readonly byte[] pending = new byte[maxLineBytes];
    private int length;

    /// <summary>Takes the next bytes and hands on every line that they complete.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var end = bytes.IndexOf((byte)'\n');
            var part = end < 0 ? bytes : bytes[..end];
            if (end >= 0 && length == 0 && part.Length <= pending.Length)
            {
                Emit(part, lineEnds: true);
                bytes = bytes[(end + 1)..];
                continue;
            }

            var room = pending.Length - length;
            if (part.Length > room)
            {
                part[..room].CopyTo(pending.AsSpan(length));
                length = pending.Length;
                EmitFull();
                bytes = bytes[room..];
                continue;
            }

            part.CopyTo(pending.AsSpan(length));
            length += part.Length;
            if (end < 0)
            {
                return;
            }

            Emit(pending.AsSpan(0, length), lineEnds: true);
            length = 0;
            bytes = bytes[(end + 1)..];
        }
    }

    /// <summary>Hands on what stands after the last line break, if anything.</summary>
    public void Complete()
    {
        if (length > 0)
        {
            Emit(pending.AsSpan(0, length), lineEnds: true);
            length = 0;
        }
    }

    private void EmitFull()
    {
        // Not in the middle of a character: the bytes of its beginning stay for the next piece.
        var cut = length;
        for (var back = 1; back <= 4 && back < length; back++)
        {
            var lead = pending[length - back];
            if ((lead & 0xC0) != 0x80)
            {
                var width =
                    lead >= 0xF0 ? 4
                    : lead >= 0xE0 ? 3
                    : lead >= 0xC0 ? 2
                    : 1;
                cut = width > back ? length - back : length;
                break;
            }
        }

        Emit(pending.AsSpan(0, cut), lineEnds: false);
        pending.AsSpan(cut, length - cut).CopyTo(pending);
        length -= cut;
    }

    private void Emit(ReadOnlySpan<byte> line, bool lineEnds)
    {
        if (lineEnds && line is [.., (byte)'\r'])
        {
            line = line[..^1];
        }

        var text = Encoding.UTF8.GetString(line);
        onLine(text.Replace('\0', '\uFFFD'));
    }
}
