using System.Globalization;
using Hangfire;
using Hangfire.Client;
using Hangfire.Common;
using Hangfire.Server;
using Hangfire.States;
using Hangfire.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Sje.Jobs.Background;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;
using Sje.Tests.Support;
using static Sje.Tests.Support.TestNode;

namespace Sje.Tests.Integration.Background;

/// <summary>What happens between two statements, held open by a seam: Hangfire's own state changer and filters.</summary>
public sealed class FenceTests : IAsyncLifetime
{
    // What another test leaves waiting must not run here, where starts are counted.
    private readonly TestDatabase db = new();

    public ValueTask InitializeAsync() => db.InitializeAsync();

    public ValueTask DisposeAsync() => db.DisposeAsync();

    [Fact]
    public async Task A_delete_between_claim_and_Processing_is_honoured()
    {
        using var gate = new Gate();
        var engine = new ScriptedEngine();
        await using var node = await StartAsync(db, engine: engine, services: gate.HoldBeforeProcessing);
        var id = await node.SubmitAsync(Task("main", "ok"));
        await gate.ReachedAsync();
        Assert.Equal("running", await db.TaskStateAsync(id));

        Assert.True(node.Hangfire.Delete(await JobOfAsync(id)));
        gate.Open();

        await db.ExecutionBecomesAsync(id, "cancelled");
        await ViewAuditor.AgreeAsync(db);
        Assert.Equal("cancelled", await db.OutcomesAsync(id));
        Assert.Equal(0, engine.Started);
    }

    [Fact]
    public async Task A_requeue_between_claim_and_Processing_is_honoured_and_never_two_run_at_once()
    {
        using var gate = new Gate();
        var engine = new ScriptedEngine();
        await using var node = await StartAsync(db, engine: engine, services: gate.HoldBeforeProcessing);
        var id = await node.SubmitAsync(Task("main", "zombie"));
        await gate.ReachedAsync();

        Assert.True(node.Hangfire.Requeue(await JobOfAsync(id)));
        gate.Open();
        engine.Release();
        engine.ReleaseNext();

        await db.ExecutionBecomesAsync(id, "succeeded");
        await ViewAuditor.AgreeAsync(db);
        Assert.Equal("restarted,succeeded", await db.OutcomesAsync(id));
        Assert.Equal(1, engine.MostRunning);
    }

    [Fact]
    public async Task An_attempt_that_is_taken_over_between_election_and_application_changes_neither_view()
    {
        using var gate = new Gate();
        var engine = new ScriptedEngine();
        await using var node = await StartAsync(
            db,
            engine: engine,
            services: s => gate.HoldAfterElection(s, "Processing")
        );
        var id = await node.SubmitAsync(Task("main", "hold"));
        await gate.ReachedAsync();
        var (task, worker) = (
            await db.ScalarAsync<Guid>("select id from sje.tasks where execution_id = $1", id),
            await db.ScalarAsync<Guid>("select worker_id from sje.tasks where execution_id = $1", id)
        );
        var ledger = node.Services.GetRequiredService<AttemptLedger>();
        Assert.True((await ledger.EndLostAsync(id, task, 1, worker, CancellationToken.None)).Owned);
        await Eventually.TrueAsync(async () => await db.OutcomesAsync(id) == "lost,running", "attempt 2 is claimed");

        gate.Open();

        await db.HangfireBecomesAsync(id, "main", "Processing");
        await Eventually.TrueAsync(
            () => System.Threading.Tasks.Task.FromResult(engine.Started == 1),
            "attempt 2 runs",
            40
        );
        Assert.Equal(2, Assert.Single(engine.Contexts).Identity.Attempt);
        engine.Release();
        await db.ExecutionBecomesAsync(id, "succeeded");
        await ViewAuditor.AgreeAsync(db);
        Assert.Equal("lost,succeeded", await db.OutcomesAsync(id));
        Assert.Equal(1, engine.Started);
    }

    [Fact]
    public async Task A_late_failure_frozen_inside_the_change_does_not_touch_the_retry_that_came_before_it()
    {
        using var gate = new Gate();
        var engine = new ScriptedEngine();
        await using var node = await StartAsync(db, engine: engine, services: s => gate.HoldAfterElection(s, "Failed"));
        var id = await node.SubmitAsync(Task("main", "fail-once", 1));
        await gate.ReachedAsync();
        await db.ExecutionBecomesAsync(id, "failed");

        await node.Control.RetryAsync(id, CancellationToken.None);
        gate.Open();

        await db.ExecutionBecomesAsync(id, "succeeded", 40);
        await ViewAuditor.AgreeAsync(db);
        Assert.Equal("failed,succeeded", await db.OutcomesAsync(id));
        // Where Hangfire notes what was proposed, it notes that it was voted down; the reconciler may have been there first.
        var history = (await ViewAuditor.HistoryAsync(db, await db.HangfireJobAsync(id))).ToList();
        var failed = history.FindIndex(s => s.State == "Failed");
        Assert.True(
            failed < 0 || history[failed + 1].Reason == "attempt 1 owned the task no longer; what it said is ignored",
            string.Join(", ", history)
        );
    }

