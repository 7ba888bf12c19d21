using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Core.Reliability;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Following;
using Sje.Jobs.Engines.Spark.Store;
using Sje.Jobs.Engines.Spark.Submit;
using Sje.Jobs.Faults;
using Sje.Jobs.Queueing;

namespace Sje.Jobs.Engines.Spark;

/// <summary>One attempt of a task whose application runs on a cluster: choose, store, submit, follow, end.</summary>
internal sealed class SparkRun(
    ISparkCluster cluster,
    SparkApplication planned,
    ISparkStore store,
    EngineContext context,
    SparkInsight insight,
    SparkSubmitter submitter,
    TimeProvider clock
)
{
    private const int LinesOfTail = 40;

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    // How long a cluster may be silent in the middle of a submission before the attempt fails for now; the identity stays stored, and the next
    // attempt asks for it.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    // What spark-submit sent in its last moment may be on its way through the cluster for as long.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(3);

    // What it says it has submitted is to be seen within this time.
    private static readonly TimeSpan Appears = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan PatienceForLogs = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, long> positions = new(StringComparer.Ordinal);
    private readonly Queue<string> tail = new();
    private SparkSubmission? submission;
    private readonly StageFailure stageFailure = new();
    private SparkStatus? noted;
    private long endSeenAt;
    private TaskError? leaving;
    private string? said;
    private SparkApplication application = planned;
    private ChosenWay way = new(SubmissionWay.Rest, null, null);
    private bool submitting;

    /// <summary>Whether nothing of it is or can come up on the cluster any more.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Runs it to its end. <paramref name="open"/> is what an earlier attempt left, if any.</summary>
    public async Task<EngineResult> RunAsync(StoredApplication? open, CancellationToken stop)
    {
        if (open is { Succeeded: { } outcome })
        {
            // Whoever followed it died before that was written down.
            HasEnded = true;
            await CleanUpAsync(open);
            Say(
                $"{open.Submission.Identity} on cluster {open.Cluster} has succeeded while attempt {context.Identity.Attempt - 1} was lost."
            );
            return Succeeded(open, outcome);
        }

        var fresh = open is null;
        HasEnded = fresh;
        way = SubmissionWays.Choose(cluster, application, open?.Submission.Identity);
        application = application with { Way = way.Way };
        if (open is null)
        {
            if (way.Fault is { } fault)
            {
                return Failed(fault);
            }

            if (way.Why is { } why)
            {
                Say($"Goes to cluster {application.ClusterName} with spark-submit: {why}");
            }

            try
            {
                if (await cluster.CheckAsync(application, stop) is { } wrong)
                {
                    return Failed(wrong);
                }

                var identity = await cluster.ChooseIdentityAsync(application, stop);
                open = await store.ChooseAsync(context.Identity, application, identity, stop);
                HasEnded = false;
            }
            catch (SparkClusterUnavailableException e)
            {
                return Unreachable(e);
            }

            FaultPoint.At(FaultPoint.SparkChosen);
        }
        else
        {
            Say(
                $"Going on with what attempt {open.Number} chose to submit to cluster {open.Cluster}: {open.Submission.Identity}"
            );
        }

        try
        {
            return await SubmitAsync(open, fresh, stop) is { } refused ? refused : await FollowAsync(open, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            if (context.HandsOver())
            {
                Say("The application goes on without this worker.");
            }
            else
            {
                await EndAsync(open);
            }

            throw;
        }
    }

    private async Task CloseAsync(StoredApplication stored, SparkState state, SparkOutcome? outcome = null)
    {
        await store.EndAsync(stored, state, outcome ?? new SparkOutcome(), CancellationToken.None);
        HasEnded = true;
    }

    private StoredApplication Known(StoredApplication stored) =>
        submission is { } known ? stored with { Submission = known } : stored;

    /// <summary>Sees to it that the cluster has the application. Null when it has.</summary>
    private async Task<EngineResult?> SubmitAsync(StoredApplication stored, bool fresh, CancellationToken stop)
    {
        var mayBeThere = !fresh;
        var began = clock.GetTimestamp();
        // A worker before may have died over its spark-submit.
        var window = !fresh && way.Way == SubmissionWay.SparkSubmit ? submitter.Window : TimeSpan.Zero;
        while (true)
        {
            try
            {
                if (mayBeThere && await cluster.FindAsync(Known(stored).Submission, stop) is { } found)
                {
                    await NoteAsync(stored, found, stop);
                    return null;
                }

                if (stored.Submission.SubmissionId is not null)
                {
                    // It was there, and may have run: whoever removed it did not mean that it shall run again.
                    return null;
                }

                stop.ThrowIfCancellationRequested();
                if (context.Lease.DeadlineUptime <= BootClock.Now)
                {
                    return Failed(
                        new TaskError("lost", "The worker's lease lapsed before it had submitted the application.")
                    );
                }

                if (clock.GetElapsedTime(began) < window)
                {
                    SayOnce(
                        $"It is not on the cluster. What the worker before has sent may still arrive: it is submitted again only after {window.TotalSeconds:0} s."
                    );
                    await Task.Delay(Look, clock, stop);
                    continue;
                }

                if (way.Fault is { } fault)
                {
                    await CloseAsync(stored, SparkState.Failed);
                    return Failed(fault);
                }

                if (way.Way == SubmissionWay.SparkSubmit)
                {
                    return await SubmitByChildAsync(stored, stop);
                }

                mayBeThere = true;
                var sent = clock.GetTimestamp();
                // Not to be broken off: what is half sent may still arrive.
                submission = await cluster.SubmitAsync(application, stored.Submission, CancellationToken.None);
                var took = clock.GetElapsedTime(sent);
                FaultPoint.At(FaultPoint.SparkSubmitted);
                context.Reporter.Metric("submit_ms", took.TotalMilliseconds);
                Say(
                    $"Submitted to cluster {stored.Cluster} by REST as {submission.SubmissionId ?? submission.Identity} in {took.TotalMilliseconds:0} ms"
                );
                await store.NoteAsync(
                    stored,
                    new SparkStatus(SparkState.Pending)
                    {
                        SubmissionId = submission.SubmissionId,
                        ApplicationId = submission.ApplicationId,
                    },
                    stop
                );
                FaultPoint.At(FaultPoint.SparkNoted);
                return null;
            }
            catch (SparkRefusedException e)
            {
                await CloseAsync(stored, SparkState.Failed);
                return Failed(e.Error);
            }
            catch (SparkClusterUnavailableException e)
            {
                SayOnce(e.Message);
                if (clock.GetElapsedTime(began) > Patience)
                {
                    return Unreachable(e);
                }

                await Task.Delay(Look, clock, stop);
            }
        }
    }

    /// <summary>Submits by <c>spark-submit</c>; whether that worked, the cluster says. Null when the cluster has the application.</summary>
    private async Task<EngineResult?> SubmitByChildAsync(StoredApplication stored, CancellationToken stop)
    {
        var folder = Directory.CreateDirectory(Path.Combine(context.WorkingDirectory, "submit")).FullName;
        IReadOnlyDictionary<string, string> properties;
        try
        {
            properties = await cluster.PrepareSparkSubmitAsync(application, stored.Submission, folder, stop);
        }
        catch (FormatException e)
        {
            await CloseAsync(stored, SparkState.Failed);
            return Failed(new TaskError(FailureClasses.Invalid, e.Message));
        }

        var sent = clock.GetTimestamp();
        submitting = true;
        var end = await submitter.RunAsync(application, properties, folder, context, stop);
        var took = clock.GetElapsedTime(sent);
        FaultPoint.At(FaultPoint.SparkSubmitted);
        if (end.Error is { Class: "lost" } lost)
        {
            // Another worker may have it by now; what has been submitted it will find.
            return Failed(lost);
        }

        if (end.DriverId is { } driver)
        {
            submission = stored.Submission with { SubmissionId = driver };
        }

        var ended = clock.GetTimestamp();
        while (true)
        {
            var passed = clock.GetElapsedTime(ended);
            try
            {
                if (await cluster.FindAsync(Known(stored).Submission, stop) is { } found)
                {
                    await NoteAsync(stored, found, stop);
                    FaultPoint.At(FaultPoint.SparkNoted);
                    context.Reporter.Metric("submit_ms", took.TotalMilliseconds);
                    Say(
                        $"Submitted to cluster {stored.Cluster} with spark-submit as {found.SubmissionId ?? stored.Submission.Identity} in {took.TotalMilliseconds:0} ms"
                    );
                    return null;
                }

                if (passed > (end.Error is null ? Appears : Settling))
                {
                    await CloseAsync(stored, SparkState.Failed);
                    return Failed(
                        end.Error
                            ?? new TaskError(
                                "temporary",
                                $"spark-submit says that it has submitted the application, and cluster {stored.Cluster} does not know it."
                            )
                    );
                }
            }
            catch (SparkClusterUnavailableException e)
            {
                SayOnce(e.Message);
                if (passed > Patience)
                {
                    return Unreachable(e);
                }
            }

            await Task.Delay(Look, clock, stop);
        }
    }

    private async Task<EngineResult> FollowAsync(StoredApplication stored, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                var status = await cluster.FindAsync(Known(stored).Submission, stop);
                if (status is null)
                {
                    await CloseAsync(stored, SparkState.Lost);
                    return Failed(
                        leaving
                            ?? new TaskError(
                                "killed",
                                "The application is on the cluster no longer: somebody has removed it."
                            )
                    );
                }

                await NoteAsync(stored, status, stop);
                leaving = status.Leaving ?? leaving;
                if (status.State == SparkState.Pending)
                {
                    context.Reporter.Progress(0, status.PendingCause ?? "waits for the cluster");
                }

                await insight.LookAsync(status.DriverUi, Known(stored).Submission.ApplicationId, stop);
                await ReadLogsAsync(stored, status, stop);
                if (status.IsFinal)
                {
                    return await FinishAsync(stored, status, stop);
                }

                if (status.Hopeless)
                {
                    await EndAsync(stored);
                    return Failed(new TaskError(FailureClasses.Invalid, $"It can never start: {status.PendingCause}."));
                }

                said = null;
            }
            catch (SparkClusterUnavailableException e)
            {
                // It runs on whether or not we can see it.
                SayOnce(e.Message);
            }

            await Task.Delay(Look, clock, stop);
        }
    }

    /// <summary>Copies what is new in the logs. After the end they may be on a machine that went with it: they are not waited for long.</summary>
    private async Task ReadLogsAsync(StoredApplication stored, SparkStatus status, CancellationToken stop)
    {
        if (status.IsFinal && endSeenAt == 0)
        {
            endSeenAt = clock.GetTimestamp();
        }

        try
        {
            await cluster.ReadLogsAsync(Known(stored).Submission, positions, status.IsFinal, Write, stop);
        }
        catch (SparkClusterUnavailableException e)
            when (status.IsFinal && clock.GetElapsedTime(endSeenAt) > PatienceForLogs)
        {
            Say($"The rest of the log cannot be read: {e.Message}");
        }
    }

    private async Task<EngineResult> FinishAsync(StoredApplication stored, SparkStatus status, CancellationToken stop)
    {
        FaultPoint.At(FaultPoint.SparkEnded);
        var outcome = await insight.ConcludeAsync(Known(stored).Submission.ApplicationId, stop);
        await CloseAsync(stored, status.State, outcome);
        await CleanUpAsync(stored);
        Say($"The application has ended: {status.State.ToSnake()}");
        if (status.State == SparkState.Succeeded)
        {
            return Succeeded(Known(stored), outcome);
        }

        var error = status.Error ?? new TaskError("error", $"The application ended as {status.State.ToSnake()}.");
        if (
            stageFailure.Text is { } stage
            && !error.Message.Contains(StageFailure.Announcement, StringComparison.Ordinal)
        )
        {
            error = error with { Message = $"{error.Message} {stage}" };
        }

        return Failed(
            error.LogTail is null && tail.Count > 0 ? error with { LogTail = string.Join('\n', tail) } : error
        );
    }

    private EngineResult Succeeded(StoredApplication stored, SparkOutcome outcome)
    {
        context.Reporter.Progress(1, null);
        return new EngineResult
        {
            Outputs = new JsonObject
            {
                ["applicationId"] = stored.Submission.ApplicationId,
                ["submissionId"] = stored.Submission.SubmissionId,
                ["cluster"] = stored.Cluster,
            },
            Parts = SparkInsight.Parts(outcome),
        };
    }

    // What is left on the cluster is nothing to the result.
    private async Task CleanUpAsync(StoredApplication stored)
    {
        try
        {
            await cluster.CleanUpAsync(Known(stored).Submission, CancellationToken.None);
        }
        catch (SparkClusterUnavailableException e)
        {
            Say($"What it left on the cluster is still there: {e.Message}");
        }
    }

    /// <summary>Ends it on the cluster. Where the cluster cannot be asked for long, the row stays open and the sweep goes on with it.</summary>
    private async Task EndAsync(StoredApplication stored)
    {
        var began = clock.GetTimestamp();
        while (!context.HandsOver())
        {
            try
            {
                using var limit = new CancellationTokenSource(Patience, clock);
                if (submitting && Known(stored).Submission.SubmissionId is null)
                {
                    // Broken off in the middle: what it has sent is to be there before it is looked for.
                    await Task.Delay(Settling, clock, limit.Token);
                    submitting = false;
                }

                // On some clusters the log goes with the application.
                await ReadLastLogsAsync(stored, ended: false, limit.Token);
                await cluster.KillAsync(Known(stored).Submission, limit.Token);
                await ReadLastLogsAsync(stored, ended: true, limit.Token);
                await CloseAsync(stored, SparkState.Killed);
                Say("The application is ended on the cluster.");
                return;
            }
            catch (Exception e) when (e is SparkClusterUnavailableException or OperationCanceledException)
            {
                SayOnce($"It is not known to be ended yet: {e.Message}");
                if (clock.GetElapsedTime(began) > Patience)
                {
                    return;
                }

                await Task.Delay(Look, clock, CancellationToken.None);
            }
        }
    }

    // A log that cannot be read must not keep the application from being ended.
    private async Task ReadLastLogsAsync(StoredApplication stored, bool ended, CancellationToken stop)
    {
        try
        {
            await cluster.ReadLogsAsync(Known(stored).Submission, positions, ended, Write, stop);
        }
        catch (SparkClusterUnavailableException e)
        {
            SayOnce($"The log cannot be read now: {e.Message}");
        }
    }

    private async Task NoteAsync(StoredApplication stored, SparkStatus status, CancellationToken stop)
    {
        var before = submission;
        var known = Known(stored).Submission;
        submission = known with
        {
            SubmissionId = status.SubmissionId ?? known.SubmissionId,
            ApplicationId = status.ApplicationId ?? known.ApplicationId,
        };
        if (submission != before || status != noted)
        {
            noted = status;
            await store.NoteAsync(stored, status, stop);
        }
    }

    private void Write(SparkLogLine line)
    {
        if (line is { Source: "driver", Text.Length: > 0 })
        {
            stageFailure.Hear(line.Text);
            tail.Enqueue(line.Text);
            if (tail.Count > LinesOfTail)
            {
                tail.Dequeue();
            }
        }

        context.Reporter.Log(line.Stream, line.Source == "driver" ? line.Text : $"[{line.Source}] {line.Text}");
    }

    private void SayOnce(string message)
    {
        if (said != message)
        {
            said = message;
            Say(message);
        }
    }

    private void Say(string message) => context.Reporter.Log(LogStream.System, message);

    // The one failure that is the cluster's and not the application's.
    private static EngineResult Unreachable(SparkClusterUnavailableException e) =>
        Failed(new TaskError("network", e.Message)) with
        {
            TargetAtFault = true,
        };

    private static EngineResult Failed(TaskError error) => new() { Error = error };
}
