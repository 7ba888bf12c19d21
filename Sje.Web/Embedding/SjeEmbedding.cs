using Microsoft.Extensions.DependencyInjection.Extensions;
using Sje.Jobs.Background;
using Sje.Jobs.Execution;
using Sje.Jobs.Storage;
using Sje.Web.Api;
using Sje.Web.Api.Auth;
using Sje.Web.Dashboard;
using Sje.Web.Hosting;

namespace Sje.Web.Embedding;

/// <summary>Builds SJE into an ASP.NET Core host of somebody else's, beside his own pages and his own Hangfire jobs.</summary>
public static class SjeEmbedding
{
    // What MapSje maps; everything else is the host's.
    private static readonly PathString[] Paths =
    [
        "/task",
        "/tasks",
        "/api/v1",
        "/health",
        "/mgmt",
        "/openapi",
        "/docs",
        SignInByPage.Path,
        HangfireDashboard.Path,
    ];

    /// <summary>
    /// Adds SJE: queue, workers, API, dashboard, and Hangfire with its clients. Settings are read from the host's configuration
    /// (<c>worker</c>, <c>storage</c>, <c>execution</c>, <c>auth</c>), the database from <c>ConnectionStrings:Sje</c>. Its schema is brought up to date
    /// before its first use.
    /// </summary>
    /// <exception cref="InvalidOperationException">No database is named, or the program that runs tasks is not beside the host.</exception>
    public static WebApplicationBuilder AddSje(
        this WebApplicationBuilder builder,
        Action<SjeEmbeddingOptions>? configure = null
    )
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = new SjeEmbeddingOptions();
        configure?.Invoke(options);
        var connectionString =
            options.ConnectionString
            ?? builder.Configuration.GetConnectionString("Sje")
            ?? throw new InvalidOperationException(
                "SJE needs a PostgreSQL database: set ConnectionStrings:Sje, or ConnectionString in AddSje."
            );
        if (options.RunTasks)
        {
            // Tasks run in child processes of SJE's own program, not of the host's.
            builder.Services.AddSingleton(ChildProgram());
        }

        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(new SjeHome(builder.Environment.ContentRootPath));
        builder.Services.AddSingleton(_ => Open(connectionString));
        builder.Services.AddSjeStorage();
        SjeApplication.AddRole(builder, options.RunTasks ? Role.All : Role.Server);
        builder.Services.AddSjeApi(builder.Configuration);
        builder.Services.AddSjeDashboard();
        builder.Services.Configure<ForeignJobOptions>(foreign =>
        {
            foreign.Queues = [.. options.HangfireQueues];
            foreign.Workers = options.HangfireWorkers;
            foreign.PollingInterval = options.HangfirePollingInterval;
        });
        return builder;
    }

    /// <summary>
    /// Maps SJE's API, its documentation and the dashboard at their usual places. Errors of other routes stay the host's own; so does
    /// the page at <c>/</c>.
    /// </summary>
    public static WebApplication MapSje(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.UseWhen(context => IsOurs(context.Request.Path), SjeApi.UseAnswers);
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapSjeApi();
        app.MapSjeDashboard();
        return app;
    }

    /// <summary>Whether a path is among those that <see cref="MapSje"/> maps.</summary>
    internal static bool IsOurs(PathString path) =>
        Paths.Any(ours => path.StartsWithSegments(ours)) || SparkUiApi.IsOurs(path);

    private static SelfCommand ChildProgram()
    {
        var program = Path.Combine(AppContext.BaseDirectory, "sje");
        return File.Exists(program)
            ? new SelfCommand([program])
            : throw new InvalidOperationException(
                $"Tasks run in child processes of '{program}', which is not there: refer to the project Sje.Web, which puts it beside the host, or set RunTasks = false."
            );
    }

    private static Database Open(string connectionString)
    {
        // Whoever asks for the database first gets it with its schema. Once per process, so that this may wait.
        Migrator.MigrateAsync(connectionString, CancellationToken.None).GetAwaiter().GetResult();
        return new Database(connectionString);
    }
}