    [Theory]
    [InlineData(
        "update sje.tasks set row_version = row_version + 1 where id = $1 returning 1",
        "Scheduled",
        "Enqueued"
    )]
    [InlineData(
        "update hangfire.job set statename = 'Processing' where id = (select hangfire_job_id from sje.tasks where id = $1) returning 1",
        "Processing",
        "Enqueued"
    )]
    public async Task The_reconciler_leaves_alone_what_moves_on_while_it_waits_for_the_jobs_lock(
        string meanwhile,
        string left,
        string later
    )
    {
        await using var node = await StartAsync(db, worker: false);
        var id = await node.SubmitAsync(Task("main", "ok"));
        var job = await JobOfAsync(id);
        var task = await db.ScalarAsync<Guid>("select id from sje.tasks where execution_id = $1", id);
        var view = node.Services.GetRequiredService<HangfireView>();
        await db.ScalarAsync<int>(
            "update hangfire.job set statename = 'Scheduled' where id = $1::text::bigint returning 1",
            job
        );

        Task bringing;
        using (Locked(node, job))
        {
            bringing = System.Threading.Tasks.Task.Run(() => view.BringUpAsync(task, CancellationToken.None));
            await WaitsForLockAsync();
            await db.ScalarAsync<int>(meanwhile, task);
        }

        await bringing;
        Assert.Equal(left, node.HangfireState(long.Parse(job, CultureInfo.InvariantCulture)));

        await view.BringUpAsync(task, CancellationToken.None);
        Assert.Equal(later, node.HangfireState(long.Parse(job, CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task A_lock_that_is_taken_is_given_up_after_its_timeout_and_had_again_afterwards()
    {
        await using var database = new Database(db.ConnectionString);
        var log = NullLogger.Instance;
        using (AdvisoryLock.Take(database.Locks, "test:one", TimeSpan.FromSeconds(5), log))
        {
            var before = BootClock.Now;
            Assert.Throws<DistributedLockTimeoutException>(() =>
                AdvisoryLock.Take(database.Locks, "test:one", TimeSpan.FromMilliseconds(400), log)
            );
            Assert.InRange(BootClock.Now - before, 0.35, 15);
            Assert.Throws<DistributedLockTimeoutException>(() =>
                AdvisoryLock.Take(database.Locks, "test:one", TimeSpan.Zero, log)
            );
            AdvisoryLock.Take(database.Locks, "test:other", TimeSpan.Zero, log).Dispose();
        }

        AdvisoryLock.Take(database.Locks, "test:one", TimeSpan.FromMilliseconds(400), log).Dispose();
    }

    private static Both Locked(TestNode node, string job) =>
        new Both(node.Services.GetRequiredService<JobStorage>().GetConnection(), job);

    private async Task WaitsForLockAsync() =>
        await Eventually.TrueAsync(
            async () =>
                await db.ScalarAsync<long>(
                    """
                    select count(*) from pg_locks where locktype = 'advisory' and not granted
                        and database = (select oid from pg_database where datname = current_database())
                    """
                ) > 0,
            "it waits for the lock"
        );

    private async Task<string> JobOfAsync(Guid execution)
    {
        var job = await Eventually.GetAsync(() => db.HangfireJobAsync(execution), j => j > 0, "a background job");
        return job.ToString(CultureInfo.InvariantCulture);
    }

    private sealed class Both(IStorageConnection connection, string job) : IDisposable
    {
        private readonly IDisposable held = connection.AcquireDistributedLock(
            $"job:{job}:state-lock",
            TimeSpan.FromSeconds(10)
        );

        public void Dispose()
        {
            held.Dispose();
            connection.Dispose();
        }
    }

    /// <summary>Holds the first thread that comes by until it is opened.</summary>
    private sealed class Gate : IDisposable
    {
        private readonly TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim open = new();
        private int comers;

        public Task ReachedAsync() => reached.Task.WaitAsync(TimeSpan.FromSeconds(40));

        public void Open() => open.Set();

        public void Pass()
        {
            if (Interlocked.Increment(ref comers) == 1)
            {
                reached.SetResult();
                open.Wait();
            }
        }

        public void HoldBeforeProcessing(IServiceCollection services)
        {
            services.AddSingleton<IBackgroundJobFactory>(p => new BackgroundJobFactory(
                p.GetRequiredService<IJobFilterProvider>()
            ));
            services.AddSingleton<IBackgroundJobPerformer>(p => new BackgroundJobPerformer(
                p.GetRequiredService<IJobFilterProvider>(),
                p.GetRequiredService<JobActivator>()
            ));
            services.AddSingleton<IBackgroundJobStateChanger>(p => new Changer(
                new BackgroundJobStateChanger(p.GetRequiredService<IJobFilterProvider>()),
                this
            ));
        }

        public void HoldAfterElection(IServiceCollection services, string state) =>
            services.AddSingleton<IJobFilterProvider>(p => new Filters(
                ActivatorUtilities.CreateInstance<TaskFilters>(p),
                new Holder(this, state)
            ));

        public void Dispose()
        {
            open.Set();
            open.Dispose();
        }
    }

    private sealed class Changer(IBackgroundJobStateChanger inner, Gate gate) : IBackgroundJobStateChanger
    {
        public IState ChangeState(StateChangeContext context)
        {
            if (context.NewState is ProcessingState)
            {
                gate.Pass();
            }

            return inner.ChangeState(context);
        }
    }

    private sealed class Filters(IJobFilterProvider inner, Holder last) : IJobFilterProvider
    {
        public IEnumerable<JobFilter> GetFilters(Job? job) =>
            inner.GetFilters(job).Append(new JobFilter(last, JobFilterScope.Global, null));
    }

    private sealed class Holder(Gate gate, string state) : IElectStateFilter
    {
        public void OnStateElection(ElectStateContext context)
        {
            if (context.CandidateState.Name == state)
            {
                gate.Pass();
            }
        }
    }
}
