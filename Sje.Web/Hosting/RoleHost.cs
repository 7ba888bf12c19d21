using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Npgsql;
using Serilog.Extensions.Logging;
using Sje.Jobs.Faults;
using Sje.Jobs.Storage;
using Sje.Web.Failures;
using Sje.Web.Hosting.Postgres;
using Sje.Web.Monitoring;

namespace Sje.Web.Hosting;

/// <summary>
/// Runs one role from start to end: settings, database, schema, host; then waits for a signal, drains, and stops what it started.
/// </summary>
internal static class RoleHost
{
    /// <summary>Returns when the process was asked to stop and everything of it has.</summary>
    /// <exception cref="FailureException">It cannot start.</exception>
    public static async Task RunAsync(Launch launch, CancellationToken stop)
    {
        if (FaultPoint.ReadEnvironment() is { } wrong)
        {
            throw new FailureException(wrong, ExitCodes.Configuration);
        }

        var (role, home) = (launch.Role, launch.Home);
        var configuration = SjeConfiguration.Read(home, SjeApplication.Shape, launch.Settings);
        configuration.Check();
        var plain = new ConfigurationBuilder().AddInMemoryCollection(configuration.Values).Build();
        var server = plain.GetSection(ServerOptions.Section).Get<ServerOptions>() ?? new ServerOptions();
        var watched = (plain.GetSection(MonitoringOptions.Section).Get<MonitoringOptions>() ?? new()).Split();
        string[] addresses = role.Serves() ? [.. server.Split(), .. watched] : watched;
        ListenAddresses.RequireFree(addresses, home);

        home.CreateState();
        await using var logger = SjeLogging.Create(plain, home.Logs);
        using var loggers = new SerilogLoggerFactory(logger);
        var log = loggers.CreateLogger("Sje.Hosting");
        foreach (var note in configuration.Notes)
        {
            HostingLog.ConfigurationNote(log, note);
        }

        // Signals must reach us from now on, while the database starts too, and not end the process half-way.
        using var signals = new StopSignals(stop);
        EmbeddedPostgres? postgres = null;
        try
        {
            var connectionString = configuration.ConnectionString;
            if (connectionString is null && role.Serves())
            {
                var options = plain.GetSection(EmbeddedPostgresOptions.Section).Get<EmbeddedPostgresOptions>() ?? new();
                postgres = await EmbeddedPostgres.StartAsync(
                    home.State,
                    options,
                    log,
                    TimeProvider.System,
                    signals.Token
                );
                connectionString = postgres.ConnectionString;
            }

            connectionString ??= FindRunning(home);
            await MigrateAsync(connectionString, log, signals.Token);
            using var app = SjeApplication.Build(role, home, configuration, connectionString, logger, postgres);
            await BindGuard.CheckAsync(
                app.Services,
                addresses,
                plain.GetValue<bool>("auth:allowAnonymous"),
                signals.Token
            );

            await StartAsync(app, signals.Token);
            try
            {
                var url = role.Serves() ? AddressOf(app) : null;
                if (url is not null)
                {
                    WriteRunFile(launch, url, connectionString, postgres);
                }

                HostingLog.Ready(log, role.ToString(), url ?? "no address");
                using var ended = app
                    .Services.GetRequiredService<IHostApplicationLifetime>()
                    .ApplicationStopping.Register(signals.Stop);
                await (launch.Ready?.Invoke(url, signals.Token) ?? Task.CompletedTask);
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, signals.Token);
            }
            catch (OperationCanceledException) when (signals.Token.IsCancellationRequested)
            {
                HostingLog.Stopping(log);
            }
            finally
            {
                await app.StopAsync(CancellationToken.None);
                RunFile.RemoveOwn(home);
            }
        }
        catch (OperationCanceledException) when (signals.Token.IsCancellationRequested)
        {
            HostingLog.Stopping(log);
        }
        finally
        {
            if (postgres is not null)
            {
                await postgres.StopAsync(CancellationToken.None);
                await postgres.DisposeAsync();
            }
        }
    }

    /// <summary>Brings the database to this binary's schema.</summary>
    /// <exception cref="FailureException">It does not answer, is too old, has a schema that is not for this binary, or a step failed.</exception>
    [SuppressMessage("Performance", "CA1873", Justification = "Once at start.")]
    public static async Task<IReadOnlyList<string>> MigrateAsync(
        string connectionString,
        ILogger log,
        CancellationToken stop
    )
    {
        try
        {
            await RequireVersionAsync(connectionString, stop);
            var ran = await Migrator.MigrateAsync(connectionString, stop);
            if (ran.Count > 0)
            {
                HostingLog.Migrated(log, string.Join(", ", ran));
            }

            return ran;
        }
        catch (MigrationException failed)
        {
            throw new FailureException(failed.Message, ExitCodes.Machine);
        }
        catch (NpgsqlException down)
        {
            throw Unreachable(connectionString, down);
        }
    }

    /// <summary>Says of a database that it does not answer, without its password.</summary>
    public static FailureException Unreachable(string connectionString, NpgsqlException reason)
    {
        var target = new NpgsqlConnectionStringBuilder(connectionString);
        return new FailureException(
            $"The database '{target.Database}' at {target.Host}:{target.Port} cannot be used as user '{target.Username}': "
                + $"{(reason.InnerException ?? reason).Message.Split('\n')[0]}. It is named by --db or ConnectionStrings:Sje.",
            ExitCodes.Unreachable
        );
    }

    private static async Task RequireVersionAsync(string connectionString, CancellationToken stop)
    {
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString
        );
        await connection.OpenAsync(stop);
        if (connection.PostgreSqlVersion.Major < PostgresBinaries.OldestMajor)
        {
            throw new FailureException(
                $"The database at {connection.Host}:{connection.Port} is PostgreSQL {connection.PostgreSqlVersion}; "
                    + $"{PostgresBinaries.OldestMajor} or newer is needed.",
                ExitCodes.Machine
            );
        }
    }

    /// <summary>A worker without a connection string belongs to the server of its folder.</summary>
    private static string FindRunning(SjeHome home) =>
        RunFile.ReadLive(home) is { } run
            ? File.ReadAllText(run.ConnectionFile).Trim()
            : throw new FailureException(
                $"No database: no server runs in {home.Folder}, and no connection string is given: set --db or ConnectionStrings:Sje."
            );

    private static async Task StartAsync(IHost app, CancellationToken stop)
    {
        try
        {
            await app.StartAsync(stop);
        }
        catch (IOException bind) when (bind.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            throw new FailureException($"{bind.Message} Choose another with --urls (server:urls).", ExitCodes.Machine);
        }
        catch (Microsoft.Extensions.Options.OptionsValidationException wrong)
        {
            throw new FailureException("The configuration is wrong:", ExitCodes.Configuration, [.. wrong.Failures]);
        }
    }

    private static string? AddressOf(IHost app) =>
        app
            .Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()
            ?.Addresses.FirstOrDefault()
            ?.Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal)
            .Replace("[::]", "127.0.0.1", StringComparison.Ordinal);

    private static void WriteRunFile(Launch launch, string url, string connectionString, EmbeddedPostgres? postgres) =>
        new RunFile
        {
            Url = url,
            ProcessId = Environment.ProcessId,
            ProcessStart = RunFile.StartOf(Environment.ProcessId) ?? 0,
            Role = launch.Role.ToString().ToLowerInvariant(),
            ConnectionFile = launch.Home.ConnectionFile,
            PostgresProcessId = postgres?.ProcessId,
            StartedAt = TimeProvider.System.GetUtcNow(),
        }.Write(launch.Home, connectionString);
}
