using System.Text.Json;
using Sje.Jobs.Storage;
using Sje.Tests.Integration.Hosting;
using Sje.Tests.Support;
using Sje.Web.Failures;

namespace Sje.Tests.EndToEnd.Hosting;

/// <summary>Real processes on databases that are empty, older, or not for them.</summary>
public sealed class SchemaStartTests : IDisposable
{
    private readonly string folder = EmbeddedPostgresTests.TestFolder();

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    public async Task Processes_that_start_at_once_on_an_empty_database_all_come_up(int count)
    {
        await using var database = await EmptyDatabase.CreateAsync();
        var homes = Enumerable
            .Range(0, count)
            .Select(i => Directory.CreateDirectory(Path.Combine(folder, $"{count}-{i}")).FullName)
            .ToList();
        var started = homes
            .Select(
                (home, i) =>
                    i % 2 == 0
                        ? SjeProcess.Start(
                            home,
                            ["all", "--port", "0", "--slots", "1", "--db", database.ConnectionString]
                        )
                        : SjeProcess.Start(home, ["worker", "--slots", "1", "--db", database.ConnectionString])
            )
            .ToList();
        try
        {
            for (var i = 0; i < count; i += 2)
            {
                await started[i].ReadyAsync(homes[i]);
            }

            await Eventually.TrueAsync(
                async () =>
                    await database.ScalarAsync<long>("select count(*) from sje.workers where state = 'active'")
                    == count,
                "all workers are there",
                120
            );
            var end = await RunJobAsync(homes[0]);
            Assert.Equal("succeeded", end);
            Assert.Single(
                started,
                sje => sje.Errors.Contains("Brought the database to this version's schema", StringComparison.Ordinal)
            );
        }
        finally
        {
            foreach (var sje in started)
            {
                await sje.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task A_start_that_is_killed_while_it_makes_the_schema_keeps_nobody_from_making_it()
    {
        for (var round = 0; round < 3; round++)
        {
            await using var database = await EmptyDatabase.CreateAsync();
            var home = Directory.CreateDirectory(Path.Combine(folder, $"killed-{round}")).FullName;
            await using var first = SjeProcess.Start(home, ["migrate", "--db", database.ConnectionString]);
            await Eventually.TrueAsync(
                async () =>
                    await database.ScalarAsync<long>(
                        "select count(*) from pg_stat_activity where application_name like 'sje-migrate%' and datname = current_database()"
                    ) > 0,
                "the first is at it",
                60
            );
            await Task.Delay(TimeSpan.FromMilliseconds(60 * round), TimeProvider.System);
            first.Signal("KILL");
            await first.EndAsync();

            var (code, _, errors) = await SjeProcess.RunAsync(home, "migrate", "--db", database.ConnectionString);

            Assert.True(code == ExitCodes.Ok, errors);
            Assert.Empty(Migrator.Pending(database.ConnectionString));
            Assert.Equal(
                Migrator.NewestOfHangfire,
                await database.ScalarAsync<int>("select version from hangfire.schema")
            );
        }
    }

    [Fact]
    public async Task On_the_database_of_an_older_Hangfire_work_runs_and_its_jobs_are_still_there()
    {
        await using var database = await EmptyDatabase.CreateAsync();
        await OlderHangfire.InstallAsync(database.ConnectionString, 17);
        await OlderHangfire.FillAsync(database.ConnectionString);

        await using var sje = SjeProcess.Start(
            folder,
            ["all", "--port", "0", "--slots", "2", "--db", database.ConnectionString]
        );
        await sje.ReadyAsync(folder);

        Assert.Equal("succeeded", await RunJobAsync(folder));
        await Eventually.TrueAsync(
            async () =>
                await database.ScalarAsync<long>(
                    "select count(*) from sje.all_tasks t join hangfire.job j on j.id = t.hangfire_job_id where j.statename = 'Succeeded'"
                ) == 1,
            "both views agree",
            30
        );
        Assert.Equal(
            "Enqueued",
            await database.ScalarAsync<string>("select statename from hangfire.job where id = 41")
        );
        Assert.Contains("Hangfire's schema 17 to", sje.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "insert into public.sje_schema_versions (scriptname, applied) values ('migrations.9999_later.sql', now())",
        "newer than this sje"
    )]
    [InlineData("update hangfire.schema set version = 99", "version 99, newer than")]
    [InlineData("update hangfire.schema set version = 1", "says version 1")]
    public async Task Every_role_refuses_a_schema_that_is_not_for_it_in_one_line_and_with_a_code_of_its_own(
        string damage,
        string said
    )
    {
        await using var database = await EmptyDatabase.CreateAsync();
        await Migrator.MigrateAsync(database.ConnectionString, TestContext.Current.CancellationToken);
        await database.ExecuteAsync(damage);
        string[][] commands =
        [
            ["server", "--port", "0"],
            ["worker"],
            ["migrate"],
        ];

        foreach (var words in commands)
        {
            var (code, output, errors) = await SjeProcess.RunAsync(
                folder,
                [.. words, "--db", database.ConnectionString]
            );

            Assert.Equal((ExitCodes.Machine, ""), (code, output));
            Assert.Contains(said, Assert.Single(Lines(errors)), StringComparison.Ordinal);
        }

        var doctor = await SjeProcess.RunAsync(folder, "doctor", "--db", database.ConnectionString);
        Assert.NotEqual(ExitCodes.Ok, doctor.Code);
        Assert.Contains(said, doctor.Output, StringComparison.Ordinal);
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static async Task<string?> RunJobAsync(string home)
    {
        await File.WriteAllTextAsync(
            Path.Combine(home, "job.yaml"),
            "name: hello\ntype: process\nprocess: {command: [echo, hello]}\n"
        );
        var submit = await SjeProcess.RunAsync(home, "submit", "job.yaml", "--wait", "--output", "json");
        Assert.True(submit.Code == ExitCodes.Ok, submit.Errors);
        using var end = JsonDocument.Parse(submit.Output);
        return end.RootElement.GetProperty("state").GetString();
    }
}
