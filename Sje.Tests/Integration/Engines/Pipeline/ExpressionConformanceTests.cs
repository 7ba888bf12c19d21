using System.Text.Json.Nodes;
using DuckDB.NET.Data;
using Sje.Core.Jobs;
using Sje.Core.Pipelines.Compilers.DuckDb;
using Sje.Core.Pipelines.Expressions;
using Sje.Core.Pipelines.Types;
using Sje.Jobs.Engines.Pipeline;
using Sje.Tests.Conformance;

namespace Sje.Tests.Integration.Engines.Pipeline;

/// <summary>Every vector of the expression language through parser, checker, compiler and DuckDB; value and type must be as given.</summary>
public sealed class ExpressionConformanceTests : IDisposable
{
    /// <summary>Lines of expressions.jsonl; fewer means that some were lost on the way here.</summary>
    private const int AllVectors = 4314;

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("sje-expressions-");
    private readonly DuckDbSession session;

    public ExpressionConformanceTests() =>
        session = DuckDbSession.Open(
            new ResourceSpec { Cpus = 1, MemoryBytes = 512L << 20 },
            folder.FullName,
            TimeProvider.System
        );

    public void Dispose()
    {
        session.Dispose();
        folder.Delete(recursive: true);
    }

    public static TheoryData<string> Groups =>
        [.. ConformanceFiles.Expressions.Select(v => v["fn"]!.GetValue<string>()).Distinct()];

    [Fact]
    public void All_vectors_are_there() => Assert.Equal(AllVectors, ConformanceFiles.Expressions.Count);

    [Theory]
    [MemberData(nameof(Groups))]
    public void Every_vector_holds(string fn)
    {
        var failures = new List<string>();
        var vectors = ConformanceFiles.Expressions.Where(v => v["fn"]!.GetValue<string>() == fn).ToList();
        Assert.NotEmpty(vectors);
        foreach (var vector in vectors)
        {
            if (Check(vector) is { } failure)
            {
                failures.Add($"{failure}\n    {vector.ToJsonString()}");
            }
        }

        Assert.True(failures.Count == 0, $"{failures.Count} of {vectors.Count}\n{string.Join('\n', failures.Take(8))}");
    }

    private string? Check(JsonObject vector)
    {
        var kind = vector["kind"]?.GetValue<string>();
        var columns = (
            kind is null
                ? vector["args"]!.AsObject().Select(a => new Column(a.Key, Type(a.Value!["type"]!)))
                : vector["columns"]!.AsObject().Select(c => new Column(c.Key, Type(c.Value!)))
        ).ToList();
        var rows = kind is null
            ? [vector["args"]!.AsObject().Select(a => a.Value!["value"]).ToList()]
            : vector["rows"]!.AsArray().Select(r => r!.AsArray().ToList()).ToList();
        var scope = ExpressionScope.Of(Schema.Of(columns), TemplateValues.None);
        var allowed = kind switch
        {
            null => Allowed.Scalars,
            "window" => Allowed.Windows,
            _ => Allowed.Aggregates,
        };
        var result = ExpressionCompiler.Compile(vector["expr"]!.GetValue<string>(), scope, allowed);
        if (result.Value is not { } value)
        {
            return $"does not compile: {result.Fault}";
        }

        if (value.Type.ToString() != vector["type"]!.GetValue<string>())
        {
            return $"type {value.Type}";
        }

        var sql = ExpressionWriter.Write(value);
        var number = 0;
        var table =
            rows.Count == 0
                ? $"SELECT 0 AS sje_row{string.Concat(columns.Select(c => $", {Values.Literal(null, c.Type)} AS {Sql.Name(c.Name)}"))} WHERE false"
                : string.Join(
                    " UNION ALL ",
                    rows.Select(r =>
                        $"SELECT {number++} AS sje_row{string.Concat(columns.Zip(r, (c, v) => $", {Values.Literal(v, c.Type)} AS {Sql.Name(c.Name)}"))}"
                    )
                );
        var order = kind == "window" ? " ORDER BY sje_row" : "";
        try
        {
            // A table keeps DuckDB from folding everything at planning, where errors may differ from those of running.
            session.Execute($"CREATE OR REPLACE TEMP TABLE vector AS {table}");
            var described = (string)session.Query($"DESCRIBE SELECT {sql} AS value FROM vector")[0][1]!;
            if (described != Sql.Type(value.Type) && DuckDbTypes.Read(described) != (value.Type, true))
            {
                return $"DuckDB type {described} of {sql}";
            }

            var form =
                kind == "window"
                    ? $"(SELECT sje_row, {sql} AS value FROM vector)"
                    : $"(SELECT {sql} AS value FROM vector)";
            var found = ResultRows.Read(
                session,
                $"{JsonForm.Select(Schema.Of(new Column("value", value.Type)), form)}{order}",
                Schema.Of(new Column("value", value.Type))
            );
            return Compare(vector["expected"], found, kind, value.Type, sql);
        }
        catch (DuckDBException e)
        {
            return
                vector["expected"] is JsonObject expected
                && expected.ContainsKey("error")
                && value.Type is not StructType
                ? null
                : $"{e.Message} of {sql}";
        }
    }

    private static string? Compare(JsonNode? expected, JsonArray found, string? kind, DataType type, string sql)
    {
        if (expected is JsonObject error && error.ContainsKey("error") && type is not StructType)
        {
            return $"gave {found.ToJsonString()} where an error was expected, of {sql}";
        }

        var wanted = kind == "window" ? expected!.AsArray().ToList() : [expected];
        for (var i = 0; i < wanted.Count; i++)
        {
            if (found.Count != wanted.Count || !Values.Equal(Binary(wanted[i], type), found[i]![0], type, 1e-12))
            {
                return $"gave {found.ToJsonString()} of {sql}";
            }
        }

        return null;
    }

    private static JsonNode? Binary(JsonNode? value, DataType type) =>
        value is not null && type == DataType.Binary
            ? JsonValue.Create(Convert.ToBase64String(Convert.FromHexString(value.GetValue<string>())))
            : value;

    private static DataType Type(JsonNode text) =>
        DataType.TryParse(text.GetValue<string>(), out var type)
            ? type
            : throw new FormatException(text.ToJsonString());
}
