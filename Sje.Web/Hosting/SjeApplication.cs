using Microsoft.Extensions.DependencyInjection.Extensions;
using Serilog;
using Serilog.Core;
using Sje.Core.Dialects;
using Sje.Core.Jobs;
using Sje.Core.Reliability;
using Sje.Jobs;
using Sje.Jobs.Engines;
using Sje.Jobs.Engines.Spark.Configuration;
using Sje.Jobs.Engines.Sql;
using Sje.Jobs.Execution;
using Sje.Jobs.Maintenance;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;
using Sje.Web.Api;
using Sje.Web.Api.Auth;
using Sje.Web.Dashboard;
using Sje.Web.Hosting.Postgres;
using Sje.Web.Links;
using Sje.Web.Monitoring;

namespace Sje.Web.Hosting;

/// <summary>
/// The one place where a process is put together: which parts a role has, in which order they start. Start-up and tests alike build
/// through it.
/// </summary>
internal static class SjeApplication
{
    /// <summary>The sections of the configuration that are ours.</summary>
    public static SettingsShape Shape { get; } =
        new(
            new Dictionary<string, Type>
            {
                [ServerOptions.Section] = typeof(ServerOptions),
                [StorageOptions.Section] = typeof(StorageOptions),
                [WorkerOptions.Section] = typeof(WorkerOptions),
                [ExecutionOptions.Section] = typeof(ExecutionOptions),
                [SparkOptions.Section] = typeof(SparkOptions),
                [ConnectionOptions.Section] = typeof(Dictionary<string, ConnectionOptions>),
                [CircuitBreakerOptions.Section] = typeof(CircuitBreakerOptions),
                [RetryPolicyOptions.Section] = typeof(Dictionary<string, RetryPolicyOptions>),
                [RetentionOptions.Section] = typeof(RetentionOptions),
                [AuthOptions.Section] = typeof(AuthOptions),
                [MonitoringOptions.Section] = typeof(MonitoringOptions),
                [EmbeddedPostgresOptions.Section] = typeof(EmbeddedPostgresOptions),
            }
        );

    /// <summary>Builds the host of a role on a database that is there and migrated. Nothing is started.</summary>
    /// <param name="role">What it is to do; a worker gets no web server at all.</param>
    /// <param name="home">Where it belongs.</param>
    /// <param name="configuration">The settings, checked.</param>
    /// <param name="connectionString">The database.</param>
    /// <param name="logger">Where logs go; the caller's to dispose.</param>
    /// <param name="postgres">The embedded server to look after, if it is ours.</param>
    /// <param name="adjust">For tests: a last change before the host is built.</param>
    public static IHost Build(
        Role role,
        SjeHome home,
        SjeConfiguration configuration,
        string connectionString,
        Logger logger,
        EmbeddedPostgres? postgres = null,
        Action<IHostApplicationBuilder>? adjust = null
    )
    {
        if (!role.Serves())
        {
            var worker = Host.CreateApplicationBuilder(
                new HostApplicationBuilderSettings
                {
                    ApplicationName = ApplicationName,
                    ContentRootPath = AppContext.BaseDirectory,
                    DisableDefaults = true,
                }
            );
            AddCommon(worker, home, configuration, connectionString, logger, postgres);
            AddRole(worker, role);
            worker.AddTelemetry(serves: false);
            adjust?.Invoke(worker);
            return worker.Build();
        }

        var builder = WebApplication.CreateBuilder(
            new WebApplicationOptions
            {
                ApplicationName = ApplicationName,
                ContentRootPath = AppContext.BaseDirectory,
                WebRootPath = WebRoot(home),
            }
        );
        AddCommon(builder, home, configuration, connectionString, logger, postgres);
        AddRole(builder, role);
        AddServer(builder);
        builder.AddTelemetry(serves: true);
        adjust?.Invoke(builder);
        var app = builder.Build();
        MapServer(app);
        return app;
    }

