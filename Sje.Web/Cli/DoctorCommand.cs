using System.CommandLine;
using System.Text.Json.Nodes;
using CliWrap;
using CliWrap.Buffered;
using Npgsql;
using Sje.Jobs.Storage;
using Sje.Web.Failures;
using Sje.Web.Hosting;
using Sje.Web.Hosting.Postgres;
using Command = System.CommandLine.Command;

namespace Sje.Web.Cli;

/// <summary><c>sje doctor</c>: looks at everything SJE stands on and says what is wrong and what to do about it.</summary>
internal static class DoctorCommand
{
    private const long LowOnDisk = 1024L * 1024 * 1024;

    private enum Verdict
    {
        Ok,
        Note,
        Wrong,
    }

    public static Command Create()
    {
        var command = ClientOptions.WithOutput(
            DatabaseAccess.With(new Command("doctor", "Look for what keeps SJE from working here"))
        );
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        var findings = new List<Finding>();
        var home = SjeHome.ToAskIn();
        await LookAtProgramsAsync(findings, stop);
        LookAtFolder(findings, home);
        var running = RunFile.ReadLive(home);
        await LookAtServerAsync(findings, running, stop);
        var configuration = LookAtSettings(findings, home, parsed);
        if (configuration is not null)
        {
            if (running is null)
            {
                LookAtPorts(findings, configuration, home);
            }

            await LookAtDatabaseAsync(findings, configuration, home, running, stop);
        }

        if (ClientOptions.Json(parsed))
        {
            Show.Json(
                new JsonObject
                {
                    ["items"] = new JsonArray([.. findings.Select(finding => finding.Body())]),
                    ["nextCursor"] = null,
                }
            );
        }
        else
        {
            foreach (var finding in findings)
            {
                var mark = finding.Verdict switch
                {
                    Verdict.Ok => "ok   ",
                    Verdict.Note => "note ",
                    _ => "WRONG",
                };
                Console.Out.WriteLine($"{mark}  {finding.About}: {finding.Text}");
            }
        }

        return findings.Any(finding => finding.Verdict == Verdict.Wrong) ? ExitCodes.Machine : ExitCodes.Ok;
    }

    private static async Task LookAtProgramsAsync(List<Finding> findings, CancellationToken stop)
    {
        findings.Add(
            new("runtime", Verdict.Ok, System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription)
        );
        await ProgramAsync(
            findings,
            "bash",
            ["--version"],
            Verdict.Wrong,
            "tasks of type process are started by it",
            stop
        );
        await ProgramAsync(
            findings,
            "setsid",
            ["--version"],
            Verdict.Wrong,
            "each task gets a session of its own with it (util-linux)",
            stop
        );
        await ProgramAsync(
            findings,
            "python3",
            ["--version"],
            Verdict.Note,
            "only jobs written in Python need it",
            stop
        );
        await ProgramAsync(
            findings,
            "npm",
            ["--version"],
            Verdict.Note,
            "'./sje up' fetches the sample data with it",
            stop
        );
        var found = await PostgresBinaries.FindAsync([], stop);
        findings.Add(
            found is [var newest, ..]
                ? newest.Major >= PostgresBinaries.OldestMajor
                    ? new("PostgreSQL", Verdict.Ok, $"{newest.Major} in {newest.Folder}")
                    : new(
                        "PostgreSQL",
                        Verdict.Note,
                        $"{newest.Major} in {newest.Folder} is older than {PostgresBinaries.OldestMajor}: npm's package is taken instead"
                    )
                : new(
                    "PostgreSQL",
                    Verdict.Note,
                    "no server programs on this machine: npm's package is taken, unless --db names a server"
                )
        );
    }

    private static void LookAtFolder(List<Finding> findings, SjeHome home)
    {
        var probe = Path.Combine(home.Folder, $".sje-doctor-{Environment.ProcessId}");
        try
        {
            File.WriteAllText(probe, "");
            File.Delete(probe);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            findings.Add(new("folder", Verdict.Wrong, $"{home.Folder} cannot be written: {refused.Message}"));
            return;
        }

        var free = new DriveInfo(home.Folder).AvailableFreeSpace;
        findings.Add(
            new(
                "folder",
                free < LowOnDisk ? Verdict.Wrong : Verdict.Ok,
                $"{home.Folder}, {free >> 20:N0} MiB free{(free < LowOnDisk ? ": make room, or database and logs will stop" : "")}"
            )
        );
    }

