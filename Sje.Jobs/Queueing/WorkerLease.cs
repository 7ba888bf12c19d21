using Sje.Core.Jobs;

namespace Sje.Jobs.Queueing;

/// <summary>
/// What a worker knows of its own right to run tasks. Trust counts from before a renewal was sent, not from when its answer came, so
/// that the worker's idea ends no later than the database's.
/// </summary>
internal sealed class WorkerLease : IAttemptLease
{
    private readonly Lock gate = new();
    private TaskCompletionSource moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private double deadline;

    /// <inheritdoc/>
    public double DeadlineUptime
    {
        get
        {
            lock (gate)
            {
                return deadline;
            }
        }
    }

    /// <summary>Moves the deadline on; an earlier one than known is ignored.</summary>
    public void Extend(double until)
    {
        TaskCompletionSource done;
        lock (gate)
        {
            if (until <= deadline)
            {
                return;
            }

            deadline = until;
            done = moved;
            moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        done.TrySetResult();
    }

    /// <inheritdoc/>
    public async Task<double> NextDeadlineAsync(double seen, CancellationToken stop)
    {
        while (true)
        {
            Task wait;
            lock (gate)
            {
                if (deadline > seen)
                {
                    return deadline;
                }

                wait = moved.Task;
            }

            await wait.WaitAsync(stop);
        }
    }
}
