using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Sje.Core.Jobs;
using Sje.Jobs.Engines;
using Sje.Jobs.Engines.Spark.Configuration;
using Sje.Jobs.Execution;
using Sje.Jobs.Queueing;
using Sje.Tests.Support;

namespace Sje.Tests.Integration.Engines.Spark.Submit;

/// <summary>A circuit breaker per cluster: what cannot be reached counts, what an application does wrong does not.</summary>
public sealed class SparkBreakerTests(TestDatabase db) : IClassFixture<TestDatabase>, IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("sje-spark-breaker-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_cluster_that_cannot_be_reached_opens_its_breaker_and_no_other()
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "app.py"), "print(1)");
        Directory.CreateDirectory(Path.Combine(folder, "bin"));
        var program = Path.Combine(folder, "bin", "spark-submit");
        await File.WriteAllTextAsync(program, "#!/bin/sh\necho 'Connection refused' >&2\nexit 3\n");
        File.SetUnixFileMode(program, (UnixFileMode)0b111_101_101);
        using var master = new TcpListener(IPAddress.Loopback, 0);
        master.Start();
        var port = ((IPEndPoint)master.LocalEndpoint).Port;
        var dead = $"http://127.0.0.1:{HttpEngineTests.FreePort()}";
        await using var node = await TestNode.StartAsync(
            db,
            services: services =>
            {
                services.Configure<StorageOptions>(storage => storage.Root = folder);
                services.Configure<CircuitBreakerOptions>(breakers =>
                    (breakers.Failures, breakers.OpenSeconds) = (2, 3600)
                );
                services.Configure<SparkOptions>(spark =>
                {
                    spark.DefaultCluster = "lab";
                    spark.Installations["4.1"] = new() { Home = folder };
                    spark.Clusters["up"] = new() { Master = $"spark://127.0.0.1:{port}", DeployMode = "client" };
                    spark.Clusters["lab"] = new()
                    {
                        Master = "spark://127.0.0.1:1",
                        Rest = [dead],
                        WebUi = [dead],
                    };
                });
            }
        );

        // Theirs, not the cluster's: as many as would open it.
        foreach (var wrong in new[] { "nowhere.py", "gone.py", "app.sh" })
        {
            await EndsAsync(
                await SubmitAsync(node, $$$"""{"application": "{{{wrong}}}", "cluster": "lab"}"""),
                "invalid"
            );
        }

        // An application that dies of a network is no word against the cluster that it ran on.
        for (var i = 0; i < 3; i++)
        {
            await EndsAsync(await SubmitAsync(node, """{"application": "app.py", "cluster": "up"}"""), "network");
        }

        Assert.Equal(0L, await db.ScalarAsync<long>("select count(*) from sje.circuit_breakers"));

        // One names it, the other has it by default, in another spelling.
        await EndsAsync(await SubmitAsync(node, """{"application": "app.py", "cluster": "LAB"}"""), "network");
        await EndsAsync(await SubmitAsync(node, """{"application": "app.py"}"""), "network");
        // It is told a moment after the attempt's end.
        await Eventually.TrueAsync(
            async () =>
                await db.ScalarAsync<string>("select state from sje.circuit_breakers where target = 'spark:lab'")
                == "open",
            "its breaker opens"
        );
        Assert.Equal(1L, await db.ScalarAsync<long>("select count(*) from sje.circuit_breakers"));

        var held = await SubmitAsync(node, """{"application": "app.py", "cluster": {"name": "lab"}}""");
        // What does not go there is not held up; and what an application could not reach has no breaker.
        await EndsAsync(await SubmitAsync(node, """{"application": "app.py", "cluster": "local"}"""), "network");
        Assert.Equal(1L, await db.ScalarAsync<long>("select count(*) from sje.circuit_breakers"));
        Assert.Equal("queued", await db.TaskStateAsync(held));
    }

    private async Task EndsAsync(Guid id, string failure)
    {
        await db.ExecutionBecomesAsync(id, "failed", 60);
        Assert.Equal(
            failure,
            await db.ScalarAsync<string>("select error->>'class' from sje.all_attempts where execution_id = $1", id)
        );
    }

    private static async Task<Guid> SubmitAsync(TestNode node, string spark)
    {
        var settings = new ConfigurationBuilder()
            .AddInMemoryCollection([KeyValuePair.Create("spark:defaultCluster", (string?)"lab")])
            .Build();
        var read = new JobReader(BuiltInEngines.Types(settings)).Read(
            Encoding.UTF8.GetBytes(
                $$$"""{"name": "x", "type": "spark", "spark": {{{spark}}}, "retry": {"maxAttempts": 1}}"""
            )
        );
        Assert.Empty(read.Faults);
        var answers = await node.Intake.AcceptAsync(
            [new Submission { Job = read.Spec!, Parameters = ParameterBinder.Bind(read.Spec!, []).Values }],
            CancellationToken.None
        );
        return ((SubmissionAccepted)answers[0]).ExecutionId;
    }
}
