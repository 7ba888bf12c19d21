using Sje.Core.Jobs;

namespace Sje.Core.Dialects;

/// <summary>Reads the sources and sinks of the Spark designer: <c>type</c> says where something is, <c>format</c> how it is written.</summary>
internal sealed class DesignerEnds(Flow flow, FaultList faults)
{
    private static readonly string[] Stores = ["s3", "s3a", "gs", "hdfs", "abfss"];
    private static readonly string[] Places = ["file", .. Stores, "table", "jdbc", "kafka"];

    private readonly FileEnds files = new(faults);
    private readonly SparkConnection connections = new(faults);

    /// <summary>A source, added to the flow; <paramref name="name"/> hears what it is called, and where the file says so.</summary>
    public void Source(Fields source, Action<string, FlowStep, string> name)
    {
        var (place, format, at) = PlaceOf(source);
        var path = source.Has("path") ? source.Text("path") : null;
        var table = source.Has("table") ? source.Text("table") : null;
        var given = source.Text("name");
        var id = source.Text("id");
        var called = given ?? id ?? (path is not null ? FileEnds.StemOf(path) : table ?? place ?? "source");
        var step = new FlowStep(StepKind.Source, flow.NewId(called), source.Pointer);
        flow.Steps.Add(step);
        name(
            called,
            step,
            source.At(
                given is not null ? "name"
                : id is not null ? "id"
                : "path"
            )
        );
        if (given is not null && id is not null && given != id)
        {
            name(id, step, source.At("id"));
        }

        switch (place)
        {
            case "file" or "s3" or "s3a" or "gs" or "hdfs" or "abfss":
                var options = source.Map("options");
                if (Address(source, path, place) is { } address && FormatOf(source, format, address) is { } known)
                {
                    files.Read(step, address, source.At("path"), known, at, options);
                }

                break;
            case "table":
                step.NeedsSpark = new Fault(at, "A table of the catalogue needs Spark.", FaultCodes.Conflict);
                if (source.RequiredText("table") is { } listed)
                {
                    step.View($"AS SELECT * FROM {SparkSqlText.Table(listed)}");
                }

                break;
            case "jdbc" or "kafka":
                step.NeedsSpark = new Fault(at, $"Type {place} needs Spark.", FaultCodes.Conflict);
                step.View($"USING {place}{SparkSqlText.Options(connections.Read(source, place))}");
                break;
            default:
                break;
        }

        if (place is not null)
        {
            source.RefuseOthers();
        }
    }

    /// <summary>A sink for the rows of <paramref name="from"/>, added to the flow.</summary>
    public void Sink(Fields sink, (string Id, string Pointer) from)
    {
        var (place, format, at) = PlaceOf(sink);
        var path = sink.Has("path") ? sink.Text("path") : null;
        var called = sink.Text("name") ?? sink.Text("id") ?? (path is not null ? FileEnds.StemOf(path) : "out");
        var step = new FlowStep(StepKind.Sink, flow.NewId(called), sink.Pointer);
        flow.Steps.Add(step);
        step.Inputs.Add(("in", from.Id, from.Pointer));
        var query = $"SELECT * FROM {SparkSqlText.Name(from.Id)}";
        switch (place)
        {
            case "file" or "s3" or "s3a" or "gs" or "hdfs" or "abfss":
                if (Address(sink, path, place) is { } address && FormatOf(sink, format, address) is { } known)
                {
                    files.Write(step, from.Id, address, sink.At("path"), known, at, sink);
                }

                break;
            case "table":
                step.NeedsSpark = new Fault(at, "A table of the catalogue needs Spark.", FaultCodes.Conflict);
                if (sink.RequiredText("table") is { } table)
                {
                    FileEnds.WriteTable(
                        step,
                        SparkSqlText.Table(table),
                        format ?? "parquet",
                        files.ModeOf(sink),
                        FieldTexts.OneOrMore(sink, "partitionBy"),
                        query,
                        sink
                    );
                }

                break;
            case "jdbc":
                step.NeedsSpark = new Fault(at, "Type jdbc needs Spark.", FaultCodes.Conflict);
                var connection = SparkSqlText.Options(connections.Read(sink, place));
                var mode = files.ModeOf(sink);
                WriteDatabase(step, $"`sje_sink_{flow.Steps.Count}`", connection, mode, query);
                if (mode is "error" or "ignore")
                {
                    step.NotOnSpark = new Fault(
                        sink.At("mode"),
                        "A table of a database is overwritten or appended to.",
                        FaultCodes.InvalidValue
                    );
                }

                break;
            case "kafka":
                faults.Add(
                    at,
                    FaultCodes.NotSupportedYet,
                    "A sink of type kafka is not carried over: neither our pipelines nor Spark SQL write to topics."
                );
                return;
            default:
                return;
        }

        sink.RefuseOthers();
    }

