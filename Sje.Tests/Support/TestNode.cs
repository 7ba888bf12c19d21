using System.Text.Json.Nodes;
using Hangfire;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sje.Core.Jobs;
using Sje.Core.Pipelines;
using Sje.Jobs;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;

namespace Sje.Tests.Support;

/// <summary>A whole process of ours (queue core, Hangfire, optionally a worker) inside the test, without HTTP.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    private readonly IHost host;

    private readonly string queue;

    private TestNode(IHost host, ScriptedEngine engine, string queue) =>
        (this.host, Engine, this.queue) = (host, engine, queue);

    /// <summary>What its worker runs, if it has one.</summary>
    public ScriptedEngine Engine { get; }

    public IServiceProvider Services => host.Services;

    public ExecutionIntake Intake => Services.GetRequiredService<ExecutionIntake>();

    public ExecutionControl Control => Services.GetRequiredService<ExecutionControl>();

    public IBackgroundJobClient Hangfire => Services.GetRequiredService<IBackgroundJobClient>();

    public static async Task<TestNode> StartAsync(
        TestDatabase db,
        bool worker = true,
        Action<WorkerOptions>? options = null,
        ScriptedEngine? engine = null,
        Action<IServiceCollection>? services = null,
        string queue = "default"
    )
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddLogging(l =>
            l.SetMinimumLevel(LogLevel.Warning).AddSimpleConsole(c => c.SingleLine = true)
        );
        builder.Services.AddSingleton(new Database(db.ConnectionString));
        builder.Services.Configure<WorkerOptions>(o =>
        {
            o.Queues = ["default"];
            o.Slots = 4;
            // Room for a busy machine: a lease that lapses unasked is another test.
            o.LeaseSeconds = 6;
            o.HeartbeatSeconds = 0.5;
            o.DrainSeconds = 1;
            options?.Invoke(o);
        });
        builder.Services.AddSingleton(
            new TaskTypes([new PipelineTaskType(), new ProcessTaskType(), new SparkTaskType(), new ScriptedTaskType()])
        );
        builder.Services.AddSjeCore();
        engine ??= new ScriptedEngine();
        if (worker)
        {
            builder.Services.AddSjeWorker();
            builder.Services.AddSingleton<IEngine>(engine);
        }

        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(30));
        services?.Invoke(builder.Services);
        var host = builder.Build();
        await host.StartAsync();
        return new TestNode(host, engine, queue);
    }

    public async Task<Guid> SubmitAsync(params TaskSpec[] tasks)
    {
        var job = Job(tasks);
        job = job with { Job = job.Job with { Queue = queue } };
        return ((SubmissionAccepted)(await Intake.AcceptAsync([job], CancellationToken.None))[0]).ExecutionId;
    }

    public static Submission Job(params TaskSpec[] tasks) =>
        new()
        {
            Job = new JobSpec
            {
                Name = "test",
                Tasks = tasks,
                Canonical = new JsonObject { ["name"] = "test" },
            },
        };

    public static TaskSpec Task(string name, string script, int maxAttempts = 3, params string[] dependsOn) =>
        new()
        {
            Name = name,
            Type = ScriptedEngine.TypeName,
            Settings = new JsonObject { ["script"] = script },
            DependsOn = dependsOn,
            Retry = new RetrySpec
            {
                MaxAttempts = maxAttempts,
                InitialDelay = TimeSpan.FromMilliseconds(100),
                Policy = "fixed",
            },
        };

    public string? HangfireState(long jobId)
    {
        using var connection = Services.GetRequiredService<JobStorage>().GetConnection();
        return connection.GetJobData(jobId.ToString(System.Globalization.CultureInfo.InvariantCulture))?.State;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await host.StopAsync();
        }
        catch (OperationCanceledException)
        {
            // Attempts that ignore their stop. Where a test has failed with one at work, its own error is the one to tell.
            Console.WriteLine("The node did not stop in time.");
        }

        host.Dispose();
    }
}

/// <summary>Lets job files say <c>type: scripted</c>.</summary>
internal sealed class ScriptedTaskType : ITaskType
{
    public string Type => ScriptedEngine.TypeName;

    public IReadOnlyList<string> Aliases => [];

    public IEnumerable<Fault> Validate(JsonObject settings, string pointer, IReadOnlyList<JobParameter> parameters) =>
        [];
}

/// <summary>
/// An engine that does as its settings say: <c>ok</c>, <c>fail</c>, <c>fail-once</c>, <c>busy</c> (asks for an hour), <c>down</c> (its target is), <c>wait</c> (until stopped), <c>hold</c> (until
/// <see cref="Release"/>), <c>stubborn</c> (holds and ignores stops), <c>zombie</c> (the first attempt is stubborn, the second
/// holds until <see cref="ReleaseNext"/>).
/// </summary>
internal sealed class ScriptedEngine : IEngine
{
    public const string TypeName = "scripted";

    private readonly TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int running;
    private int mostRunning;
    private int started;

    public string Type => TypeName;

    public EnginePlacement Placement => EnginePlacement.Worker;

    public int Started => Volatile.Read(ref started);

    public int Running => Volatile.Read(ref running);

    public int MostRunning => Volatile.Read(ref mostRunning);

    public List<EngineContext> Contexts { get; } = [];

    public void Release() => release.TrySetResult();

    public void ReleaseNext() => next.TrySetResult();

    public async Task<EngineResult> RunAsync(EngineContext context, CancellationToken stop)
    {
        lock (Contexts)
        {
            Contexts.Add(context);
            mostRunning = Math.Max(mostRunning, ++running);
            started++;
        }

        try
        {
            context.Reporter.Log(LogStream.Stdout, $"attempt {context.Identity.Attempt}");
            switch (context.Settings["script"]!.GetValue<string>())
            {
                case "fail":
                case "fail-once" when context.Identity.Attempt == 1:
                    return new EngineResult { Error = new TaskError("exit_code", "exit code 3", 3) };
                case "busy":
                    return new EngineResult
                    {
                        Error = new TaskError("temporary", "come back later"),
                        RetryAfter = TimeSpan.FromHours(1),
                    };
                case "down":
                    return new EngineResult { Error = new TaskError("network", "gone") };
                case "invalid":
                    return new EngineResult { Error = new TaskError("invalid", "never") };
                case "wait":
                    context.Reporter.Checkpoint(new JsonObject { ["at"] = context.Identity.Attempt });
                    await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
                    break;
                case "hold":
                    await release.Task.WaitAsync(stop);
                    break;
                case "stubborn":
                    await release.Task;
                    break;
                case "zombie" when context.Identity.Attempt == 1:
                    await release.Task;
                    break;
                case "zombie-fails" when context.Identity.Attempt == 1:
                    await release.Task;
                    return new EngineResult { Error = new TaskError("error", "too late") };
                case "zombie" or "zombie-fails":
                    await next.Task.WaitAsync(stop);
                    break;
            }

            return new EngineResult { Outputs = new JsonObject { ["attempt"] = context.Identity.Attempt } };
        }
        finally
        {
            Interlocked.Decrement(ref running);
        }
    }
}
