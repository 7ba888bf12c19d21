using System.Text.Json.Nodes;
using DuckDB.NET.Data;
using Sje.Core.Jobs;
using Sje.Core.Pipelines;
using Sje.Tests.Support;

namespace Sje.Tests.Integration.Engines.Pipeline;

public class LateDeparturesTests
{
    [Theory]
    [InlineData(60)]
    [InlineData(180)]
    public async Task The_example_gives_what_the_same_query_written_by_hand_gives(int minDelay)
    {
        using var bench = new PipelineBench();
        Directory.CreateDirectory(bench.File("data"));
        File.Copy(RepositoryFiles.SampleData("flights-3m.parquet"), bench.File("data/flights-3m.parquet"));
        File.Copy(RepositoryFiles.SampleData("airports.csv"), bench.File("data/airports.csv"));
        var job = new JobReader(new TaskTypes([new PipelineTaskType()])).Read(
            await File.ReadAllBytesAsync(RepositoryFiles.Path("examples", "late-departures.yaml"))
        );
        Assert.Empty(job.Faults);

        var result = await bench.RunAsync(job.Spec!.Tasks[0].Settings, new JsonObject { ["minDelay"] = minDelay });

        Assert.Null(result.Error);
        var rows = Query($"SELECT * FROM read_parquet('{bench.File("out/late-departures.parquet")}')");
        var expected = Query(
            $"""
            SELECT a.state, count(*), floor(avg(f.delay) * 10 + 0.5) / 10, max(f.delay)
            FROM '{bench.File("data/flights-3m.parquet")}' f JOIN read_csv('{bench.File(
                "data/airports.csv"
            )}', all_varchar = true) a ON f.origin = a.iata
            WHERE f.delay >= {minDelay} GROUP BY a.state ORDER BY 2 DESC, 1
            """
        );
        Assert.True(expected.Count > 40, $"only {expected.Count} states");
        Assert.Equal(expected, rows);

        var late = (long)
            Query($"SELECT count(*) FROM '{bench.File("data/flights-3m.parquet")}' WHERE delay >= {minDelay}")[0][0]!;
        Assert.Equal(
            [
                ("flights", 0L, 3_000_000L),
                ("airports", 0, 3376),
                ("late", 3_000_000, late),
                ("located", late + 3376, expected.Sum(r => (long)r[1]!)),
                ("byState", expected.Sum(r => (long)r[1]!), expected.Count),
                ("rounded", expected.Count, expected.Count),
                ("sorted", expected.Count, expected.Count),
                ("out", expected.Count, expected.Count),
            ],
            result
                .Parts!.AsArray()
                .Select(p =>
                    (p!["node"]!.GetValue<string>(), p["rowsIn"]!.GetValue<long>(), p["rowsOut"]!.GetValue<long>())
                )
        );
        Assert.Equal(3_003_376, bench.Reporter.Metrics["rows_in"]);
        Assert.Equal(expected.Count, bench.Reporter.Metrics["rows_out"]);
        Assert.Equal(1, bench.Reporter.Steps[^1].Fraction);

        var preview = Assert.Single(result.Preview!.AsArray())!;
        Assert.Equal("out", preview["name"]!.GetValue<string>());
        Assert.Equal(
            ["state", "flights", "averageDelay", "longestDelay"],
            preview["columns"]!.AsArray().Select(c => c!["name"]!.GetValue<string>())
        );
        Assert.Equal(expected.Count, preview["rows"]!.AsArray().Count);
        Assert.Equal((string)expected[0][0]!, preview["rows"]![0]![0]!.GetValue<string>());
        Assert.Equal(expected.Count, result.Outputs["out"]!["rows"]!.GetValue<long>());
    }

    private static List<object?[]> Query(string sql)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<object?[]>();
        while (reader.Read())
        {
            rows.Add([
                .. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : reader.GetValue(i)),
            ]);
        }

        return rows;
    }
}
