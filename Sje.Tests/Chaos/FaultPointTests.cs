using Sje.Jobs.Faults;
using Sje.Tests.Support;
using Sje.Web.Failures;

namespace Sje.Tests.Chaos;

/// <summary>The variable that strikes a process is taken seriously or refused, and no child ever sees it.</summary>
[Collection(Alone.Name)]
public sealed class FaultPointTests
{
    [Theory]
    [InlineData("claim.comitted:kill")]
    [InlineData("claim.committed")]
    [InlineData("claim.committed:explode")]
    [InlineData("claim.committed:0:kill")]
    [InlineData("claim.committed:kill,nowhere:stop")]
    [InlineData("claim.committed:delay=soon")]
    public async Task A_fault_that_cannot_strike_refuses_the_start_in_one_line_that_names_every_point(string fault)
    {
        var folder = Directory.CreateTempSubdirectory("sje-fault-").FullName;
        try
        {
            await using var process = SjeProcess.Start(
                folder,
                ["worker", "--db", "Host=127.0.0.1;Port=1;Database=none"],
                new Dictionary<string, string> { [FaultPoint.Variable] = fault }
            );

            Assert.Equal(ExitCodes.Configuration, await process.EndAsync());
            var line = Assert.Single(process.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
            Assert.All(FaultPoint.All, point => Assert.Contains(point, line, StringComparison.Ordinal));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_task_sees_nothing_of_its_workers_fault()
    {
        await using var scene = await CrashScene.OpenAsync();
        await scene.WorkerAsync(FaultPoint.AttemptRan + ":1000:kill");

        var id = await scene.SubmitAsync($"[ -z \"${{{FaultPoint.Variable}:-}}\" ]", maxAttempts: 1);

        await scene.Db.ExecutionBecomesAsync(id, "succeeded", 90);
    }
}
