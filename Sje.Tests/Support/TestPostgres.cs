using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Sje.Web.Hosting.Postgres;

namespace Sje.Tests.Support;

/// <summary>
/// The PostgreSQL server that tests use: the one of <c>SJE_TEST_POSTGRES</c>, else one of this run's own, started for the first test that
/// asks and gone at the end, also when the run is killed.
/// </summary>
internal static class TestPostgres
{
    private static readonly Lazy<Task<string>> Own = new(StartOwnAsync);

    // Held for good: collected, it would close the pipe, and the guard would take that for the end of the run.
    private static Process? guard;

    public static Task<string> ConnectionStringAsync() =>
        Environment.GetEnvironmentVariable("SJE_TEST_POSTGRES") is { Length: > 0 } given
            ? Task.FromResult(given)
            : Own.Value;

    private static async Task<string> StartOwnAsync()
    {
        var folder = Directory.CreateTempSubdirectory("sje-tests-").FullName;
        // The database's user must be able to enter it.
        File.SetUnixFileMode(
            folder,
            File.GetUnixFileMode(folder) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute
        );
        var postgres = await EmbeddedPostgres.StartAsync(
            folder,
            new EmbeddedPostgresOptions { Durable = false, MaxConnections = 500 },
            NullLogger.Instance,
            TimeProvider.System,
            CancellationToken.None
        );
        StartGuard(
            folder,
            postgres.ProcessId ?? throw new InvalidOperationException("PostgreSQL ended right after its start.")
        );
        return postgres.ConnectionString;
    }

    /// <summary>
    /// A shell in a session of its own that waits for the end of its input, which comes with ours however we end, and then
    /// stops the server (SIGINT is its fast shutdown) and removes its files.
    /// </summary>
    private static void StartGuard(string folder, int postmaster)
    {
        var start = new ProcessStartInfo("setsid")
        {
            RedirectStandardInput = true,
            ArgumentList =
            {
                "bash",
                "-c",
                """
                    exec >/dev/null 2>&1
                    read -r _
                    kill -INT "$1"
                    for _ in $(seq 100); do kill -0 "$1" || break; sleep 0.1; done
                    kill -KILL "$1"
                    rm -rf "$2"
                    """,
                "guard",
                postmaster.ToString(System.Globalization.CultureInfo.InvariantCulture),
                folder,
            },
        };
        // The pipe's other end is this process's alone and closes with it.
        guard = Process.Start(start) ?? throw new InvalidOperationException("setsid could not be started.");
    }
}
