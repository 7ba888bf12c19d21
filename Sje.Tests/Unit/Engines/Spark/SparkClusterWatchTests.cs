using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Sje.Jobs.Engines.Spark;
using Sje.Jobs.Engines.Spark.Configuration;
using Sje.Jobs.Engines.Spark.Planning;
using Sje.Tests.Support;

namespace Sje.Tests.Unit.Engines.Spark;

public sealed class SparkClusterWatchTests
{
    [Fact]
    public async Task A_cluster_that_does_not_answer_keeps_nobody_waiting_and_is_asked_again()
    {
        await using var silent = await HttpTarget.StartAsync((target, context) => target.HoldAsync(context));
        await using var good = await HttpTarget.StartAsync(
            (_, context) =>
            {
                context.Response.ContentType = "application/json";
                return context.Response.WriteAsync(
                    """{"status": "ALIVE", "workers": [{"state": "ALIVE", "cores": 4, "coresused": 1}]}"""
                );
            }
        );
        var options = new SparkOptions();
        options.Clusters["silent"] = new SparkClusterOptions { Master = "spark://m:7077", WebUi = [silent.Address] };
        options.Clusters["good"] = new SparkClusterOptions { Master = "spark://m:7077", WebUi = [good.Address] };
        using var http = new SparkHttp();
        var planner = new SparkPlanner(Options.Create(options), new SparkInstallations(Options.Create(options)));
        using var clusters = new SparkClusters(planner, http, TimeProvider.System);
        using var watch = new SparkClusterWatch(
            planner,
            clusters,
            Options.Create(options),
            TimeProvider.System,
            NullLogger<SparkClusterWatch>.Instance
        )
        {
            Every = TimeSpan.FromMilliseconds(50),
            Patience = TimeSpan.FromMilliseconds(300),
        };

        await watch.StartAsync(CancellationToken.None);

        await Eventually.TrueAsync(
            () => Task.FromResult(watch.List().Single(one => one.Name == "good").Health?.Utilization == 0.25),
            "the good one has answered"
        );
        await Eventually.TrueAsync(
            () => Task.FromResult(watch.List().Single(one => one.Name == "silent").Health?.Up == false),
            "the silent one is given up"
        );
        Assert.Contains(
            "does not answer within 0.3 s",
            watch.List().Single(one => one.Name == "silent").Health!.Message,
            StringComparison.Ordinal
        );
        await Eventually.TrueAsync(() => Task.FromResult(silent.Requests.Count >= 2), "it is asked again");
        await watch.StopAsync(CancellationToken.None);
        Assert.True(good.Requests.Count > 1);
    }

    [Fact]
    public async Task Without_clusters_nothing_runs()
    {
        var options = Options.Create(new SparkOptions());
        using var http = new SparkHttp();
        var planner = new SparkPlanner(options, new SparkInstallations(options));
        using var clusters = new SparkClusters(planner, http, TimeProvider.System);
        using var watch = new SparkClusterWatch(
            planner,
            clusters,
            options,
            TimeProvider.System,
            NullLogger<SparkClusterWatch>.Instance
        );

        await watch.StartAsync(CancellationToken.None);

        await watch.ExecuteTask!.WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Equal("local", Assert.Single(watch.List()).Name);
    }
}
