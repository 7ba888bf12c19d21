using System.Text.Json.Nodes;

namespace Sje.Tests.Integration.Engines.Pipeline;

public sealed class PipelineEngineTests : IDisposable
{
    private readonly PipelineBench bench = new();

    public void Dispose() => bench.Dispose();

    [Fact]
    public async Task A_node_that_feeds_two_others_is_computed_once_and_both_sinks_are_written()
    {
        bench.Write("in.csv", "id,kind\n1,a\n2,b\n3,a\n");

        var result = await bench.RunAsync(
            """
            [{"id": "rows", "type": "source.csv", "params": {"path": "in.csv"}},
             {"id": "kinds", "type": "aggregate", "params": {"groupBy": ["kind"], "aggs": [{"fn": "count", "as": "n"}]}, "inputs": {"in": "rows"}},
             {"id": "some", "type": "filter", "params": {"condition": "id > 1"}, "inputs": {"in": "rows"}},
             {"id": "one", "type": "sink.csv", "params": {"path": "out/kinds.csv"}, "inputs": {"in": "kinds"}},
             {"id": "two", "type": "sink.csv", "params": {"path": "out/some.csv"}, "inputs": {"in": "some"}}]
            """
        );

        Assert.Null(result.Error);
        Assert.Equal("id,kind\n2,b\n3,a\n", await File.ReadAllTextAsync(bench.File("out/some.csv")));
        Assert.Equal(
            "rows 0 3, kinds 3 2, some 3 2, one 2 2, two 2 2",
            string.Join(", ", result.Parts!.AsArray().Select(p => $"{p!["node"]} {p["rowsIn"]} {p["rowsOut"]}"))
        );
    }

    [Fact]
    public async Task Rows_of_every_node_are_counted_though_the_database_moves_conditions_around()
    {
        bench.Write("a.csv", "id,k\n" + string.Concat(Enumerable.Range(0, 1000).Select(i => $"{i},{i % 10}\n")));
        bench.Write("b.csv", "k\n0\n1\n2\n3\n4\n");
        bench.Write("d.csv", "id\n" + string.Concat(Enumerable.Range(0, 50).Select(i => $"{i * 2}\n")));

        var result = await bench.RunAsync(
            """
            [{"id": "a", "type": "source.csv", "params": {"path": "a.csv"}},
             {"id": "b", "type": "source.csv", "params": {"path": "b.csv"}},
             {"id": "d", "type": "source.csv", "params": {"path": "d.csv"}},
             {"id": "first", "type": "join.using", "params": {"keys": ["k"]}, "inputs": {"left": "a", "right": "b"}},
             {"id": "second", "type": "join.using", "params": {"keys": ["id"]}, "inputs": {"left": "first", "right": "d"}},
             {"id": "late", "type": "filter", "params": {"condition": "id > 50"}, "inputs": {"in": "second"}},
             {"id": "groups", "type": "aggregate", "params": {"groupBy": ["k"], "aggs": [{"fn": "count", "as": "n"}]}, "inputs": {"in": "late"}},
             {"id": "few", "type": "filter", "params": {"condition": "k > 1"}, "inputs": {"in": "groups"}},
             {"id": "out", "type": "sink.parquet", "params": {"path": "few.parquet"}, "inputs": {"in": "few"}}]
            """
        );

        Assert.Null(result.Error);
        Assert.Equal(
            "a 1000, b 5, d 50, first 500, second 30, late 14, groups 3, few 2, out 2",
            string.Join(", ", result.Parts!.AsArray().Select(p => $"{p!["node"]} {p["rowsOut"]}"))
        );
    }

    [Theory]
    [InlineData("../secret.csv")]
    [InlineData("/etc/passwd")]
    [InlineData("data/../../secret.csv")]
    [InlineData("link/secret.csv")]
    [InlineData("s3://bucket/file.csv")]
    public async Task A_path_that_leads_out_of_the_storage_root_is_refused_by_name(string path)
    {
        await File.WriteAllTextAsync(Path.Combine(bench.Root, "..", "secret.csv"), "a\n1\n");
        Directory.CreateSymbolicLink(bench.File("link"), Path.GetFullPath(Path.Combine(bench.Root, "..")));

        var result = await bench.RunAsync(Copy(path, "out.csv"));

        Assert.Equal("invalid", result.Error?.Class);
        Assert.Contains("node rows", result.Error!.Message, StringComparison.Ordinal);
        Assert.Contains(path, result.Error.Message, StringComparison.Ordinal);
        Assert.Equal("invalid", (await bench.RunAsync(Copy("in.csv", path))).Error?.Class);
    }

