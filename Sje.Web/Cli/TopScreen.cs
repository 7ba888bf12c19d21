using System.Globalization;
using System.Text;
using Spectre.Console;

namespace Sje.Web.Cli;

/// <summary>How the server is at the moment.</summary>
/// <param name="Address">Where it is.</param>
/// <param name="ReadAt">When the figures are of; null before the first.</param>
/// <param name="Trouble">Why there are no newer ones.</param>
internal sealed record TopLink(string Address, DateTimeOffset? ReadAt, string? Trouble);

/// <summary>Draws <c>sje top</c>: lines of text for a terminal of a size, nothing more.</summary>
internal static class TopScreen
{
    private const string Reset = "\e[0m";
    private const string Bold = "\e[1m";
    private const string Dim = "\e[2m";
    private const string Inverse = "\e[7m";
    private const string Red = "\e[31m";
    private const string Yellow = "\e[33m";
    private const string Blue = "\e[34m";
    private const string Magenta = "\e[35m";

    /// <summary>Lines above the rows: title, figures, tabs, headings.</summary>
    private const int Above = 4;

    private static readonly string[] Offers = ["engines", "labels"];

    private static readonly string[] Keys =
    [
        "up/down, j/k, PgUp/PgDn, Home/End   choose a row",
        "left/right, 1 2 3 4                 executions, tasks, queues, workers",
        "Tab, Shift-Tab                      sort by the next column",
        "r                                   turn the order round",
        "/                                   filter; Enter keeps it, Esc takes it away",
        "p                                   pause or resume the chosen queue or worker",
        "c                                   cancel the chosen execution, after a y",
        "space                               let the figures stand still",
        "q, Ctrl-C                           quit",
    ];

    /// <summary>How many rows fit in a terminal of a height.</summary>
    public static int RowsOn(int height) => Math.Max(1, height - Above - Below(height));

    /// <summary>Draws a frame: exactly <paramref name="height"/> lines, none wider than <paramref name="width"/>.</summary>
    public static IReadOnlyList<string> Draw(
        TopState state,
        TopData data,
        TopLink link,
        int width,
        int height,
        DateTimeOffset now,
        bool colours
    )
    {
        var lines = new List<string>
        {
            Title(link, width, now, state.Frozen),
            Figures(data, width),
            Tabs(state, data, width),
        };
        var rows = state.Rows(data, now);
        var columns = Fit(TopColumns.Of(state.View), width);
        lines.Add(Headings(state, columns));
        if (state.Mode == TopMode.Help)
        {
            lines.AddRange(Keys.Select(line => Cut(" " + line, width)));
        }
        else
        {
            lines.AddRange(List(state, rows, columns, link, RowsOn(height), width, now));
        }

        var last = Below(height);
        while (lines.Count < height - last)
        {
            lines.Add("");
        }

        lines = lines[..Math.Max(0, Math.Min(lines.Count, height - last))];
        if (last > 1)
        {
            lines.Add(Detail(state, rows, width));
        }

        lines.Add(Foot(state, width));
        lines = lines.TakeLast(height).ToList();
        return colours ? lines : [.. lines.Select(Plain)];
    }

    /// <summary>Takes colours out of a line.</summary>
    public static string Plain(string line)
    {
        var text = new StringBuilder();
        for (var i = 0; i < line.Length; i++)
        {
            if (line[i] == '\e')
            {
                i = line.IndexOf('m', i);
            }
            else
            {
                text.Append(line[i]);
            }
        }

        return text.ToString();
    }

    /// <summary>How many columns of a terminal a text takes.</summary>
    public static int WidthOf(string text) => text.All(char.IsAscii) ? text.Length : new Text(text).Length;

    /// <summary>A text in a room: cut with a dot, or filled with blanks, to the left or right. What could move the cursor is no letter.</summary>
    public static string Pad(string? text, int width, bool toTheRight = false)
    {
        var clean = Clean(text ?? "");
        var cut = Cut(clean, width);
        var blanks = new string(' ', Math.Max(0, width - WidthOf(cut)));
        return toTheRight ? blanks + cut : cut + blanks;
    }

