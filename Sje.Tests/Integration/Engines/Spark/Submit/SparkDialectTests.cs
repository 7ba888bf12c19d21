using System.Text.Json.Nodes;
using Sje.Tests.Chaos;
using Sje.Tests.Support;

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
}
