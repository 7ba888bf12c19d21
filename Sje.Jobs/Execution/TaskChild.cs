using System.Runtime.InteropServices;
using Sje.Core.Jobs;
using Sje.Jobs.Queueing;

namespace Sje.Jobs.Execution;

/// <summary>
/// The child's side of <see cref="ChildEngineHost"/>: what the hidden verb <c>task-child</c> runs. It reads the request, runs the engine,
/// reports on standard output by the child protocol, and leaves the result in a file. It needs no container, no configuration
/// and no database.
/// </summary>
public static class TaskChild
{
    /// <summary>There is a result, of success or failure.</summary>
    private const int Finished = 0;

    /// <summary>It was asked to stop and did; there is no result.</summary>
    private const int Stopped = 143;

    /// <summary>Runs the request and returns the exit code of the process. SIGTERM stops the engine.</summary>
    public static async Task<int> RunAsync(string requestFile, IEnumerable<IEngine> engines, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(engines);
        var request = ChildRequest.Read(requestFile);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var onTerminate = PosixSignalRegistration.Create(
            PosixSignal.SIGTERM,
            signal =>
            {
                // The default would end the process before the engine has cleaned up.
                signal.Cancel = true;
                stopping.Cancel();
            }
        );

        var reporter = new ChildReporter(
            Console.OpenStandardOutput(),
            Environment.GetEnvironmentVariable("SJE_CHECKPOINT_OUT")
        );
        try
        {
            request.WriteResult(await RunAsync(request, engines, reporter, stopping.Token));
            return Finished;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return Stopped;
        }
    }

    private static async Task<EngineResult> RunAsync(
        ChildRequest request,
        IEnumerable<IEngine> engines,
        ChildReporter reporter,
        CancellationToken stop
    )
    {
        if (engines.FirstOrDefault(engine => engine.Type == request.Engine) is not { } engine)
        {
            return new EngineResult
            {
                Error = new TaskError("error", $"This program has no engine '{request.Engine}'."),
            };
        }

        var context = new EngineContext
        {
            Identity = request.Identity,
            Settings = request.Settings,
            Scope = new TemplateScope(request.Scope),
            Parameters = request.Parameters,
            Resources = request.Resources,
            WorkingDirectory = request.WorkingDirectory,
            StorageRoot = request.StorageRoot,
            Checkpoint = request.Checkpoint,
            Reporter = reporter,
            Lease = new ParentsLease(),
        };
        try
        {
            return await engine.RunAsync(context, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e)
        {
            foreach (var line in e.ToString().Split('\n'))
            {
                reporter.Log(LogStream.Stderr, line);
            }

            return new EngineResult { Error = EngineFailure.From(e) };
        }
    }

    // The guard of this process answers for the lease. A process that the engine starts dies with this one.
    private sealed class ParentsLease : IAttemptLease
    {
        private const double TenYears = 10 * 365 * 24 * 3600.0;

        public double DeadlineUptime { get; } = BootClock.Now + TenYears;

        public async Task<double> NextDeadlineAsync(double seen, CancellationToken stop)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
            return seen;
        }
    }
}