    private static void WriteDatabase(FlowStep step, string name, string connection, string? mode, string query)
    {
        if (mode == "append")
        {
            step.Sql.Add($"CREATE OR REPLACE TEMPORARY VIEW {name} USING jdbc{connection}");
            step.Sql.Add($"INSERT INTO {name} {query}");
            return;
        }

        // A view wants a table that is there. This replaces it or makes it; what it leaves in the catalogue is a mere name for it.
        step.Sql.Add($"DROP TABLE IF EXISTS {name}");
        step.Sql.Add($"CREATE TABLE {name} USING jdbc{connection} AS {query}");
        step.Sql.Add($"DROP TABLE {name}");
    }

    /// <summary>
    /// Where it is, in one of our words, and the format if <c>type</c> or <c>format</c> says one. People write the format as the type, too
    /// (<c>type: delta</c>).
    /// </summary>
    private (string? Place, string? Format, string At) PlaceOf(Fields end)
    {
        var at = end.At("type");
        var format = end.Has("format") ? end.Text("format") : null;
        if (format is not null)
        {
            format = files.Known(format, end.At("format"));
            if (format is null)
            {
                // Said already; what else the end holds is not looked at.
                end.Text("type");
                return (null, null, at);
            }
        }

        if (end.RequiredText("type") is not { } type)
        {
            return (null, null, at);
        }

        var word = type.ToLowerInvariant();
        if (FileEnds.Formats.Contains(word))
        {
            if (format is not null && format != word)
            {
                faults.Add(
                    end.At("format"),
                    FaultCodes.Conflict,
                    $"The type says {word}, the format {format}; a type says where something is."
                );
            }

            return ("file", word, at);
        }

        word = word is "hive" or "catalog" or "catalogue" ? "table" : word;
        if (Places.Contains(word))
        {
            return (word, format, format is null ? at : end.At("format"));
        }

        faults.Add(
            at,
            FaultCodes.InvalidValue,
            $"There is no type {Excerpt.Quote(type)}.{NearName.Hint(word, Places.Concat(FileEnds.Formats))} There are {string.Join(", ", Places)}."
        );
        return (null, null, at);
    }

    private string? Address(Fields end, string? path, string place)
    {
        if (path is null)
        {
            return end.RequiredText("path");
        }

        if (place == "file" || path.Contains("://", StringComparison.Ordinal))
        {
            return path;
        }

        if (place == "hdfs" && path.StartsWith('/'))
        {
            return "hdfs://" + path;
        }

        faults.Add(
            end.At("path"),
            FaultCodes.InvalidValue,
            $"Write the whole address, as in {(place == "s3" ? "s3a" : place)}://bucket/{path.TrimStart('/')}: the type alone does not say where that is."
        );
        return null;
    }

    private string? FormatOf(Fields end, string? format, string path)
    {
        if (format is null && FileEnds.FormatOf(path) is null)
        {
            faults.Add(
                end.At("format"),
                FaultCodes.Required,
                $"'format' is missing, and the path's ending does not tell it; it is one of {string.Join(", ", FileEnds.Formats)}."
            );
        }

        return format ?? FileEnds.FormatOf(path);
    }
}
