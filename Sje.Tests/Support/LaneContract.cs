using Microsoft.Extensions.DependencyInjection;
using Sje.Core.Jobs;
using Sje.Jobs.Queueing;

namespace Sje.Tests.Support;

/// <summary>
/// Promises that hold on either lane: a class of tests derives from this, and from that one class for each lane. Every test has a database of
/// its own, so what another leaves waiting does not run in it.
/// </summary>
public abstract class LaneContract(string lane) : IAsyncLifetime
{
    /// <summary>The test's database.</summary>
    protected TestDatabase Db { get; } = new();

    /// <summary>The built-in queue of the lane.</summary>
    protected string Queue { get; } = lane == Lanes.Direct ? "swarm" : "default";

    /// <summary>Whether tasks have background jobs.</summary>
    protected bool Background { get; } = lane == Lanes.Background;

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => Db.InitializeAsync();

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return Db.DisposeAsync();
    }

    /// <summary>A process whose slots are the lane's, and whose jobs go to the lane's queue.</summary>
    internal Task<TestNode> StartAsync(
        bool worker = true,
        Action<WorkerOptions>? options = null,
        ScriptedEngine? engine = null,
        Action<CircuitBreakerOptions>? breakers = null,
        Action<IServiceCollection>? services = null
    ) =>
        TestNode.StartAsync(
            Db,
            worker,
            o =>
            {
                o.Queues = [Queue];
                options?.Invoke(o);
                (o.Slots, o.DirectSlots) = Background ? (o.Slots, 0) : (1, o.Slots);
            },
            engine,
            s =>
            {
                s.Configure(breakers ?? (_ => { }));
                services?.Invoke(s);
            },
            Queue
        );

    /// <summary>A submission to the lane's queue.</summary>
    internal Submission Job(params TaskSpec[] tasks)
    {
        var job = TestNode.Job(tasks);
        return job with { Job = job.Job with { Queue = Queue } };
    }

    /// <summary>On the background lane Hangfire shows it so; on the direct lane there is nothing to show.</summary>
    internal async Task ShowsAsync(Guid execution, string task, string state, double seconds = 20)
    {
        if (Background)
        {
            await Db.HangfireBecomesAsync(execution, task, state, seconds);
            return;
        }

        Assert.Equal(
            0,
            await Db.ScalarAsync<long>(
                "select count(*) from sje.all_tasks where execution_id = $1 and hangfire_job_id is not null",
                execution
            )
        );
    }
}