    private static async Task LookAtServerAsync(List<Finding> findings, RunFile? running, CancellationToken stop)
    {
        if (running is null)
        {
            findings.Add(new("server", Verdict.Note, "none runs in this folder: 'sje up' or 'sje all' starts one"));
            return;
        }

        using var client = new SjeClient(new Uri(running.Url), Environment.GetEnvironmentVariable("SJE_KEY"));
        try
        {
            var health = await client.TryAsync(HttpMethod.Get, "health", null, null, stop);
            findings.Add(
                new(
                    "server",
                    health.IsSuccess ? Verdict.Ok : Verdict.Wrong,
                    $"process {running.ProcessId} at {running.Url}"
                        + (health.IsSuccess ? "" : $" answers {(int)health.Status}: {health.Text}")
                )
            );
        }
        catch (FailureException silent)
        {
            findings.Add(new("server", Verdict.Wrong, $"process {running.ProcessId}: {silent.Message}"));
        }
    }

    private static SjeConfiguration? LookAtSettings(List<Finding> findings, SjeHome home, ParseResult parsed)
    {
        try
        {
            var configuration = DatabaseAccess.Configure(parsed, home);
            findings.Add(new("settings", Verdict.Ok, "read and checked"));
            findings.AddRange(configuration.Notes.Select(note => new Finding("settings", Verdict.Note, note)));
            return configuration;
        }
        catch (FailureException wrong)
        {
            findings.Add(new("settings", Verdict.Wrong, wrong.Message));
            findings.AddRange(wrong.Faults.Select(fault => new Finding("settings", Verdict.Wrong, fault)));
            return null;
        }
    }

    private static void LookAtPorts(List<Finding> findings, SjeConfiguration configuration, SjeHome home)
    {
        var urls = new ServerOptions { Urls = configuration.Get("server:urls") ?? new ServerOptions().Urls };
        try
        {
            ListenAddresses.RequireFree(urls.Split(), home);
            findings.Add(new("address", Verdict.Ok, $"{urls.Urls} is free"));
        }
        catch (FailureException taken)
        {
            findings.Add(new("address", Verdict.Wrong, taken.Message));
        }
    }

    private static async Task LookAtDatabaseAsync(
        List<Finding> findings,
        SjeConfiguration configuration,
        SjeHome home,
        RunFile? running,
        CancellationToken stop
    )
    {
        var connectionString =
            configuration.ConnectionString
            ?? (running is null ? null : (await File.ReadAllTextAsync(running.ConnectionFile, stop)).Trim());
        if (connectionString is null)
        {
            var data = Directory.Exists(home.State)
                ? Directory.GetDirectories(home.State, "pg*").FirstOrDefault()
                : null;
            findings.Add(
                new(
                    "database",
                    Verdict.Note,
                    data is null ? "none yet: one is made at the first start" : $"embedded, in {data}, not running"
                )
            );
            return;
        }

        try
        {
            await using var connection = new NpgsqlConnection(
                new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, Timeout = 5 }.ConnectionString
            );
            await connection.OpenAsync(stop);
            var version = connection.PostgreSqlVersion;
            var pending = Migrator.Pending(connectionString);
            findings.Add(
                version.Major < PostgresBinaries.OldestMajor
                    ? new(
                        "database",
                        Verdict.Wrong,
                        $"PostgreSQL {version} at {connection.Host}:{connection.Port}; {PostgresBinaries.OldestMajor} or newer is needed"
                    )
                    : new(
                        "database",
                        Verdict.Ok,
                        $"PostgreSQL {version} at {connection.Host}:{connection.Port}, '{connection.Database}'"
                    )
            );
            if (await SchemaVersions.ObstacleAsync(connectionString, stop) is { } obstacle)
            {
                findings.Add(new("schema", Verdict.Wrong, obstacle));
            }
            else if (pending.Count > 0)
            {
                findings.Add(
                    new(
                        "schema",
                        Verdict.Note,
                        $"{pending.Count} migrations have not run: the next start, or 'sje migrate', runs them"
                    )
                );
            }
        }
        catch (NpgsqlException down)
        {
            findings.Add(new("database", Verdict.Wrong, RoleHost.Unreachable(connectionString, down).Message));
        }
    }

    private static async Task ProgramAsync(
        List<Finding> findings,
        string program,
        string[] arguments,
        Verdict ifMissing,
        string why,
        CancellationToken stop
    )
    {
        try
        {
            var said = await CliWrap
                .Cli.Wrap(program)
                .WithArguments(arguments)
                .WithValidation(CommandResultValidation.None)
                .ExecuteBufferedAsync(stop);
            var version =
                said.StandardOutput.Split('\n', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() ?? "there";
            findings.Add(new(program, Verdict.Ok, version));
        }
        catch (System.ComponentModel.Win32Exception)
        {
            findings.Add(new(program, ifMissing, $"is not on PATH; {why}"));
        }
    }

    private sealed record Finding(string About, Verdict Verdict, string Text)
    {
        public JsonObject Body() =>
            new()
            {
                ["about"] = About,
                ["verdict"] = Verdict.ToString().ToLowerInvariant(),
                ["text"] = Text,
            };
    }
}
