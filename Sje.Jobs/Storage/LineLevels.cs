using System.Text;

namespace Sje.Jobs.Storage;

/// <summary>How grave a line of a log says it is. Rises with gravity.</summary>
public enum LineLevel
{
    /// <summary>Debug, trace, verbose, fine.</summary>
    Debug,

    /// <summary>Information, notice.</summary>
    Info,

    /// <summary>Warning.</summary>
    Warn,

    /// <summary>Error, fatal, critical, severe, panic; the head of a stack trace.</summary>
    Error,
}

/// <summary>
/// Reads the level of a line from its words, as the common loggers write them: log4j and Logback (<c>ERROR</c>), Serilog (<c>[ERR]</c>), .NET's
/// console (<c>fail:</c>), Python (<c>ERROR:root:</c>, a traceback), logfmt and JSON (<c>level=error</c>), compilers (<c>error:</c>). The leftmost
/// one counts, and only near the start: behind that stands the message. A line is judged alone; what belongs to one before it has no level.
/// </summary>
internal static class LineLevels
{
    /// <summary>How many bytes of a line are looked at.</summary>
    public const int Window = 256;

    private const byte Escape = 0x1B;

    /// <summary>The level that a text says it has; null when it says none.</summary>
    public static LineLevel? Of(string text)
    {
        Span<byte> bytes = stackalloc byte[Window];
        Encoding.UTF8.TryGetBytes(text.AsSpan(0, Math.Min(text.Length, Window)), bytes, out var written);
        if (written == 0 && text.Length > 0)
        {
            // Not all of it fits: what does.
            Encoding
                .UTF8.GetEncoder()
                .Convert(text.AsSpan(0, Math.Min(text.Length, Window)), bytes, false, out _, out written, out _);
        }

        return Of(bytes[..written]);
    }

    /// <summary>The level that a text in UTF-8 says it has; null when it says none.</summary>
    public static LineLevel? Of(ReadOnlySpan<byte> text)
    {
        text = text[..Math.Min(text.Length, Window)];
        var start = SkipStart(text);
        if (IsTraceHead(text[start..]))
        {
            return LineLevel.Error;
        }

        var spaced = false;
        for (var i = start; i < text.Length; )
        {
            var b = text[i];
            if (b == Escape)
            {
                i = SkipEscape(text, i);
            }
            else if (!IsWord(b))
            {
                spaced |= b is (byte)' ' or (byte)'\t';
                i++;
            }
            else
            {
                var end = i + 1;
                while (end < text.Length && IsWord(text[end]))
                {
                    end++;
                }

                if (OfWord(text, i, end, spaced) is { } level)
                {
                    return level;
                }

                i = end;
            }
        }

        return null;
    }

    private static LineLevel? OfWord(ReadOnlySpan<byte> text, int start, int end, bool spaced)
    {
        var word = text[start..end];
        var after = end < text.Length ? text[end] : (byte)0;
        if (word.Length is < 3 or > 11)
        {
            return !spaced && IsException(word, after) ? LineLevel.Error : null;
        }

        if (OfCapitals(word) is { } loud)
        {
            return loud;
        }

        // Serilog's short forms, and npm's. Alone they are too short to be sure of.
        if (word.Length == 3 && after is (byte)']' or (byte)'!' && OfShort(word) is { } brief)
        {
            return brief;
        }

        var named =
            (after == ':' && (start == 0 || text[start - 1] is (byte)' ' or (byte)'\t' or (byte)']'))
            || IsValueOfLevel(text[..start]);
        if (named && OfAnyCase(word) is { } said)
        {
            return said;
        }

        return !spaced && IsException(word, after) ? LineLevel.Error : null;
    }

    private static LineLevel? OfCapitals(ReadOnlySpan<byte> word) =>
        word switch
        {
            _ when (uint)(word[0] - 'A') > 'Z' - 'A' => null,
            _ when word.SequenceEqual("ERROR"u8) => LineLevel.Error,
            _ when word.SequenceEqual("INFO"u8) => LineLevel.Info,
            _ when word.SequenceEqual("WARN"u8) || word.SequenceEqual("WARNING"u8) => LineLevel.Warn,
            _ when word.SequenceEqual("DEBUG"u8) || word.SequenceEqual("TRACE"u8) => LineLevel.Debug,
            _ when word.SequenceEqual("FATAL"u8) || word.SequenceEqual("CRITICAL"u8) => LineLevel.Error,
            _ when word.SequenceEqual("SEVERE"u8) || word.SequenceEqual("PANIC"u8) => LineLevel.Error,
            _ when word.SequenceEqual("NOTICE"u8) => LineLevel.Info,
            _ when word.SequenceEqual("FINE"u8) || word.SequenceEqual("FINER"u8) || word.SequenceEqual("FINEST"u8) =>
                LineLevel.Debug,
            _ when word.SequenceEqual("VERBOSE"u8) => LineLevel.Debug,
            _ => null,
        };

