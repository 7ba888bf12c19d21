using System.CommandLine;
using System.CommandLine.Parsing;
using Microsoft.Extensions.Logging.Abstractions;
using Sje.Web.Hosting;
using Sje.Web.Hosting.Postgres;

namespace Sje.Web.Cli;

/// <summary>
/// The database that a verb works on: the one it is given, the one of the configuration, that of the server which runs in this
/// folder, else this folder's embedded one, which then is started for as long as it takes.
/// </summary>
internal sealed class DatabaseAccess : IAsyncDisposable
{
    private static readonly Option<string> Database = new("--db")
    {
        Description = "Connection string (ConnectionStrings:Sje) [default: the database of this folder]",
    };

    private readonly EmbeddedPostgres? postgres;

    private DatabaseAccess(string connectionString, EmbeddedPostgres? postgres)
    {
        ConnectionString = connectionString;
        this.postgres = postgres;
    }

    /// <summary>How to reach it.</summary>
    public string ConnectionString { get; }

    /// <summary>Adds the option to a command.</summary>
    public static Command With(Command command)
    {
        command.Options.Add(Database);
        return command;
    }

    /// <summary>Whether the command line names a database.</summary>
    public static bool IsGiven(SymbolResult given) => given.GetValue(Database) is not null;

    /// <summary>Opens it; what was started is stopped when this is disposed of, unless a server came to use it meanwhile.</summary>
    public static async Task<DatabaseAccess> OpenAsync(ParseResult parsed, CancellationToken stop)
    {
        var home = SjeHome.ToAskIn();
        var configuration = Configure(parsed, home);
        if (configuration.ConnectionString is { } configured)
        {
            return new DatabaseAccess(configured, null);
        }

        if (RunFile.ReadLive(home) is { } running)
        {
            return new DatabaseAccess((await File.ReadAllTextAsync(running.ConnectionFile, stop)).Trim(), null);
        }

        home.CreateState();
        var options =
            new ConfigurationBuilder()
                .AddInMemoryCollection(configuration.Values)
                .Build()
                .GetSection(EmbeddedPostgresOptions.Section)
                .Get<EmbeddedPostgresOptions>()
            ?? new();
        var postgres = await EmbeddedPostgres.StartAsync(
            home.State,
            options,
            NullLogger.Instance,
            TimeProvider.System,
            stop
        );
        return new DatabaseAccess(postgres.ConnectionString, postgres);
    }

    /// <summary>The settings of a folder, checked, with the database of the command line.</summary>
    public static SjeConfiguration Configure(ParseResult parsed, SjeHome home)
    {
        var settings = new Dictionary<string, string?>();
        if (parsed.GetValue(Database) is { } given)
        {
            settings["ConnectionStrings:Sje"] = given;
        }

        var configuration = SjeConfiguration.Read(home, SjeApplication.Shape, settings);
        configuration.Check();
        return configuration;
    }

    public async ValueTask DisposeAsync()
    {
        if (postgres is not null)
        {
            await postgres.StopAsync(CancellationToken.None);
            await postgres.DisposeAsync();
        }
    }
}
