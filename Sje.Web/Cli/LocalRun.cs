using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Sje.Core.Jobs;
using Sje.Jobs.Execution;
using Sje.Jobs.Queueing;

namespace Sje.Web.Cli;

/// <summary>
/// Runs the tasks of one job in this process and its children, in the order of their dependencies, those that wait for nothing at
/// once. The same engines as a worker's; what it lacks is what needs the database: retries, limits, leases, takeover.
/// </summary>
internal sealed class LocalRun(IServiceProvider services, JobSpec job, JsonObject parameters, bool quiet)
{
    private readonly Guid executionId = Guid.CreateVersion7(TimeProvider.System.GetUtcNow());
    private readonly JsonObject outputs = [];
    private readonly Dictionary<string, JsonObject> ended = [];
    private readonly string storageRoot = services.GetRequiredService<IOptions<StorageOptions>>().Value.FullRoot;

    /// <summary>Runs to the end and returns the execution as the API would show it, with each task's result.</summary>
    public async Task<JsonObject> RunAsync(CancellationToken stop)
    {
        using var slots = new SemaphoreSlim(Environment.ProcessorCount);
        using var total = Limit(job.TotalTimeout, stop);
        var running = new Dictionary<Task<JsonObject>, TaskSpec>();
        var waiting = job.Tasks.ToList();
        while (waiting.Count > 0 || running.Count > 0)
        {
            foreach (var task in waiting.Where(task => task.DependsOn.All(this.ended.ContainsKey)).ToList())
            {
                waiting.Remove(task);
                if (task.DependsOn.All(name => Show.Text(this.ended[name]["state"]) == "succeeded"))
                {
                    running.Add(RunTaskAsync(task, slots, total.Token, stop), task);
                }
                else
                {
                    this.ended[task.Name] = Ended(task, stop.IsCancellationRequested ? "cancelled" : "skipped");
                }
            }

            if (running.Count == 0)
            {
                continue;
            }

            var done = await Task.WhenAny(running.Keys);
            running.Remove(done, out var ended);
            this.ended[ended!.Name] = await done; // taken from the map that it is the key of
        }

        return new JsonObject
        {
            ["taskId"] = executionId.ToString(),
            ["name"] = job.Name,
            ["state"] = State(total.Token, stop),
            ["tasks"] = new JsonArray([.. job.Tasks.Select(task => this.ended[task.Name])]),
        };
    }

    // As a server would say (API.md, "States"): a job of one task says what its task says.
    private string State(CancellationToken total, CancellationToken stop)
    {
        var states = ended.Values.Select(task => Show.Text(task["state"])).ToList();
        return stop.IsCancellationRequested ? "cancelled"
            : states.Contains("timed_out") && (total.IsCancellationRequested || job.Tasks.Count == 1) ? "timed_out"
            : states.TrueForAll(state => state == "succeeded") ? "succeeded"
            : job.PermitPartialFailures && states.Contains("succeeded") ? "partially_succeeded"
            : "failed";
    }

