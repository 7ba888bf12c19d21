using System.Collections.Concurrent;
using System.Text;
using System.Text.RegularExpressions;

namespace Sje.Jobs.Storage;

/// <summary>What is wrong with a pattern, and at which of its characters (from 0) where that is known.</summary>
public sealed record PatternFault(string Detail, int? Position);

/// <summary>
/// What a search looks for in each line: a text, or a regular expression of the kind that never backtracks, so no pattern of anybody's can hold a
/// core for longer than the text is long. That kind has neither look-around nor back-references.
/// </summary>
public sealed class LinePattern
{
    /// <summary>The longest that is taken.</summary>
    public const int MaxLength = 1_000;

    // A line has 64 KiB at most. A pattern that needs longer for one has a state for everything.
    private static readonly TimeSpan LongestMatch = TimeSpan.FromSeconds(1);

    private readonly string text;
    private readonly bool ignoreCase;
    private readonly RegexOptions? options;

    // One Regex has one set of buffers to lend; a second thread that uses it at the same time makes new ones for every line.
    private readonly ConcurrentBag<Regex> lent = [];

    private LinePattern(string text, bool ignoreCase, RegexOptions? options)
    {
        this.text = text;
        this.ignoreCase = ignoreCase;
        this.options = options;
        Literal = options is null && !ignoreCase ? Encoding.UTF8.GetBytes(text) : null;
        AnyCase = options is null && ignoreCase ? text : null;
        Never = options is null && text.Contains('\n', StringComparison.Ordinal);
    }

    /// <summary>What to look for byte by byte, where that is enough.</summary>
    internal byte[]? Literal { get; }

    /// <summary>What to look for whatever its case, where that is enough.</summary>
    internal string? AnyCase { get; }

    /// <summary>Whether no line can hold it.</summary>
    internal bool Never { get; }

    /// <summary>Reads a pattern; null and the fault when it is none.</summary>
    public static LinePattern? TryCreate(string text, bool regex, bool ignoreCase, out PatternFault? fault)
    {
        ArgumentNullException.ThrowIfNull(text);
        fault = null;
        if (text.Length is 0 or > MaxLength)
        {
            fault = new PatternFault($"It has 1 to {MaxLength} characters.", null);
            return null;
        }

        if (!regex || Regex.Escape(text) == text)
        {
            return new LinePattern(text, ignoreCase, null);
        }

        try
        {
            var options =
                RegexOptions.NonBacktracking
                | RegexOptions.CultureInvariant
                | (ignoreCase ? RegexOptions.IgnoreCase : RegexOptions.None);
            var pattern = new LinePattern(text, ignoreCase, options);
            pattern.lent.Add(pattern.NewRegex());
            return pattern;
        }
        catch (RegexParseException wrong)
        {
            fault = new PatternFault(
                $"It is no regular expression: {Reason(wrong)} (at character {wrong.Offset + 1}).",
                wrong.Offset
            );
        }
        catch (NotSupportedException)
        {
            fault = new PatternFault(
                "Look-around, back-references, atomic groups and conditions are not offered: a search must not be able to run for ever.",
                null
            );
        }

        return null;
    }

    /// <summary>A matcher for one thread; to be disposed.</summary>
    internal Matcher Rent() => new(this);

    private Regex NewRegex() => new(text, options!.Value, LongestMatch); // called with options only

    // "Invalid pattern 'a(' at offset 2. Not enough )'s." The pattern is known to whoever wrote it.
    private static string Reason(RegexParseException wrong)
    {
        var mark = $" at offset {wrong.Offset.ToString(System.Globalization.CultureInfo.InvariantCulture)}. ";
        var at = wrong.Message.IndexOf(mark, StringComparison.Ordinal);
        return at < 0 ? wrong.Error.ToString() : wrong.Message[(at + mark.Length)..].TrimEnd('.');
    }

    /// <summary>Finds the pattern in lines as they are shown.</summary>
    internal sealed class Matcher(LinePattern pattern) : IDisposable
    {
        private readonly Regex? regex =
            pattern.options is null ? null
            : pattern.lent.TryTake(out var free) ? free
            : pattern.NewRegex();

        /// <summary>Where it stands first in a line; false when it does not.</summary>
        /// <exception cref="RegexMatchTimeoutException">The pattern is too costly.</exception>
        public bool TryFind(ReadOnlySpan<char> line, out int start, out int length)
        {
            if (regex is null)
            {
                start = line.IndexOf(
                    pattern.text,
                    pattern.ignoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal
                );
                length = pattern.text.Length;
                return start >= 0;
            }

            foreach (var match in regex.EnumerateMatches(line))
            {
                (start, length) = (match.Index, match.Length);
                return true;
            }

            (start, length) = (0, 0);
            return false;
        }

        /// <inheritdoc/>
        public void Dispose()
        {
            if (regex is not null)
            {
                pattern.lent.Add(regex);
            }
        }
    }
}
