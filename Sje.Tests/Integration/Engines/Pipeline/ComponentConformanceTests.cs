using System.Text.Json.Nodes;
using DuckDB.NET.Data;
using Sje.Core.Pipelines;
using Sje.Core.Pipelines.Compilers.DuckDb;
using Sje.Core.Pipelines.Components;
using Sje.Core.Pipelines.Types;
using Sje.Tests.Conformance;

namespace Sje.Tests.Integration.Engines.Pipeline;

/// <summary>Every case of every component that has vectors here, run by the engine from files to files.</summary>
public sealed class ComponentConformanceTests : IDisposable
{
    /// <summary>Cases in the files; fewer means that some were lost on the way here.</summary>
    private const int AllCases = 173;

    private readonly PipelineBench bench = new();

    public void Dispose() => bench.Dispose();

    public static TheoryData<string> Names =>
        [
            .. Directory
                .EnumerateFiles(ConformanceFiles.Components, "*.json")
                .Select(f => Path.GetFileNameWithoutExtension(f))
                .Order(StringComparer.Ordinal),
        ];

    [Fact]
    public void All_cases_are_there_and_every_component_has_some()
    {
        Assert.Equal(
            AllCases,
            Directory
                .EnumerateFiles(ConformanceFiles.Components, "*.json")
                .Sum(f => ConformanceFiles.Cases(Path.GetFileNameWithoutExtension(f)).Count)
        );
        Assert.Equal(
            ComponentCatalogue.Types,
            Directory
                .EnumerateFiles(ConformanceFiles.Components, "*.json")
                .Select(f => Path.GetFileNameWithoutExtension(f)!)
                .Order(StringComparer.Ordinal)
        );
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Every_case_holds(string component)
    {
        Directory.CreateDirectory(bench.File("files"));
        foreach (var file in Directory.EnumerateFiles(Path.Combine(ConformanceFiles.Components, "files")))
        {
            File.Copy(file, bench.File(Path.Combine("files", Path.GetFileName(file))));
        }

        var failures = new List<string>();
        foreach (var (vector, index) in ConformanceFiles.Cases(component).Select((c, i) => (c, i)))
        {
            if (await CheckAsync(component, vector, index) is { } failure)
            {
                failures.Add($"{vector["name"]}: {failure}");
            }
        }

        Assert.True(failures.Count == 0, string.Join("\n\n", failures));
    }

    private async Task<string?> CheckAsync(string component, JsonObject vector, int index)
    {
        var settings = Settings(component, vector, index);
        var validation = new PipelineTaskType().Validate(settings, "", []).ToList();
        var result = await bench.RunAsync(settings);
        var expected = vector["expected"]!;
        switch (expected["error"]?.GetValue<string>())
        {
            case "validation":
                return result.Error?.Class == "invalid"
                    ? null
                    : $"is not refused: {result.Error?.Message ?? result.Preview!.ToJsonString()}";
            case "runtime":
                return validation.Count > 0 ? $"is refused: {validation[0].Detail}"
                    : result.Error is null ? $"does not fail: {result.Preview!.ToJsonString()}"
                    : null;
        }

        if (result.Error is not null || validation.Count > 0)
        {
            return result.Error?.Message ?? validation[0].Detail;
        }

        var preview = result.Preview![0]!;
        return preview["columns"]!.ToJsonString() != expected["columns"]!.ToJsonString()
                ? $"columns {preview["columns"]!.ToJsonString()}"
            : SameRows(expected, preview["rows"]!.AsArray()) ? null
            : $"rows {preview["rows"]!.ToJsonString()}, expected {expected["rows"]!.ToJsonString()}";
    }

    /// <summary>Files in front of the component's ports, and a Parquet sink behind it unless it is one itself.</summary>
    private JsonObject Settings(string component, JsonObject vector, int index)
    {
        var nodes = new JsonArray();
        var inputs = new JsonObject();
        foreach (var (port, table) in vector["inputs"]!.AsObject())
        {
            var path = $"in/{index}-{port}.parquet";
            WriteInput(bench.File(path), table!);
            nodes.Add(
                new JsonObject
                {
                    ["id"] = $"in_{port}",
                    ["type"] = "source.parquet",
                    ["params"] = new JsonObject { ["path"] = path },
                }
            );
            inputs[port] = $"in_{port}";
        }

        var isSink = component.StartsWith("sink.", StringComparison.Ordinal);
        var parameters = vector["params"]!.DeepClone().AsObject();
        if (isSink)
        {
            parameters["path"] = $"out/{index}";
        }

        nodes.Add(
            new JsonObject
            {
                ["id"] = "it",
                ["type"] = component,
                ["params"] = parameters,
                ["inputs"] = inputs,
            }
        );
        if (!isSink)
        {
            nodes.Add(
                new JsonObject
                {
                    ["id"] = "out",
                    ["type"] = "sink.parquet",
                    ["params"] = new JsonObject { ["path"] = $"out/{index}.parquet" },
                    ["inputs"] = new JsonObject { ["in"] = "it" },
                }
            );
        }

        return new JsonObject { ["nodes"] = nodes };
    }

    private static void WriteInput(string path, JsonNode table)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var columns = table["columns"]!
            .AsArray()
            .Select(c => (Name: c!["name"]!.GetValue<string>(), Type: Type(c["type"]!)))
            .ToList();
        var rows = table["rows"]!.AsArray();
        var select =
            rows.Count == 0
                ? $"SELECT {string.Join(", ", columns.Select(c => $"{Values.Literal(null, c.Type, base64: true)} AS {Sql.Name(c.Name)}"))} WHERE false"
                : string.Join(
                    " UNION ALL ",
                    rows.Select(r =>
                        $"SELECT {string.Join(", ", columns.Select((c, i) => $"{Values.Literal(r![i], c.Type, base64: true)} AS {Sql.Name(c.Name)}"))}"
                    )
                );
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"SET TimeZone = 'UTC'; COPY ({select}) TO {Sql.Text(path)} (FORMAT parquet)";
        command.ExecuteNonQuery();
    }

    private static bool SameRows(JsonNode expected, JsonArray rows)
    {
        var types = expected["columns"]!.AsArray().Select(c => Type(c!["type"]!)).ToList();
        var left = rows.Select(r => r!.AsArray()).ToList();
        foreach (var row in expected["rows"]!.AsArray().Select(r => r!.AsArray()))
        {
            var at = left.FindIndex(r => types.Select((t, i) => Values.Equal(row[i], r[i], t, 1e-9)).All(same => same));
            if (at < 0 || (expected["ordered"]!.GetValue<bool>() && at > 0))
            {
                return false;
            }

            left.RemoveAt(at);
        }

        return left.Count == 0;
    }

    private static DataType Type(JsonNode text) =>
        DataType.TryParse(text.GetValue<string>(), out var type)
            ? type
            : throw new FormatException(text.ToJsonString());
}
