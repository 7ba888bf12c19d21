using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Core.Dialects;

/// <summary>
/// Files at the ends of a flow: read or written by our own pipelines where the format is CSV or Parquet and the path one of the storage
/// root, and by Spark in every format that it has.
/// </summary>
internal sealed class FileEnds(FaultList faults)
{
    private const string Csv = "csv";

    private static readonly string[] Ours = [Csv, "parquet"];
    private static readonly string[] Modes = ["overwrite", "append", "error", "ignore"];

    // What Spark calls them, where we have another word.
    private static readonly Dictionary<string, string> OurOptions = new(StringComparer.OrdinalIgnoreCase)
    {
        ["header"] = "header",
        ["sep"] = "delimiter",
        ["delimiter"] = "delimiter",
        ["quote"] = "quote",
        ["escape"] = "escape",
        ["nullValue"] = "nullValue",
        ["encoding"] = "encoding",
        ["dateFormat"] = "dateFormat",
        ["mode"] = "mode",
        ["compression"] = "compression",
        ["mergeSchema"] = "mergeSchema",
        ["quoteAll"] = "quoteAll",
    };

    private static readonly string[] Switches = ["header", "mergeSchema", "quoteAll"];

    private static readonly Dictionary<string, string[]> Taken = new(StringComparer.Ordinal)
    {
        ["source.csv"] =
        [
            "header",
            "delimiter",
            "quote",
            "escape",
            "nullValue",
            "encoding",
            "dateFormat",
            "mode",
            "compression",
        ],
        ["source.parquet"] = ["mergeSchema"],
        ["sink.csv"] = ["header", "delimiter", "nullValue", "quoteAll", "compression"],
        ["sink.parquet"] = ["compression"],
    };

    /// <summary>The formats that there are, ours first.</summary>
    public static readonly string[] Formats = [.. Ours, "json", "orc", "avro", "text", "delta"];

    /// <summary>The format that a path tells by its ending; null for none.</summary>
    public static string? FormatOf(string path) =>
        Formats.FirstOrDefault(format => path.EndsWith("." + format, StringComparison.OrdinalIgnoreCase));

    /// <summary>A name for what a path leads to: its file without the ending.</summary>
    public static string StemOf(string path)
    {
        var file = path.TrimEnd('/');
        file = file[(file.LastIndexOf('/') + 1)..];
        var dot = file.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 ? file[..dot] : file;
    }

    /// <summary>A source of files.</summary>
    public void Read(FlowStep step, string path, string pathAt, string format, string formatAt, Fields? options)
    {
        step.Set("path", path, pathAt);
        Choose(step, "source", path, pathAt, format, formatAt);
        var given = Options(step, options);
        if (format == Csv)
        {
            given.TryAdd("header", "true");
            given.TryAdd("inferSchema", "true");
        }

        given["path"] = SparkSqlText.Path(path);
        step.View($"USING {format}{SparkSqlText.Options(given)}");
    }

    /// <summary>A sink of files, for the rows of <paramref name="from"/>.</summary>
    public void Write(
        FlowStep step,
        string from,
        string path,
        string pathAt,
        string format,
        string formatAt,
        Fields? fields
    )
    {
        step.Set("path", path, pathAt);
        Choose(step, "sink", path, pathAt, format, formatAt);
        var options = Options(step, fields?.Map("options"));
        var mode = ModeOf(fields);
        var partitions = fields is null ? null : FieldTexts.OneOrMore(fields, "partitionBy");
        if (partitions is { Count: > 0 })
        {
            step.Set(
                "partitionBy",
                new JsonArray([.. partitions.Select(name => JsonValue.Create(name))]),
                fields!.At("partitionBy") // they came from it
            );
            if (format == Csv)
            {
                step.NotOurs.Add(
                    new Fault(fields.At("partitionBy"), "CSV files are not partitioned.", FaultCodes.InvalidValue)
                );
            }
        }

        if (mode == "append" && format != "delta")
        {
            step.NotOurs.Add(
                new Fault(
                    fields!.At("mode"), // the mode came from it
                    "A file is replaced, never added to: the modes here are overwrite, error and ignore.",
                    FaultCodes.InvalidValue
                )
            );
        }
        else if (mode is not null)
        {
            step.Set("mode", mode, fields!.At("mode"));
        }

        var query = $"SELECT * FROM {SparkSqlText.Name(from)}";
        if (format == "delta")
        {
            WriteTable(
                step,
                $"delta.{SparkSqlText.Name(SparkSqlText.Path(path))}",
                "delta",
                mode,
                partitions,
                query,
                fields
            );
            return;
        }

        if (mode is not (null or "overwrite") || partitions is { Count: > 0 })
        {
            step.NotOnSpark = new Fault(
                fields!.At(mode is null or "overwrite" ? "partitionBy" : "mode"),
                "Spark SQL replaces a whole folder of files; write a table or Delta for anything else.",
                FaultCodes.InvalidValue
            );
        }

        if (format == Csv)
        {
            options.TryAdd("header", "true");
        }

        step.Sql.Add(
            $"INSERT OVERWRITE DIRECTORY {SparkSqlText.Quote(SparkSqlText.Path(path))} USING {format}{SparkSqlText.Options(options)} {query}"
        );
    }

