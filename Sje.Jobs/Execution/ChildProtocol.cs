using System.Globalization;
using Sje.Core.Jobs;

namespace Sje.Jobs.Execution;

/// <summary>
/// What a task says on its standard output beside its log: <c>::progress 0.42 loading</c>, <c>::metric rows_in 12345</c>. A line that
/// merely looks like one stays a line of the log. Engines of ours that run in a child also write <c>::log STREAM text</c>.
/// </summary>
internal static class ChildProtocol
{
    private const string ProgressWord = "::progress ";
    private const string MetricWord = "::metric ";
    private const string LogWord = "::log ";
    private const int MaxMetricName = 100;

    /// <summary>Reports what the line says; false when it is a line of the log.</summary>
    public static bool TryReport(string line, ITaskReporter reporter)
    {
        if (!line.StartsWith("::", StringComparison.Ordinal))
        {
            return false;
        }

        if (line.StartsWith(ProgressWord, StringComparison.Ordinal))
        {
            var (number, message) = Split(line.AsSpan(ProgressWord.Length));
            if (!TryNumber(number, out var fraction) || fraction is < 0 or > 1)
            {
                return false;
            }

            reporter.Progress(fraction, message.IsEmpty ? null : message.ToString());
            return true;
        }

        if (line.StartsWith(MetricWord, StringComparison.Ordinal))
        {
            var (name, number) = Split(line.AsSpan(MetricWord.Length));
            if (!IsName(name, MaxMetricName) || !TryNumber(number, out var value))
            {
                return false;
            }

            reporter.Metric(name.ToString(), value);
            return true;
        }

        return false;
    }

    /// <summary>Reads <c>::log stdout text</c>, which only a child of ours writes.</summary>
    public static bool TryReadLog(string line, out LogStream stream, out string text)
    {
        stream = default;
        text = "";
        if (!line.StartsWith(LogWord, StringComparison.Ordinal))
        {
            return false;
        }

        var rest = line.AsSpan(LogWord.Length);
        var space = rest.IndexOf(' ');
        if (space < 0 || !Enum.TryParse(rest[..space], ignoreCase: true, out stream))
        {
            return false;
        }

        text = rest[(space + 1)..].ToString();
        return true;
    }

    /// <summary>The line that <see cref="TryReport"/> reads as this progress.</summary>
    public static string Progress(double fraction, string? message) =>
        string.Create(
                CultureInfo.InvariantCulture,
                $"{ProgressWord}{Math.Clamp(fraction, 0, 1):0.#####} {OneLine(message)}"
            )
            .TrimEnd();

    /// <summary>The line that <see cref="TryReport"/> reads as this metric.</summary>
    public static string Metric(string name, double value) =>
        string.Create(CultureInfo.InvariantCulture, $"{MetricWord}{name} {value:R}");

    /// <summary>The line that <see cref="TryReadLog"/> reads as this line of log.</summary>
    public static string Log(LogStream stream, string line) => $"{LogWord}{stream.ToSnake()} {OneLine(line)}";

    /// <summary>A letter or underscore, then letters, digits and <c>_.-</c>.</summary>
    public static bool IsName(ReadOnlySpan<char> text, int maxLength)
    {
        if (text.IsEmpty || text.Length > maxLength || !(char.IsAsciiLetter(text[0]) || text[0] == '_'))
        {
            return false;
        }

        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '.' or '-'))
            {
                return false;
            }
        }

        return true;
    }

    private static string OneLine(string? text) => text?.ReplaceLineEndings(" ") ?? "";

    private static Pair Split(ReadOnlySpan<char> text)
    {
        text = text.Trim();
        var space = text.IndexOf(' ');
        return space < 0 ? new Pair(text, []) : new Pair(text[..space], text[(space + 1)..].TrimStart());
    }

    private static bool TryNumber(ReadOnlySpan<char> text, out double value) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);

    private readonly ref struct Pair(ReadOnlySpan<char> first, ReadOnlySpan<char> rest)
    {
        private readonly ReadOnlySpan<char> first = first;
        private readonly ReadOnlySpan<char> rest = rest;

        public void Deconstruct(out ReadOnlySpan<char> first, out ReadOnlySpan<char> rest)
        {
            first = this.first;
            rest = this.rest;
        }
    }
}