    [Fact]
    public async Task A_file_that_is_not_there_may_be_there_at_the_next_try()
    {
        var result = await bench.RunAsync(Copy("later.csv", "out.csv"));

        Assert.Equal("error", result.Error?.Class);
        Assert.Contains("node rows: there is no file later.csv", result.Error!.Message, StringComparison.Ordinal);
        Assert.Empty(bench.Files());
    }

    [Fact]
    public async Task A_value_that_does_not_fit_fails_the_task_and_leaves_the_old_target()
    {
        bench.Write("out/out.csv", "old\n");
        bench.Write("in.csv", "id,x\n1,2\n2,many\n");

        var result = await bench.RunAsync(
            """
            [{"id": "rows", "type": "source.csv", "params": {"path": "in.csv", "columns": {"id": "int32", "x": "int32"}}},
             {"id": "out", "type": "sink.csv", "params": {"path": "out/out.csv"}, "inputs": {"in": "rows"}}]
            """
        );

        Assert.Equal("error", result.Error?.Class);
        Assert.Contains("cannot cast to INTEGER: many", result.Error!.Message, StringComparison.Ordinal);
        Assert.Equal(["in.csv", "out", "out/out.csv"], bench.Files());
        Assert.Equal("old\n", await File.ReadAllTextAsync(bench.File("out/out.csv")));
    }

    [Fact]
    public async Task A_stopped_run_ends_soon_and_leaves_nothing()
    {
        bench.Write("in.csv", "a\n" + string.Concat(Enumerable.Range(0, 3000).Select(i => $"{i}\n")));
        using var stop = new CancellationTokenSource();
        var run = bench.RunAsync(
            """
            [{"id": "rows", "type": "source.csv", "params": {"path": "in.csv"}},
             {"id": "pairs", "type": "join", "params": {"type": "cross"}, "inputs": {"left": "rows", "right": "rows"}},
             {"id": "triples", "type": "join", "params": {"type": "cross", "suffixes": ["", "_third"]}, "inputs": {"left": "pairs", "right": "rows"}},
             {"id": "out", "type": "sink.parquet", "params": {"path": "deep/er/out.parquet"}, "inputs": {"in": "triples"}}]
            """,
            stop: stop.Token
        );
        Assert.NotSame(run, await Task.WhenAny(run, bench.Reporter.UnderWay).WaitAsync(TimeSpan.FromSeconds(60)));

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Equal(["in.csv"], bench.Files());
    }

    [Fact]
    public async Task A_parameter_is_a_value_whatever_its_text_says()
    {
        bench.Write("in.csv", "name\n' or true or '\nx\n");

        var result = await bench.RunAsync(
            """
            [{"id": "rows", "type": "source.csv", "params": {"path": "{{ parameters.file }}.csv"}},
             {"id": "same", "type": "filter", "params": {"condition": "name = {{ parameters.name }}"}, "inputs": {"in": "rows"}},
             {"id": "out", "type": "sink.csv", "params": {"path": "out.csv"}, "inputs": {"in": "same"}}]
            """,
            new JsonObject { ["name"] = "' or true or '", ["file"] = "in" }
        );

        Assert.Null(result.Error);
        Assert.Equal("name\n' or true or '\n", await File.ReadAllTextAsync(bench.File("out.csv")));
    }

    [Fact]
    public async Task Types_of_a_csv_file_are_found_by_our_own_rule()
    {
        bench.Write(
            "in.csv",
            "n,zero,big,x,d,t,b,yes,mixed,none\n1,007,3000000000,1.5,2024-01-05,2024-01-05 10:00:00,true,yes,1,\n2,010,1,1e5,2024-02-29,2024-02-29T23:59:59.5,false,no,a,\n"
        );

        var result = await bench.RunAsync(Copy("in.csv", "out.csv"));

        Assert.Null(result.Error);
        Assert.Equal(
            "int64 string int64 double date timestamp boolean string string string",
            string.Join(' ', result.Preview![0]!["columns"]!.AsArray().Select(c => c!["type"]))
        );
    }

    private static string Copy(string from, string to) =>
        $$$"""
            [{"id": "rows", "type": "source.csv", "params": {"path": "{{{from}}}"}},
             {"id": "out", "type": "sink.csv", "params": {"path": "{{{to}}}"}, "inputs": {"in": "rows"}}]
            """;
}
