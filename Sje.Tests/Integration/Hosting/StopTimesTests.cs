using System.Reflection;
using Hangfire;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Serilog;
using Sje.Jobs.Execution;
using Sje.Jobs.Queueing;
using Sje.Tests.Support;
using Sje.Web.Hosting;

namespace Sje.Tests.Integration.Hosting;

/// <summary>The limits of a stop, as the parts of a built host have them.</summary>
public sealed class StopTimesTests(TestDatabase db) : IClassFixture<TestDatabase>
{
    [Theory]
    [InlineData(false, null, null)]
    [InlineData(true, null, null)]
    [InlineData(false, "0", "0")]
    [InlineData(false, "0", "3600")]
    [InlineData(false, "86400", "0")]
    [InlineData(true, "86400", "3600")]
    [InlineData(false, "0.001", "0.001")]
    public async Task The_host_waits_longer_than_Hangfire_and_Hangfire_longer_than_a_drain_with_its_checkpoint(
        bool serves,
        string? drainSeconds,
        string? graceSeconds
    )
    {
        await using var logger = new LoggerConfiguration().CreateLogger();
        var home = new SjeHome(Path.GetTempPath());
        var settings = new Dictionary<string, string?>
        {
            ["worker:drainSeconds"] = drainSeconds,
            ["execution:stopGraceSeconds"] = graceSeconds,
            ["worker:slots"] = "1",
        };
        var configuration = SjeConfiguration.Read(
            home,
            SjeApplication.Shape,
            settings.Where(setting => setting.Value is not null)
        );
        configuration.Check();
        using var host = SjeApplication.Build(
            serves ? Role.All : Role.Worker,
            home,
            configuration,
            db.ConnectionString,
            logger
        );

        var worker = host.Services.GetRequiredService<IOptions<WorkerOptions>>().Value;
        var execution = host.Services.GetRequiredService<IOptions<ExecutionOptions>>().Value;
        var whole = host.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout;
        var drain = host.Services.GetRequiredService<StopTimes>().Drain;
        var hangfire = WorkerServer(host).ShutdownTimeout;

        if (drainSeconds is not null)
        {
            Assert.Equal(drainSeconds, worker.DrainSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }

        Assert.True(drain.TotalSeconds > worker.DrainSeconds + execution.StopGraceSeconds + 10, $"{drain}");
        Assert.True(hangfire > drain, $"{hangfire} {drain}");
        // Hangfire is told to stop after the drain, so the host has to wait for one after the other.
        Assert.True(whole > drain + hangfire, $"{whole} {hangfire}");
        using var limit = new CancellationTokenSource(whole);
    }

    private static BackgroundJobServerOptions WorkerServer(IHost host) =>
        host
            .Services.GetServices<IHostedService>()
            .OfType<BackgroundJobServerHostedService>()
            .Select(service =>
                typeof(BackgroundJobServerHostedService)
                    .GetFields(BindingFlags.Instance | BindingFlags.NonPublic)
                    .Select(field => field.GetValue(service))
                    .OfType<BackgroundJobServerOptions>()
                    .Single()
            )
            .Single(options => options.IsLightweightServer);
}