    private async Task<JsonObject> RunTaskAsync(
        TaskSpec task,
        SemaphoreSlim slots,
        CancellationToken total,
        CancellationToken stop
    )
    {
        if (!services.GetRequiredService<EngineRegistry>().TryFind(task.Type, out var engine))
        {
            return Ended(task, "failed", new TaskError("invalid", $"This program has no engine for '{task.Type}'."));
        }

        using var limit = Limit(task.RunTimeout, total);
        var taken = false;
        try
        {
            await slots.WaitAsync(limit.Token);
            taken = true;
            var identity = new AttemptIdentity(
                executionId,
                Guid.CreateVersion7(TimeProvider.System.GetUtcNow()),
                job.Name,
                task.Name,
                Attempt: 1
            );
            using var directory = services.GetRequiredService<AttemptDirectories>().Create(storageRoot, identity);
            var result = await services
                .GetRequiredService<EngineHost>()
                .RunAsync(
                    engine,
                    new EngineContext
                    {
                        Identity = identity,
                        Settings = task.Settings,
                        Scope = new TemplateScope(Scope()),
                        Parameters = job.Parameters,
                        Resources = task.Resources,
                        WorkingDirectory = directory.Path,
                        StorageRoot = storageRoot,
                        Reporter = new ConsoleReporter(job.Tasks.Count > 1 ? task.Name : null, quiet),
                        Lease = new OwnLease(),
                    },
                    limit.Token
                );
            if (result.Error is { } error)
            {
                return Ended(task, "failed", error);
            }

            lock (outputs)
            {
                outputs[task.Name] = new JsonObject { ["outputs"] = result.Outputs.DeepClone() };
            }

            var ended = Ended(task, "succeeded");
            ended["outputs"] = result.Outputs.DeepClone();
            ended["preview"] = result.Preview?.DeepClone();
            return ended;
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            return stop.IsCancellationRequested
                ? Ended(task, "cancelled")
                : Ended(
                    task,
                    "timed_out",
                    new TaskError(
                        "timeout",
                        $"It took longer than {(total.IsCancellationRequested ? job.TotalTimeout : task.RunTimeout)}."
                    )
                );
        }
        finally
        {
            if (taken)
            {
                slots.Release();
            }
        }
    }

    private JsonObject Scope()
    {
        lock (outputs)
        {
            return new JsonObject
            {
                ["parameters"] = parameters.DeepClone(),
                ["execution"] = new JsonObject { ["id"] = executionId.ToString(), ["scheduledFor"] = null },
                ["tasks"] = outputs.DeepClone(),
            };
        }
    }

    private static JsonObject Ended(TaskSpec task, string state, TaskError? error = null) =>
        new()
        {
            ["name"] = task.Name,
            ["type"] = task.Type,
            ["state"] = state,
            ["error"] = error is null
                ? null
                : new JsonObject
                {
                    ["class"] = error.Class,
                    ["message"] = error.Message,
                    ["exitCode"] = error.ExitCode,
                    ["signal"] = error.Signal,
                    ["logTail"] = error.LogTail,
                },
        };

    private static CancellationTokenSource Limit(TimeSpan? time, CancellationToken outer)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(outer);
        if (time is { } limit)
        {
            source.CancelAfter(limit);
        }

        return source;
    }

    /// <summary>The task's own words go where the task sent them; ours and its progress to standard error.</summary>
    private sealed class ConsoleReporter(string? task, bool quiet) : ITaskReporter
    {
        private readonly Lock gate = new();
        private int percent = -1;

        public void Log(LogStream stream, string line)
        {
            // With --output json standard output is the answer's alone.
            var output = stream == LogStream.Stdout && !quiet ? Console.Out : Console.Error;
            lock (gate)
            {
                output.WriteLine(task is null ? line : $"{task} | {line}");
            }
        }

        public void Progress(double fraction, string? message)
        {
            var percent = (int)(Math.Clamp(fraction, 0, 1) * 100);
            lock (gate)
            {
                if (quiet || percent / 10 == this.percent / 10 && this.percent >= 0)
                {
                    return;
                }

                this.percent = percent;
                Console.Error.WriteLine($"{(task is null ? "" : task + " | ")}{percent} % {message}");
            }
        }

        public void Metric(string name, double value)
        {
            // Figures are kept by a server; here nobody could look them up.
        }

        public void Checkpoint(JsonNode checkpoint)
        {
            // There is no second attempt to start from it.
        }
    }

    /// <summary>Nobody else can take the work, so the right to it lasts; the guard still ends the child when this process dies.</summary>
    private sealed class OwnLease : IAttemptLease
    {
        private const double OneYear = 365 * 24 * 3600.0;

        public double DeadlineUptime { get; } = BootClock.Now + OneYear;

        public async Task<double> NextDeadlineAsync(double seen, CancellationToken stop)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
            return seen;
        }
    }
}
