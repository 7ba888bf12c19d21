using System.Text.Json;
using System.Text.Json.Nodes;
using Npgsql;
using Sje.Testbed;
using Sje.Tests.Chaos;
using Sje.Tests.Support;
using Sje.Tests.Support.Clusters;

namespace Sje.Tests.Integration.Engines.Spark.Submit;

/// <summary>What a dialect makes for Spark, on a real one: the script of the steps, with paths from the storage root.</summary>
[Collection(Alone.Name)]
public sealed class SparkDialectTests(SparkServer server) : IClassFixture<SparkServer>
{
    [Fact]
    public async Task A_job_of_the_orchestrator_gives_the_same_rows_on_Spark()
    {
        server.Write(
            "users.csv",
            "id,country,status,age\n1,NL,active,30\n2,NL,active,41\n3,DE,inactive,50\n4,DE,active,25\n"
        );
        var file = JsonNode
            .Parse(await File.ReadAllTextAsync(RepositoryFiles.Path("examples", "dialects", "active-users.json")))!
            .AsObject();
        file["execution_engine"] = "spark";
        file.Remove("resource_requirements");
        file["job_data"]!["input_path"] = "users.csv";

        var ended = await server.EndAsync(await server.SubmitAsync(file.ToJsonString()));

        Assert.True(ended["state"]!.ToString() == "succeeded", ended.ToJsonString());
        Assert.Equal(
            [
                ["DE", 25.0],
                ["NL", 35.5],
            ],
            LateDepartures
                .In(Path.Combine(server.Folder, "out", "active"))
                .OrderBy(row => (string)row[0]!, StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task A_job_of_the_designer_gives_what_a_topic_of_a_real_broker_holds()
    {
        await using var broker = await KafkaBroker.StartAsync();
        await broker.ProduceAsync("orders", "NL 150", "DE 20", "NL 7");
        var file = new
        {
            name = "orders-of-topic",
            cluster = "lab",
            pipeline = new
            {
                sources = new[]
                {
                    new
                    {
                        type = "kafka",
                        bootstrapServers = broker.Address,
                        topic = "orders",
                    },
                },
                transformations = new object[]
                {
                    new
                    {
                        type = "withColumn",
                        name = "text",
                        expression = "cast(value AS string)",
                    },
                    new { type = "filter", condition = "text like 'NL%'" },
                    new { type = "select", columns = new[] { "topic", "text" } },
                },
                sinks = new[] { new { type = "file", path = "out/orders-of-topic.parquet" } },
            },
            configuration = new { dependencies = await SparkDistribution.ExtrasAsync("kafka") },
        };

        var ended = await server.EndAsync(await server.SubmitAsync(JsonSerializer.Serialize(file)));

        Assert.True(ended["state"]!.ToString() == "succeeded", ended.ToJsonString());
        Assert.Equal(
            [
                ["orders", "NL 150"],
                ["orders", "NL 7"],
            ],
            LateDepartures
                .In(Path.Combine(server.Folder, "out", "orders-of-topic.parquet"))
                .OrderBy(row => (string)row[1]!, StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task A_job_of_the_designer_reads_a_table_of_a_real_database_and_replaces_or_makes_another()
    {
        await using var database = await EmptyDatabase.CreateAsync();
        await database.ExecuteAsync(
            """
            create table orders (customer text, amount numeric(10, 2));
            insert into orders values ('a', 10.5), ('a', 20), ('b', 5);
            create table copies (customer text, amount numeric(10, 2));
            insert into copies values ('old', 1);
            """
        );
        var postgres = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        var address = $"jdbc:postgresql://{postgres.Host}:{postgres.Port}/{postgres.Database}";
        object End(string table, string input, string mode) =>
            new
            {
                type = "jdbc",
                url = address,
                table,
                user = postgres.Username,
                password = postgres.Password ?? "none",
                input,
                mode,
            };
        var file = new
        {
            name = "totals-of-table",
            cluster = "lab",
            pipeline = new
            {
                sources = new[]
                {
                    new
                    {
                        type = "jdbc",
                        name = "all-orders",
                        url = address,
                        table = "orders",
                        user = postgres.Username,
                        password = postgres.Password ?? "none",
                    },
                },
                transformations = new[]
                {
                    new
                    {
                        id = "totals",
                        type = "aggregate",
                        groupBy = new[] { "customer" },
                        aggregations = new { amount = "sum" },
                    },
                },
                sinks = new[]
                {
                    End("totals", "totals", "overwrite"),
                    End("copies", "all-orders", "overwrite"),
                    End("copies", "all-orders", "append"),
                },
            },
            configuration = new { dependencies = await SparkDistribution.ExtrasAsync("jdbc") },
        };

        var ended = await server.EndAsync(await server.SubmitAsync(JsonSerializer.Serialize(file)));

        Assert.True(ended["state"]!.ToString() == "succeeded", ended.ToJsonString());
        Assert.Equal(
            "a=30.50 b=5.00",
            await database.ScalarAsync<string>(
                "select string_agg(customer || '=' || round(sum_amount, 2), ' ' order by customer) from totals"
            )
        );
        Assert.Equal(6L, await database.ScalarAsync<long>("select count(*) from copies where customer <> 'old'"));
        Assert.Equal(6L, await database.ScalarAsync<long>("select count(*) from copies"));
    }
}
