using System.Buffers;
using System.Globalization;
using System.Text;

namespace Sje.Jobs.Storage;

/// <summary>Makes the text of a download from the chunks of a log.</summary>
internal sealed class TextPiece(LogRange range, LinePattern? pattern, bool plain, bool times)
{
    /// <summary>The wanted lines of a chunk, each with a line break behind it.</summary>
    public byte[] Of(LogChunk chunk)
    {
        var bytes = chunk.Lines.Span;
        var text = new ArrayBufferWriter<byte>(bytes.Length + 1);
        var number = chunk.FirstLine - 1;
        using var matcher = pattern is { Never: false } ? pattern.Rent() : null;
        foreach (var part in bytes.Split((byte)'\n'))
        {
            number++;
            if (!range.Has(number))
            {
                continue;
            }

            var line = StoredLine.Parse(bytes[part]);
            if ((range.Level is { } level && !level.Takes(line)) || (pattern is not null && !Matches(line, matcher)))
            {
                continue;
            }

            if (times)
            {
                var at = line.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z '", CultureInfo.InvariantCulture);
                Encoding.UTF8.GetBytes(at, text);
            }

            if (plain && AnsiText.HasControls(line.Text))
            {
                Span<char> shown = Encoding.UTF8.GetString(line.Text).ToCharArray();
                Encoding.UTF8.GetBytes(AnsiText.Strip(shown), text);
            }
            else
            {
                text.Write(line.Text);
            }

            text.Write("\n"u8);
        }

        return text.WrittenSpan.ToArray();
    }

    private static bool Matches(StoredLine line, LinePattern.Matcher? matcher)
    {
        if (matcher is null)
        {
            return false;
        }

        Span<char> text = Encoding.UTF8.GetString(line.Text).ToCharArray();
        return matcher.TryFind(AnsiText.HasControls(line.Text) ? AnsiText.Strip(text) : text, out _, out _);
    }
}