    private static string? ApplicationName => typeof(SjeApplication).Assembly.GetName().Name;

    private static void AddCommon(
        IHostApplicationBuilder builder,
        SjeHome home,
        SjeConfiguration configuration,
        string connectionString,
        Logger logger,
        EmbeddedPostgres? postgres
    )
    {
        // Ours alone: the defaults would read variables without a prefix, and appsettings.json from wherever we stand.
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection(configuration.Values);
        builder.Configuration["ConnectionStrings:Sje"] = connectionString;
        builder.Services.AddSerilog(logger, dispose: false);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(home);
        builder.Services.AddSingleton(_ => new Database(connectionString));
        builder.Services.AddSjeStorage();
        // Signals are RoleHost's: the host's own handler swallows a second Ctrl-C.
        builder.Services.RemoveAll<IHostLifetime>();
        builder.Services.AddSingleton<IHostLifetime, SilentLifetime>();
        if (postgres is not null)
        {
            builder.Services.AddSingleton(postgres);
            builder.Services.AddHostedService<EmbeddedPostgresSupervisor>();
        }
    }

    /// <summary>What a role has beside database, storage and the folder it belongs to.</summary>
    internal static void AddRole(IHostApplicationBuilder builder, Role role)
    {
        builder.Services.AddSjeCore();
        if (role.Works())
        {
            builder.Services.AddSjeWorker();
        }

        if (role.Serves())
        {
            builder.Services.AddSjeServer();
        }

        builder
            .Services.AddOptions<HostOptions>()
            .Configure<StopTimes>((host, times) => host.ShutdownTimeout = times.Host);
        builder.Services.AddOptions<ServerOptions>().BindConfiguration(ServerOptions.Section);
        builder.Services.AddOptions<WorkerOptions>().BindConfiguration(WorkerOptions.Section);
        builder.Services.AddOptions<CircuitBreakerOptions>().BindConfiguration(CircuitBreakerOptions.Section);
        builder.Services.AddSingleton(BuiltInEngines.Types(builder.Configuration));
        builder.Services.AddSingleton(p => RetryPoliciesOf(p.GetRequiredService<IConfiguration>()));
        builder.Services.AddSingleton(p => new JobReader(
            p.GetRequiredService<TaskTypes>(),
            p.GetRequiredService<RetryPolicies>(),
            JobDialects.All
        ));
    }

    /// <summary>The retry policies of a configuration.</summary>
    internal static RetryPolicies RetryPoliciesOf(IConfiguration configuration) =>
        RetryPolicyOptions.ToPolicies(
            configuration.GetSection(RetryPolicyOptions.Section).Get<Dictionary<string, RetryPolicyOptions>>() ?? []
        );

    private static void AddServer(WebApplicationBuilder builder)
    {
        var server =
            builder.Configuration.GetSection(ServerOptions.Section).Get<ServerOptions>() ?? new ServerOptions();
        builder.WebHost.UseUrls(server.Split());
        builder.Services.AddSingleton(new OwnPages(BuiltPages.AreIn(builder.Environment)));
        builder.Services.AddSjeApi(builder.Configuration);
        builder.Services.AddSjeDashboard();
    }

    private static void MapServer(WebApplication app)
    {
        app.UseSjeApi();
        BuiltPages.Use(app);
        app.MapSjeApi();
        app.MapSjeDashboard();
        app.MapTelemetry();
    }

    /// <summary>The built pages: those of the clone while they are worked on, else those beside the binary.</summary>
    private static string WebRoot(SjeHome home)
    {
        var beside = Path.Combine(AppContext.BaseDirectory, "wwwroot");
        var own = Path.Combine(home.Folder, "wwwroot");
        return File.Exists(Path.Combine(own, "index.html")) || !Directory.Exists(beside) && Directory.Exists(own)
            ? own
            : beside;
    }

    private sealed class SilentLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