    private static LineLevel? OfShort(ReadOnlySpan<byte> word) =>
        word switch
        {
            _ when word.SequenceEqual("ERR"u8) || word.SequenceEqual("FTL"u8) => LineLevel.Error,
            _ when word.SequenceEqual("WRN"u8) => LineLevel.Warn,
            _ when word.SequenceEqual("INF"u8) => LineLevel.Info,
            _ when word.SequenceEqual("DBG"u8) || word.SequenceEqual("VRB"u8) => LineLevel.Debug,
            _ => null,
        };

    private static LineLevel? OfAnyCase(ReadOnlySpan<byte> word)
    {
        foreach (
            var (name, level) in (ReadOnlySpan<(string, LineLevel)>)
                [
                    ("error", LineLevel.Error),
                    ("fatal", LineLevel.Error),
                    ("fail", LineLevel.Error),
                    ("crit", LineLevel.Error),
                    ("critical", LineLevel.Error),
                    ("panic", LineLevel.Error),
                    ("err", LineLevel.Error),
                    ("warning", LineLevel.Warn),
                    ("warn", LineLevel.Warn),
                    ("info", LineLevel.Info),
                    ("information", LineLevel.Info),
                    ("notice", LineLevel.Info),
                    ("debug", LineLevel.Debug),
                    ("dbug", LineLevel.Debug),
                    ("trace", LineLevel.Debug),
                    ("trce", LineLevel.Debug),
                    ("verbose", LineLevel.Debug),
                ]
        )
        {
            if (Ascii.EqualsIgnoreCase(word, name))
            {
                return level;
            }
        }

        return null;
    }

    // level=WORD, "level":"WORD", "@l": "WORD", severity: WORD: what stands before the word.
    private static bool IsValueOfLevel(ReadOnlySpan<byte> before)
    {
        before = before.TrimEnd("\" "u8);
        if (before.IsEmpty || before[^1] is not ((byte)'=' or (byte)':'))
        {
            return false;
        }

        before = before[..^1].TrimEnd("\" "u8);
        foreach (var name in (ReadOnlySpan<string>)["level", "lvl", "severity", "levelname", "@l"])
        {
            if (
                before.Length >= name.Length
                && Ascii.EqualsIgnoreCase(before[^name.Length..], name)
                && (before.Length == name.Length || !IsWord(before[^(name.Length + 1)]))
            )
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsException(ReadOnlySpan<byte> word, byte after) =>
        after is 0 or (byte)':' && (word.EndsWith("Exception"u8) || (word.EndsWith("Error"u8) && word.Length > 5));

    private static bool IsTraceHead(ReadOnlySpan<byte> text) =>
        text.StartsWith("Traceback (most recent call last)"u8)
        || text.StartsWith("Exception in thread "u8)
        || text.StartsWith("Unhandled exception"u8)
        || text.StartsWith("Caused by: "u8);

    private static int SkipStart(ReadOnlySpan<byte> text)
    {
        var i = 0;
        while (i < text.Length && text[i] is (byte)' ' or (byte)'\t' or Escape)
        {
            i = text[i] == Escape ? SkipEscape(text, i) : i + 1;
        }

        return i;
    }

    // A colour: ESC [ 3 1 m. Its letter is no part of a word.
    private static int SkipEscape(ReadOnlySpan<byte> text, int at)
    {
        if (at + 1 >= text.Length || text[at + 1] != '[')
        {
            return at + 1;
        }

        at += 2;
        while (at < text.Length && text[at] is < 0x40 or > 0x7E)
        {
            at++;
        }

        return Math.Min(at + 1, text.Length);
    }

    private static bool IsWord(byte b) => (uint)((b | 0x20) - 'a') <= 'z' - 'a' || (uint)(b - '0') <= 9 || b == '_';
}
