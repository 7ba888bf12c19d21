using Sje.Jobs.Faults;
using Sje.Tests.Support;

namespace Sje.Tests.Chaos;

/// <summary>
/// SIGSTOP at a point, past the lease; another worker goes on; SIGCONT. What the first one says then, whether it succeeded or failed and
/// however deep in a state change it stood, changes neither view.
/// </summary>
[Collection(Alone.Name)]
public sealed class ZombieTests(ITestOutputHelper output)
{
    // All that either view shows, with Hangfire's figures. Its history may gain a line that says what was ignored.
    private const string Shown = """
        select jsonb_build_object(
            'tasks', (select jsonb_agg(jsonb_build_array(t.id, t.state, t.attempt, t.failures, t.lost, t.reason, t.finished_at, t.outputs,
                t.hangfire_job_id, j.statename) order by t.id) from sje.all_tasks t left join hangfire.job j on j.id = t.hangfire_job_id),
            'attempts', (select jsonb_agg(to_jsonb(a) order by a.task_id, a.number) from sje.all_attempts a),
            'executions', (select jsonb_agg(jsonb_build_array(e.id, e.state, e.finished_at, e.version) order by e.id) from sje.executions e),
            'figures', (select jsonb_object_agg(key, sum) from (
                select key, sum(value) from (
                    select key, value from hangfire.counter union all select key, value from hangfire.aggregatedcounter) c
                where length(key) < 26 group by key) f))::text
        """;

    private static readonly CrashPoint[] Points =
    [
        new(FaultPoint.DispatchAttached, "", "succeeded", 1),
        new(FaultPoint.ClaimCommitted, "", "lost,succeeded", 1),
        new(FaultPoint.SlotTaken, "", "lost,succeeded", 1),
        new(FaultPoint.StateCommitted("Processing") + ":throw," + FaultPoint.LockHeld, "", "lost,succeeded", 1),
        new(FaultPoint.StateElected("Processing"), "", "lost,succeeded", 1),
        new(FaultPoint.StateWritten("Processing"), "", "lost,succeeded", 1),
        new(FaultPoint.SlotBegun, "", "lost,succeeded", 1),
        // A late success, and a late failure.
        new(FaultPoint.AttemptRan, "", "lost,succeeded", 2),
        new(FaultPoint.AttemptRan, CrashPoint.FailsOnce, "lost,succeeded", 2),
        new(FaultPoint.AttemptEndWritten, "", "succeeded", 1),
        new(FaultPoint.StateCommitted("Succeeded") + ":throw," + FaultPoint.LockHeld, "", "succeeded", 1),
        new(FaultPoint.StateElected("Succeeded"), "", "succeeded", 1),
        new(FaultPoint.StateWritten("Succeeded"), "", "succeeded", 1),
        new(FaultPoint.AttemptEndWritten, CrashPoint.FailsOnce, "failed,succeeded", 2),
        new(FaultPoint.StateElected("Scheduled"), CrashPoint.FailsOnce, "failed,succeeded", 2),
        new(FaultPoint.StateWritten("Scheduled"), CrashPoint.FailsOnce, "failed,succeeded", 2),
        new(FaultPoint.StateElected("Failed"), CrashPoint.Fails, "failed", 1, "failed"),
        new(FaultPoint.StateWritten("Failed"), CrashPoint.Fails, "failed", 1, "failed"),
    ];

    // Where it says something the moment it wakes.
    private static readonly string[] Speaking =
    [
        FaultPoint.StateElected("Processing"),
        FaultPoint.StateWritten("Processing"),
        FaultPoint.SlotBegun,
        FaultPoint.AttemptRan,
        FaultPoint.StateElected("Succeeded"),
        FaultPoint.StateWritten("Succeeded"),
        FaultPoint.StateElected("Scheduled"),
        FaultPoint.StateElected("Failed"),
    ];

    [Fact]
    public Task A_worker_that_wakes_after_another_has_gone_on_changes_neither_view() =>
        Crashes.EachAsync(
            Points,
            output,
            async point =>
            {
                await using var scene = await CrashScene.OpenAsync();
                // When it wakes it stays at the point for some seconds, so that it learns of its own death before it goes on.
                var zombie = await scene.WorkerAsync(WithWake(point.Fault));
                var id = await scene.SubmitAsync(point.Script, point.MaxAttempts);
                await CrashScene.StandsAsync(zombie);
                await scene.WorkerAsync();
                var seconds = await scene.BothRightAsync(60);
                await point.CheckAsync(scene, id);
                await Eventually.TrueAsync(
                    async () =>
                        await scene.Db.ScalarAsync<string>("select state from sje.workers where name = 'w0'") == "dead",
                    "the first worker is dead",
                    60
                );
                var before = await scene.Db.ScalarAsync<string>(Shown);

                zombie.Signal("CONT");
                await Eventually.TrueAsync(
                    () => Task.FromResult(zombie.Errors.Contains("marked dead", StringComparison.Ordinal)),
                    "the first worker knows",
                    60
                );
                await Task.Delay(TimeSpan.FromSeconds(5), TimeProvider.System);

                Assert.Equal(before, await scene.Db.ScalarAsync<string>(Shown));
                await point.CheckAsync(scene, id);
                return seconds;
            }
        );

    [Fact]
    public Task A_worker_that_wakes_and_speaks_before_it_knows_of_its_death_changes_neither_view() =>
        Crashes.EachAsync(
            Points.Where(point => Speaking.Contains(point.Fault)),
            output,
            async point =>
            {
                await using var scene = await CrashScene.OpenAsync();
                var zombie = await scene.WorkerAsync(point.Fault + ":stop");
                var id = await scene.SubmitAsync(point.Script, point.MaxAttempts);
                await CrashScene.StandsAsync(zombie);
                await scene.WorkerAsync();
                var seconds = await scene.BothRightAsync(60);
                await point.CheckAsync(scene, id);
                var before = await scene.Db.ScalarAsync<string>(Shown);

                zombie.Signal("CONT");
                await Task.Delay(TimeSpan.FromSeconds(5), TimeProvider.System);

                Assert.Equal(before, await scene.Db.ScalarAsync<string>(Shown));
                await point.CheckAsync(scene, id);
                return seconds;
            }
        );

    private static string WithWake(string fault) => $"{fault}:stop,{fault.Split(',')[^1]}:delay=3s";
}
