using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Sje.Jobs.Storage;
using Sje.Tests.Integration.Hosting;
using Sje.Web.Hosting.Postgres;

namespace Sje.Tests.Support;

/// <summary>A PostgreSQL of a test's own, to be stopped and killed. Durable: what it has acknowledged must be there after a kill.</summary>
internal sealed class BreakablePostgres : IAsyncDisposable
{
    private readonly string folder;
    private readonly EmbeddedPostgres postgres;

    private BreakablePostgres(string folder, EmbeddedPostgres postgres, TestDatabase db) =>
        (this.folder, this.postgres, Db) = (folder, postgres, db);

    public TestDatabase Db { get; }

    public static async Task<BreakablePostgres> StartAsync()
    {
        var folder = EmbeddedPostgresTests.TestFolder();
        var postgres = await EmbeddedPostgres.StartAsync(
            folder,
            new EmbeddedPostgresOptions { MaxConnections = 400 },
            NullLogger.Instance,
            TimeProvider.System,
            CancellationToken.None
        );
        await Migrator.MigrateAsync(postgres.ConnectionString, CancellationToken.None);
        return new BreakablePostgres(folder, postgres, TestDatabase.Of(postgres.ConnectionString));
    }

    /// <summary>Ends it: INT is its fast shutdown, QUIT the immediate one, KILL none at all.</summary>
    public async Task EndAsync(string signal)
    {
        var process = postgres.ProcessId ?? throw new InvalidOperationException("It is down already.");
        using (var kill = Process.Start("kill", ["-" + signal, process.ToString(CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync();
        }

        await Eventually.TrueAsync(() => Task.FromResult(postgres.ProcessId is null), "the database is down", 60);
    }

    /// <summary>Starts it again, on the same port.</summary>
    public Task StartAgainAsync() => postgres.RestartIfDownAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await Db.DisposeAsync();
        await postgres.StopAsync(CancellationToken.None);
        await postgres.DisposeAsync();
        foreach (var process in Postmaster.ProcessesOf(postgres.Data))
        {
            Postmaster.Kill(process);
        }

        Directory.Delete(folder, recursive: true);
    }
}
