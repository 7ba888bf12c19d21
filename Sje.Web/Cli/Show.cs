using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Sje.Web.Cli;

/// <summary>Writes answers: the API's JSON as it came, or tables of it.</summary>
internal static class Show
{
    private static readonly JsonSerializerOptions Pretty = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Whether a person watches: then there are progress bars, and lines may be drawn over.</summary>
    public static bool Interactive => !Console.IsErrorRedirected && !Console.IsOutputRedirected;

    /// <summary>Standard error for people: progress and remarks, so that standard output holds only what was asked for.</summary>
    public static IAnsiConsole Remarks { get; } = Open(Console.Error, Console.IsErrorRedirected);

    /// <summary>How far something is, for a person who watches.</summary>
    public static Progress Progress() =>
        Remarks
            .Progress()
            .Columns(
                new SpinnerColumn(),
                new TaskDescriptionColumn { Alignment = Justify.Left },
                new ProgressBarColumn(),
                new PercentageColumn(),
                new ElapsedTimeColumn()
            );

    /// <summary>A body for a program.</summary>
    public static void Json(JsonNode? body) => Console.Out.WriteLine(body?.ToJsonString(Pretty) ?? "null");

    /// <summary>A table of a list: a heading and what stands below it for each item.</summary>
    public static void List(JsonNode list, string none, params (string Heading, Func<JsonNode, string?> Cell)[] columns)
    {
        var items = list["items"] as JsonArray ?? [];
        if (items.Count == 0)
        {
            Console.Out.WriteLine(none);
            return;
        }

        var console = Open(Console.Out, Console.IsOutputRedirected);
        var fitted = FittedTable.Of(
            [.. columns.Select(column => column.Heading)],
            [.. items.OfType<JsonNode>().Select(item => columns.Select(column => column.Cell(item) ?? "").ToArray())],
            Console.IsOutputRedirected ? int.MaxValue : console.Profile.Width
        );
        var table = Plain();
        foreach (var heading in fitted.Headings)
        {
            table.AddColumn(new TableColumn(Markup.Escape(heading)).NoWrap());
        }

        foreach (var row in fitted.Rows)
        {
            table.AddRow([.. row.Select(cell => new Text(cell))]);
        }

        console.Write(table);
        if (fitted.Left > 0)
        {
            Remarks.WriteLine(
                $"({fitted.Left} more {(fitted.Left == 1 ? "column" : "columns")}: a wider terminal or --output json shows them)"
            );
        }

        if (Text(list["nextCursor"]) is not null)
        {
            Console.Out.WriteLine("(there are more: --limit shows them)");
        }
    }

    /// <summary>The first rows of each result of a job.</summary>
    public static void Result(JsonNode? result)
    {
        if (result?["outputs"] is JsonObject { Count: > 0 } outputs)
        {
            foreach (var (name, value) in outputs)
            {
                Console.Out.WriteLine($"{name} = {Compact(value)}");
            }
        }

        foreach (var (name, preview) in Previews(result?["preview"]))
        {
            var columns = preview["columns"] as JsonArray ?? [];
            var rows = preview["rows"] as JsonArray ?? [];
            var table = Plain();
            if (name is not null)
            {
                table.Title(Markup.Escape(name));
            }

            foreach (var column in columns)
            {
                table.AddColumn(
                    Markup.Escape((column is JsonObject named ? Text(named["name"]) : Text(column)) ?? "?")
                );
            }

            const int shown = 20;
            foreach (var row in rows.Take(shown).OfType<JsonArray>())
            {
                table.AddRow([.. row.Select(cell => new Text(Text(cell) ?? (cell is null ? "" : Compact(cell))))]);
            }

            Write(table);
            if (rows.Count > shown)
            {
                Console.Out.WriteLine($"({rows.Count} rows came; --output json has them all)");
            }
        }
    }

    /// <summary>A table of names and values.</summary>
    public static void Facts(IEnumerable<(string Name, string? Value)> facts)
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        foreach (var (name, value) in facts.Where(fact => !string.IsNullOrEmpty(fact.Value)))
        {
            grid.AddRow(new Text(name), new Text(value!));
        }

        Write(grid);
    }

    /// <summary>The text of a value, numbers and truth values as JSON writes them; null for none and for groups.</summary>
    public static string? Text(JsonNode? node) =>
        node switch
        {
            // A value made here, of an id or an instant, calls itself a string and yet is none inside.
            JsonValue value when value.GetValueKind() == JsonValueKind.String => value.TryGetValue<string>(out var text)
                ? text
                : JsonSerializer.Deserialize<string>(value.ToJsonString()),
            JsonValue value => value.ToJsonString(),
            _ => null,
        };

    /// <summary>A text of many lines as one that fits into a table.</summary>
    public static string? Line(JsonNode? node) =>
        Text(node)?.ReplaceLineEndings(" ") is { } line
            ? line.Length > 120
                ? line[..119] + "…"
                : line
            : null;

    /// <summary>An instant in this machine's time zone.</summary>
    public static string? Time(JsonNode? node) =>
        DateTimeOffset.TryParse(Text(node), CultureInfo.InvariantCulture, out var at)
            ? TimeZoneInfo
                .ConvertTime(at, TimeZoneInfo.Local)
                .ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)
            : null;

    /// <summary>How far off an instant is, in its largest unit: <c>in 3 h</c>, <c>5 min ago</c>.</summary>
    public static string? Distance(JsonNode? node)
    {
        if (!DateTimeOffset.TryParse(Text(node), CultureInfo.InvariantCulture, out var at))
        {
            return null;
        }

        var off = at - TimeProvider.System.GetUtcNow();
        var length = off.Duration();
        var text = length switch
        {
            { TotalMinutes: < 1 } => $"{(int)length.TotalSeconds} s",
            { TotalHours: < 1 } => $"{(int)length.TotalMinutes} min",
            { TotalHours: < 48 } => $"{(int)length.TotalHours} h",
            _ => $"{(int)length.TotalDays} days",
        };
        return off < TimeSpan.Zero ? text + " ago" : "in " + text;
    }

    /// <summary>Words of a list.</summary>
    public static string Words(JsonNode? node) => string.Join(",", (node as JsonArray ?? []).Select(Text));

    /// <summary>A new table that reads well and copies well.</summary>
    public static Table Plain() => new Table().Border(TableBorder.Simple);

    /// <summary>Writes to standard output, as wide as a terminal is, or as wide as needed into a file.</summary>
    public static void Write(Spectre.Console.Rendering.IRenderable what) =>
        Open(Console.Out, Console.IsOutputRedirected).Write(what);

    private static IAnsiConsole Open(TextWriter output, bool redirected)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        if (redirected)
        {
            // A file has no width; wrapping would break lines that programs search.
            console.Profile.Width = 400;
        }

        return console;
    }

    private static string Compact(JsonNode? node) =>
        node?.ToJsonString(new JsonSerializerOptions(Pretty) { WriteIndented = false }) ?? "null";

    /// <summary>One preview, <c>{columns, rows}</c>, or a named one for each sink.</summary>
    private static IEnumerable<(string? Name, JsonNode Preview)> Previews(JsonNode? preview) =>
        preview switch
        {
            JsonArray several => several.OfType<JsonNode>().Select(one => (Text(one["name"]), one)),
            JsonObject one => [(Text(one["name"]), one)],
            _ => [],
        };
}
