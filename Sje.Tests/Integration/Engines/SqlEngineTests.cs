using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Npgsql;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Sql;
using Sje.Tests.Integration.Execution;
using Sje.Tests.Support;

namespace Sje.Tests.Integration.Engines;

public sealed class SqlEngineTests(TestDatabase db) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private readonly ExecutionBench bench = new();
    private readonly SqlConnections connections = new(
        Options.Create(
            new SqlOptions
            {
                Connections =
                {
                    ["db"] = new ConnectionOptions { ConnectionString = db.ConnectionString },
                    ["gone"] = new ConnectionOptions
                    {
                        ConnectionString =
                            $"Host=127.0.0.1;Port={HttpEngineTests.FreePort()};Username=x;Password=hunter2",
                    },
                    ["nobase"] = new ConnectionOptions
                    {
                        ConnectionString = new NpgsqlConnectionStringBuilder(db.ConnectionString)
                        {
                            Database = "not_there",
                        }.ConnectionString,
                    },
                    ["small"] = new ConnectionOptions
                    {
                        ConnectionString =
                            db.ConnectionString + ";Maximum Pool Size=2;Timeout=1;Application Name=small",
                    },
                    ["broken"] = new ConnectionOptions { ConnectionString = "hunter2" },
                },
            }
        )
    );

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await connections.DisposeAsync();
        bench.Dispose();
    }

    [Theory]
    [InlineData("1", "integer", "1")]
    [InlineData("3000000000", "bigint", "3000000000")]
    [InlineData("12345678901234567890.5", "numeric", "12345678901234567890.5")]
    [InlineData("true", "boolean", "true")]
    [InlineData("\"it's \\\" $1 @v :v \\\\ ü\"", "text", null)]
    [InlineData("null", "text", "null")]
    [InlineData("[1,{\"a\":null}]", "jsonb", null)]
    [InlineData("{\"a\":\"b\"}", "jsonb", null)]
    public async Task A_value_goes_in_with_the_type_of_its_literal_and_comes_back_as_it_was(
        string value,
        string type,
        string? expected
    )
    {
        var result = await RunAsync("select v, pg_typeof(v)::text as type from (select @v as v) given", value);

        Assert.Null(result.Error);
        var row = result.Outputs["firstRow"]!;
        Assert.Equal(type, row["type"]!.GetValue<string>());
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected ?? value), row["v"]), row.ToJsonString());
    }

    [Fact]
    public async Task A_text_fits_where_a_quoted_literal_fits()
    {
        var result = await RunAsync(
            "select date '2026-01-31' = @v as day, generate_series(1, @n) as n, now() > @v as later",
            "\"2026-01-31\"",
            """, "n": 2"""
        );

        Assert.Equal("""{"day":true,"n":1,"later":true}""", result.Outputs["firstRow"]?.ToJsonString());
        Assert.Equal(2, result.Outputs["rowCount"]!.GetValue<long>());
    }

    [Fact]
    public async Task Every_type_comes_out_and_the_first_hundred_rows_are_the_preview()
    {
        var result = await RunAsync(
            """
            select i, i::numeric / 4 as quarter, 'NaN'::float8 as nan, i % 2 = 0 as even, null::int as nothing,
                json_build_object('i', i) as doc, array[i, null] as list, interval '1 day' as span, '\x00ff'::bytea as bytes,
                timestamptz 'infinity' as ever, daterange('2026-01-01', null) as range
            from generate_series(1, 1000) i
            """,
            null
        );

        Assert.Null(result.Error);
        Assert.Equal(
            (1000, 0),
            (result.Outputs["rowCount"]!.GetValue<long>(), result.Outputs["rowsAffected"]!.GetValue<long>())
        );
        Assert.True(
            JsonNode.DeepEquals(
                JsonNode.Parse(
                    """
                    {"i": 1, "quarter": 0.25, "nan": "NaN", "even": false, "nothing": null, "doc": {"i": 1}, "list": "{1,NULL}",
                     "span": "1 day", "bytes": "\\x00ff", "ever": "infinity", "range": "[2026-01-01,)"}
                    """
                ),
                result.Outputs["firstRow"]
            ),
            result.Outputs["firstRow"]!.ToJsonString()
        );
        var preview = result.Preview!.AsArray()[0]!;
        Assert.Equal(100, preview["rows"]!.AsArray().Count);
        Assert.Equal("""{"name":"quarter","type":"numeric"}""", preview["columns"]![1]!.ToJsonString());
        Assert.Equal("result", preview["name"]!.GetValue<string>());
    }

    [Fact]
    public async Task Large_values_and_many_rows_stay_within_their_bound()
    {
        var result = await RunAsync(
            "select repeat('x', 20000000) as big, 'end' as after from generate_series(1, 3)",
            null
        );

        Assert.Null(result.Error);
        var first = result.Outputs["firstRow"]!;
        Assert.Equal(65_536, first["big"]!.GetValue<string>().Length);
        Assert.Equal("end", first["after"]!.GetValue<string>());
        Assert.Equal(3, result.Outputs["rowCount"]!.GetValue<long>());

        result = await RunAsync("select repeat('x', 60000) from generate_series(1, 1000)", null);
        Assert.InRange(result.Preview!.ToJsonString().Length, 500_000, 600_000);
    }

    [Fact]
    public async Task Several_statements_are_one_transaction_and_a_failure_takes_all_back()
    {
        Assert.Null(
            (await RunAsync("create table pairs (n int primary key); insert into pairs values (1), (2)", null)).Error
        );
        var second = await RunAsync("insert into pairs values (3); insert into pairs values (@v)", "1");

        Assert.Equal("invalid", second.Error?.Class);
        Assert.Contains("SQLSTATE 23505", second.Error!.Message, StringComparison.Ordinal);
        Assert.Equal(2L, await db.ScalarAsync<long>("select count(*) from pairs"));
        var counted = await RunAsync(
            "update pairs set n = n + 10; select n from pairs order by n; delete from pairs where n = 11",
            null
        );
        Assert.Equal("""{"rowsAffected":3,"rowCount":2,"firstRow":{"n":11}}""", counted.Outputs.ToJsonString());
    }

    [Fact]
    public async Task A_value_cannot_become_part_of_the_statement()
    {
        await RunAsync("create table kept (name text); insert into kept values ('a'), ('b')", null);
        bench.Scope["parameters"] = new JsonObject { ["name"] = "' or '1'='1" };

        var found = await RunAsync("select * from kept where name = @v", "\"{{ parameters.name }}\"");
        bench.Scope["parameters"] = new JsonObject { ["name"] = "'; drop table kept; --" };
        var dropped = await RunAsync("select * from kept where name = @v", "\"{{ parameters.name }}\"");

        Assert.Equal(
            (0, 0),
            (found.Outputs["rowCount"]!.GetValue<long>(), dropped.Outputs["rowCount"]!.GetValue<long>())
        );
        Assert.Equal(2L, await db.ScalarAsync<long>("select count(*) from kept"));
    }

    [Fact]
    public async Task Who_finds_no_connection_free_waits_for_one()
    {
        // Six of a second each on two connections take three, and the driver would wait for one.
        var results = await Task.WhenAll(
            Enumerable.Range(0, 6).Select(_ => RunAsync("select pg_sleep(1)", null, connection: "small"))
        );

        Assert.All(results, result => Assert.Null(result.Error));
    }

    [Fact]
    public async Task A_stop_while_rows_come_ends_the_statement_and_frees_its_connection()
    {
        using var stop = new CancellationTokenSource();
        var running = RunAsync(
            "select i from generate_series(1, 2000000000) i",
            null,
            connection: "small",
            stop: stop.Token
        );
        const string Busy =
            "select count(*) from pg_stat_activity where application_name = 'small' and state = 'active'";
        await Eventually.TrueAsync(async () => await db.ScalarAsync<long>(Busy) == 1, "the statement runs");

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(TimeSpan.FromSeconds(60)));
        await Eventually.TrueAsync(async () => await db.ScalarAsync<long>(Busy) == 0, "the statement has ended");
        Assert.Null((await RunAsync("select 1", null, connection: "small")).Error);
    }

    [Theory]
    [InlineData("db", "selec 1", "invalid", "SQLSTATE 42601")]
    [InlineData("db", "select * from nowhere", "invalid", "SQLSTATE 42P01")]
    [InlineData("db", "select 1 / 0", "invalid", "SQLSTATE 22012")]
    [InlineData("db", "do $$ begin raise sqlstate '40001'; end $$", "temporary", "SQLSTATE 40001")]
    [InlineData("db", "do $$ begin raise sqlstate '53300'; end $$", "resources", "SQLSTATE 53300")]
    [InlineData("db", "do $$ begin raise sqlstate '40P01'; end $$", "temporary", "SQLSTATE 40P01")]
    [InlineData("db", "set local statement_timeout = 50; select pg_sleep(60)", "timeout", "SQLSTATE 57014")]
    [InlineData("db", "select pg_terminate_backend(pg_backend_pid())", "network", "57P01")]
    [InlineData("db", "copy (select 1) to stdout", "invalid", "COPY")]
    [InlineData("db", "create table ended (n int); commit", "invalid", "ends the transaction itself")]
    [InlineData("db", "rollback", "invalid", "ends the transaction itself")]
    [InlineData("db", "vacuum", "invalid", "SQLSTATE 25001")]
    [InlineData("gone", "select 1", "network", "refused")]
    [InlineData("nobase", "select 1", "invalid", "SQLSTATE 3D000")]
    [InlineData(
        "lake",
        "select 1",
        "invalid",
        "no connection 'lake': those of its configuration are broken, db, gone, nobase, small."
    )]
    [InlineData("broken", "select 1", "invalid", "cannot be read")]
    public async Task A_failure_has_its_class_and_tells_no_password(
        string connection,
        string statement,
        string failure,
        string message
    )
    {
        var error = (await RunAsync(statement, null, connection: connection)).Error;

        Assert.NotNull(error);
        Assert.Equal(failure, error.Class);
        Assert.Contains(message, error.Message, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("hunter2", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(
            "hunter2",
            string.Concat(bench.Reporter.Lines(LogStream.System)),
            StringComparison.Ordinal
        );
    }

    private Task<EngineResult> RunAsync(
        string statement,
        string? value,
        string more = "",
        string connection = "db",
        CancellationToken stop = default
    )
    {
        var settings = new JsonObject { ["connection"] = connection, ["statement"] = statement };
        if (value is not null)
        {
            settings["parameters"] = JsonNode.Parse($$"""{"v": {{value}}{{more}}}""");
        }

        return new SqlEngine(connections, TimeProvider.System).RunAsync(bench.Context(settings), stop);
    }
}