    /// <summary>A table of Spark: one of the catalogue, or Delta's at a path.</summary>
    public static void WriteTable(
        FlowStep step,
        string table,
        string format,
        string? mode,
        IReadOnlyList<string>? partitions,
        string query,
        Fields? fields
    )
    {
        step.IsDelta = format == "delta";
        var by = partitions is { Count: > 0 } ? $" PARTITIONED BY ({SparkSqlText.Names(partitions)})" : "";
        switch (mode)
        {
            case "append":
                step.Sql.Add($"CREATE TABLE IF NOT EXISTS {table} USING {format}{by} AS {query} WHERE false");
                step.Sql.Add($"INSERT INTO {table} {query}");
                break;
            case "error":
                step.Sql.Add($"CREATE TABLE {table} USING {format}{by} AS {query}");
                break;
            case "ignore":
                step.Sql.Add($"CREATE TABLE IF NOT EXISTS {table} USING {format}{by} AS {query}");
                break;
            case null or "overwrite" when format == "delta":
                step.Sql.Add($"CREATE OR REPLACE TABLE {table} USING {format}{by} AS {query}");
                break;
            default:
                step.Sql.Add($"DROP TABLE IF EXISTS {table}");
                step.Sql.Add($"CREATE TABLE {table} USING {format}{by} AS {query}");
                break;
        }
    }

    /// <summary>How a sink deals with what is there; null where the file does not say.</summary>
    public string? ModeOf(Fields? fields)
    {
        if (fields?.Text("mode") is not { } mode)
        {
            return null;
        }

        var word = mode.ToLowerInvariant() is "errorifexists" ? "error" : mode.ToLowerInvariant();
        if (Modes.Contains(word))
        {
            return word;
        }

        faults.Add(
            fields.At("mode"),
            FaultCodes.InvalidValue,
            $"{Excerpt.Quote(mode)} is no mode of a sink.{NearName.Hint(mode, Modes)} There are {string.Join(", ", Modes)}."
        );
        return null;
    }

    /// <summary>The format as it is known; null and a fault for one that is not.</summary>
    public string? Known(string format, string pointer)
    {
        var word = format.ToLowerInvariant();
        if (Formats.Contains(word))
        {
            return word;
        }

        faults.Add(
            pointer,
            FaultCodes.InvalidValue,
            $"There is no format {Excerpt.Quote(format)}.{NearName.Hint(word, Formats)} There are {string.Join(", ", Formats)}."
        );
        return null;
    }

    private static void Choose(FlowStep step, string end, string path, string pathAt, string format, string formatAt)
    {
        step.IsDelta = format == "delta";
        if (!Ours.Contains(format))
        {
            step.NeedsSpark = new Fault(formatAt, $"Format {format} needs Spark.", FaultCodes.Conflict);
        }
        else if (path.Contains("://", StringComparison.Ordinal))
        {
            step.NeedsSpark = new Fault(pathAt, "An address needs Spark.", FaultCodes.Conflict);
        }
        else
        {
            step.Component = $"{end}.{format}";
        }
    }

    /// <summary>The options for Spark; those that we have too become parameters of ours.</summary>
    private Dictionary<string, string> Options(FlowStep step, Fields? options)
    {
        var result = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in options?.Values ?? [])
        {
            if (value is null or JsonObject or JsonArray)
            {
                faults.Add(
                    options!.At(name),
                    FaultCodes.WrongType,
                    $"Must be a text, a number, true or false, and is {Fields.KindOf(value)}."
                );
                continue;
            }

            var text = Template.PlainText(value);
            result[name] = text;
            // What Spark has to be told is how we read files anyway.
            var isOurWay = string.Equals(name, "inferSchema", StringComparison.OrdinalIgnoreCase) && text == "true";
            if (isOurWay)
            {
                continue;
            }

            if (
                OurOptions.TryGetValue(name, out var ours)
                && Taken.GetValueOrDefault(step.Component)?.Contains(ours) == true
            )
            {
                step.Set(ours, Switches.Contains(ours) ? Switch(text) : LowerWhereOurs(ours, text), options!.At(name));
            }
            else
            {
                step.NotOurs.Add(
                    new Fault(
                        options!.At(name),
                        $"There is no option {Excerpt.Quote(name)} for this format here.{NearName.Hint(name, OurOptions.Keys)}",
                        FaultCodes.UnknownField
                    )
                );
            }
        }

        return result;
    }

    private static JsonValue Switch(string text) =>
        bool.TryParse(text, out var flag) ? JsonValue.Create(flag) : JsonValue.Create(text);

    // Words of Spark's that it writes in capitals or as it likes: UTF-8, DROPMALFORMED.
    private static JsonValue LowerWhereOurs(string name, string text) =>
        JsonValue.Create(name is "mode" or "encoding" or "compression" ? text.ToLowerInvariant() : text);
}
