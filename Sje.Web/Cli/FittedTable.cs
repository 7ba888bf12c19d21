using System.Text.RegularExpressions;
using Spectre.Console.Rendering;

namespace Sje.Web.Cli;

/// <summary>A list cut to the width of a terminal, so that each item stays on one line: an id that goes over two cannot be copied.</summary>
/// <param name="Headings">What stands above each column that is shown.</param>
/// <param name="Rows">The cells below them.</param>
/// <param name="Left">How many columns had no room.</param>
internal sealed partial record FittedTable(
    IReadOnlyList<string> Headings,
    IReadOnlyList<IReadOnlyList<string>> Rows,
    int Left
)
{
    // What a table of ours has at both sides together, and between two columns.
    private const int Around = 5;
    private const int Between = 3;

    // A text of fewer characters says nothing any more.
    private const int LeastText = 10;

    /// <summary>Fits a list into so many characters a line.</summary>
    public static FittedTable Of(IReadOnlyList<string> headings, IReadOnlyList<IReadOnlyList<string>> rows, int width)
    {
        var natural = headings
            .Select((heading, column) => rows.Select(row => Cells(row[column])).Append(Cells(heading)).Max())
            .ToArray();
        var shown = Enumerable.Range(0, headings.Count).ToList();
        var widths = natural;
        var told = shown.Count;
        if (Total(shown, widths) > width)
        {
            // What is empty everywhere tells nothing.
            shown.RemoveAll(column => column > 0 && rows.All(row => row[column].Length == 0));
            told = shown.Count;
            var texts = shown.Where(column => !rows.Any(row => OfUseOnlyWhole().IsMatch(row[column]))).ToList();
            widths = Shrunk(shown, texts, natural, width);
            while (Total(shown, widths) > width && shown.Count > 1)
            {
                // The first column names the item, the last one says why: they stay longest.
                shown.RemoveAt(shown.Count > 2 ? shown.Count - 2 : 1);
                widths = Shrunk(shown, texts, natural, width);
            }
        }

        return new FittedTable(
            [.. shown.Select(column => Cut(headings[column], widths[column]))],
            [.. rows.Select(row => shown.Select(column => Cut(row[column], widths[column])).ToArray())],
            told - shown.Count
        );
    }

    private static int Total(List<int> shown, int[] widths) =>
        Around + shown.Sum(column => widths[column] + Between) - Between;

    /// <summary>The widths when the widest texts give way, one character after the other.</summary>
    private static int[] Shrunk(List<int> shown, List<int> texts, int[] natural, int width)
    {
        var widths = natural.ToArray();
        for (var over = Total(shown, widths) - width; over > 0; over--)
        {
            var widest = texts.Where(shown.Contains).OrderByDescending(column => widths[column]).FirstOrDefault(-1);
            if (widest < 0 || widths[widest] <= LeastText)
            {
                break;
            }

            widths[widest]--;
        }

        return widths;
    }

    private static string Cut(string text, int width)
    {
        if (Cells(text) <= width)
        {
            return text;
        }

        var length = Math.Min(text.Length, width - 1);
        while (length > 0 && (Cells(text[..length]) > width - 1 || char.IsHighSurrogate(text[length - 1])))
        {
            length--;
        }

        return text[..length] + "…";
    }

    private static int Cells(string text) => new Segment(text).CellCount();

    // Ids, fingerprints and instants.
    [GeneratedRegex(
        @"^(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|[a-z_]+-[0-9a-f]{16}|\d{4}-\d\d-\d\d[ T][\d:+.]+)\z",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex OfUseOnlyWhole();
}