    /// <summary>The columns that fit, each with its width: those of high rank give way, the one that stretches takes what is left.</summary>
    internal static IReadOnlyList<(TopColumn Column, int Width)> Fit(IReadOnlyList<TopColumn> columns, int width)
    {
        var kept = columns.ToList();
        int Needed() => kept.Sum(column => column.Width + 1) + 1;
        while (Needed() > width && kept.Any(column => column.Rank > 0))
        {
            var rank = kept.Max(column => column.Rank);
            kept.RemoveAt(kept.FindLastIndex(column => column.Rank == rank));
        }

        // A terminal of a few letters shows the first alone.
        while (Needed() > width && kept.Count > 1)
        {
            kept.RemoveAt(kept.Count - 1);
        }

        var spare = width - Needed();
        return [.. kept.Select(column => (column, Math.Max(1, column.Width + (column.Stretches ? spare : 0))))];
    }

    private static int Below(int height) => height >= 10 ? 2 : 1;

    private static string Title(TopLink link, int width, DateTimeOffset now, bool frozen)
    {
        var age = link.ReadAt is { } at ? TopColumns.Span(now - at) : "";
        var (word, colour) =
            link.Trouble is not null ? (link.ReadAt is null ? "no answer" : $"no answer, figures of {age} ago", Red)
            : frozen ? ("standing still", Yellow)
            : link.ReadAt is null ? ("asking", Dim)
            : ("live", "");
        var right =
            $"{word}  {TimeZoneInfo.ConvertTime(now, TimeZoneInfo.Local).ToString("HH:mm:ss", CultureInfo.InvariantCulture)}";
        var room = Math.Max(0, width - right.Length - 1);
        return right.Length + 8 > width
            ? Bold + Pad("sje top", width) + Reset
            : $"{Bold}{Pad("sje top", Math.Min(7, room))}{Reset}{Pad("  " + link.Address, Math.Max(0, room - 7))} {colour}{right}{Reset}";
    }

    private static string Figures(TopData data, int width)
    {
        var (taken, all) = data.Slots;
        long Count(string state) => data.Counts.GetValueOrDefault(state);
        List<(string Word, long Number, string Colour)> figures =
        [
            ("running", Count("running"), Blue),
            ("queued", Count("queued"), ""),
            ("retrying", Count("retrying"), Yellow),
            ("failed", Count("failed"), Red),
            ("succeeded", Count("succeeded"), ""),
        ];
        var line = new StringBuilder();
        var used = 0;
        void Add(string plain, string coloured)
        {
            if (used + plain.Length <= width)
            {
                line.Append(coloured);
                used += plain.Length;
            }
        }

        var slots = $" slots {taken}/{all}";
        Add(slots, slots);
        if (all > 0)
        {
            var meter = " " + TopColumns.Meter(taken / (double)all);
            Add(meter + " ", meter + " ");
        }

        foreach (var (word, number, colour) in figures)
        {
            var text = string.Create(CultureInfo.InvariantCulture, $"  {number:N0} {word}");
            Add(text, number > 0 ? colour + text + Reset : Dim + text + Reset);
        }

        return line.ToString();
    }

    private static string Tabs(TopState state, TopData data, int width)
    {
        var line = new StringBuilder();
        var used = 0;
        foreach (var view in Enum.GetValues<TopView>())
        {
            var text = $" {(int)view + 1} {view} {data.Of(view).Count} ";
            if (used + text.Length > width)
            {
                break;
            }

            line.Append(view == state.View ? $"{Bold}[{text.Trim()}]{Reset}" : text);
            used += text.Length;
        }

        var filter = state.Filter.Length > 0 || state.Mode == TopMode.Filter ? $"  filter: {Clean(state.Filter)}" : "";
        if (state.Mode == TopMode.Filter)
        {
            filter += "_";
        }

        return filter.Length > 0 && used < width ? line + Yellow + Cut(filter, width - used) + Reset : line.ToString();
    }

    private static string Headings(TopState state, IReadOnlyList<(TopColumn Column, int Width)> columns)
    {
        var all = TopColumns.Of(state.View);
        var sorted = state.SortedBy.TryGetValue(state.View, out var index) ? all[index] : null;
        var cells = columns.Select(c =>
        {
            var mark =
                c.Column != sorted ? ""
                : c.Column.IsNumber != state.Reversed ? "v"
                : "^";
            return Pad(c.Column.Heading + mark, c.Width, c.Column.IsNumber);
        });
        return $"{Inverse} {string.Join(' ', cells)} {Reset}";
    }

