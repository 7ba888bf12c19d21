using System.Buffers;

namespace Sje.Jobs.Storage;

/// <summary>
/// What a person sees of a line: without the sequences that tell a terminal what to do (ECMA-48: CSI, OSC and its kin, two-character escapes) and
/// without control characters but the tab. A carriage return inside a line becomes a space, one at its end goes. The browser's reader of logs
/// (ClientApp/src/log/ansi.ts) does the same, so a search finds what is shown.
/// </summary>
internal static class AnsiText
{
    private const char Escape = '\x1B';
    private const char Bell = '\a';

    private static readonly SearchValues<byte> Controls = SearchValues.Create([
        .. Enumerable.Range(0, 32).Where(b => b is not ('\t' or '\n')).Select(b => (byte)b),
        0x7F,
    ]);

    /// <summary>Whether text in UTF-8, of one line or of many, holds anything that is not shown as it is.</summary>
    public static bool HasControls(ReadOnlySpan<byte> text) => text.ContainsAny(Controls);

    /// <summary>Takes out of a line, in place, what is not shown; returns what is left of it.</summary>
    public static Span<char> Strip(Span<char> line)
    {
        var written = 0;
        for (var i = 0; i < line.Length; )
        {
            var c = line[i];
            if (c >= ' ' && c != '\x7F' || c == '\t')
            {
                line[written++] = c;
                i++;
            }
            else if (c == Escape)
            {
                i = EndOfSequence(line, i);
            }
            else
            {
                if (c == '\r' && i < line.Length - 1)
                {
                    line[written++] = ' ';
                }

                i++;
            }
        }

        return line[..written];
    }

    private static int EndOfSequence(ReadOnlySpan<char> line, int escape)
    {
        var i = escape + 1;
        if (i >= line.Length)
        {
            return i;
        }

        switch (line[i])
        {
            case '[':
                i++;
                while (i < line.Length && line[i] is >= ' ' and <= '?')
                {
                    i++;
                }

                // Broken off by something that cannot end it: that is shown again.
                return i < line.Length && line[i] is >= '@' and <= '~' ? i + 1 : i;
            case ']' or 'P' or 'X' or '^' or '_':
                for (i++; i < line.Length; i++)
                {
                    if (line[i] == Bell)
                    {
                        return i + 1;
                    }

                    if (line[i] == Escape && i + 1 < line.Length && line[i + 1] == '\\')
                    {
                        return i + 2;
                    }
                }

                return i;
            default:
                while (i < line.Length && line[i] is >= ' ' and <= '/')
                {
                    i++;
                }

                return i < line.Length && line[i] is >= '0' and <= '~' ? i + 1 : i;
        }
    }
}
