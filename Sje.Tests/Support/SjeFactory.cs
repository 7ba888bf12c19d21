using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Serilog;
using Sje.Jobs.Execution;
using Sje.Web.Hosting;

namespace Sje.Tests.Support;

/// <summary>
/// The whole application as it is started in production, role <c>all</c>, on a test server and a database of its own. Our start-up builds
/// its host itself, so the factory takes that one instead of looking for it behind the program's entry point.
/// </summary>
public sealed class SjeFactory : WebApplicationFactory<Program>, IAsyncLifetime
{
    private readonly TestDatabase clone = new();
    private readonly Serilog.Core.Logger logger = new LoggerConfiguration().CreateLogger();
    private readonly string folder = Directory.CreateTempSubdirectory("sje-factory-").FullName;

    public TestDatabase Clone => clone;

    public ValueTask InitializeAsync() => clone.InitializeAsync();

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await clone.DisposeAsync();
        await logger.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    protected override IHostBuilder CreateHostBuilder() => new HostBuilder();

    protected override IHost CreateHost(IHostBuilder builder)
    {
        var home = new SjeHome(folder);
        var configuration = SjeConfiguration.Read(
            home,
            SjeApplication.Shape,
            [new("storage:root", folder), new("worker:leaseSeconds", "7"), new("worker:slots", "4")]
        );
        var host = SjeApplication.Build(
            Role.All,
            home,
            configuration,
            clone.ConnectionString,
            logger,
            adjust: application =>
            {
                ((WebApplicationBuilder)application).WebHost.UseTestServer();

                // The process is the test runner; children are the real program.
                application.Services.AddSingleton(new SelfCommand([Path.Combine(AppContext.BaseDirectory, "sje")]));
            }
        );
        host.Start();
        return host;
    }
}