    private static IEnumerable<string> List(
        TopState state,
        IReadOnlyList<TopRow> rows,
        IReadOnlyList<(TopColumn Column, int Width)> columns,
        TopLink link,
        int room,
        int width,
        DateTimeOffset now
    )
    {
        if (rows.Count == 0)
        {
            var none =
                link.ReadAt is null ? link.Trouble ?? "asking the server"
                : state.Filter.Length > 0 ? "nothing matches the filter"
                : state.View == TopView.Executions ? "nothing runs and nothing waits"
                : state.View == TopView.Tasks ? "nothing runs"
                : state.View == TopView.Workers ? "no worker is alive: start one with 'sje worker'"
                : "there is no queue yet";
            return [Cut(" " + Clean(none), width)];
        }

        var chosen = state.IndexIn(rows);
        // The chosen row is in sight, and as much before it as fits.
        var first = Math.Clamp(chosen - (room / 2), 0, Math.Max(0, rows.Count - room));
        return rows.Skip(first)
            .Take(room)
            .Select(
                (row, i) =>
                {
                    var text =
                        " "
                        + string.Join(
                            ' ',
                            columns.Select(c => Pad(c.Column.Cell(row, now), c.Width, c.Column.IsNumber))
                        );
                    var colour = ColourOf(state.View, row);
                    return first + i == chosen ? Inverse + colour + Pad(text, width) + Reset
                        : colour.Length > 0 ? colour + text + Reset
                        : text;
                }
            );
    }

    private static string ColourOf(TopView view, TopRow row)
    {
        var state = view switch
        {
            TopView.Workers => TopColumns.WorkerState(row),
            TopView.Queues => row.At("pausedAt") is null ? "" : "paused",
            TopView.Tasks => "running",
            _ => TopColumns.StateOf(row),
        };
        return state switch
        {
            "running" => Blue,
            "retrying" or "suspect" or "draining" => Yellow,
            "paused" or "stopping" => Magenta,
            "lost" => Red,
            "queued" => Dim,
            _ => "",
        };
    }

    private static string Detail(TopState state, IReadOnlyList<TopRow> rows, int width)
    {
        if (rows.Count == 0)
        {
            return "";
        }

        var row = rows[state.IndexIn(rows)];
        var said = state.View switch
        {
            TopView.Executions => row.Text("reason") ?? row.Text("label"),
            TopView.Tasks => row.Text("executionId"),
            TopView.Queues => row.Text("heldBecause") ?? row.Text("pauseReason"),
            _ => string.Join(
                "  ",
                Offers.Where(field => row.Words(field).Length > 0).Select(field => $"{field} {row.Words(field)}")
            ),
        };
        return Dim + Cut(Clean($" {row.Id}  {said}"), width) + Reset;
    }

    private static string Foot(TopState state, int width) =>
        state switch
        {
            { Mode: TopMode.Confirm, Question: { } question } => Inverse
                + Pad(
                    $" y does it: {question.Deed.ToString().ToLowerInvariant()} {question.Name} ({question.Id}); any other key does not",
                    width
                )
                + Reset,
            { Message: { } message } => Yellow + Cut(" " + Clean(message), width) + Reset,
            { Mode: TopMode.Filter } => Cut(" type to filter   Enter keep   Esc clear", width),
            _ => Dim
                + Cut(" q quit  ? keys  Tab sort  / filter  c cancel  p pause  1-4 lists  space still", width)
                + Reset,
        };

    private static string Cut(string text, int width)
    {
        if (WidthOf(text) <= width)
        {
            return text;
        }

        var kept = new StringBuilder();
        var used = 0;
        foreach (var letter in text.EnumerateRunes())
        {
            var more = WidthOf(letter.ToString());
            if (used + more > Math.Max(0, width - 1))
            {
                break;
            }

            kept.Append(letter);
            used += more;
        }

        return width > 0 ? kept.Append('~').ToString() : "";
    }

    // Names and messages come from jobs: none of their letters may do anything to the terminal.
    private static string Clean(string text) =>
        text.Any(letter => char.IsControl(letter) || char.GetUnicodeCategory(letter) is UnicodeCategory.Format)
            ? string.Concat(
                text.Select(letter =>
                    char.IsControl(letter) || char.GetUnicodeCategory(letter) is UnicodeCategory.Format ? ' ' : letter
                )
            )
            : text;
}
