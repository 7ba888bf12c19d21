namespace Sje.Jobs.Storage;

/// <summary>
/// Gathers what many callers want written into few statements: while one write is under way, the next one fills. A caller that is alone
/// waits for nobody; where many come at once a statement and its commit are shared by all who came meanwhile.
/// </summary>
/// <param name="most">Items in one write at most.</param>
/// <param name="write">Writes the items and answers for each, in their order. What it throws, each of their callers gets.</param>
internal sealed class GroupWriter<TItem, TResult>(int most, Func<IReadOnlyList<TItem>, Task<TResult[]>> write)
{
    private readonly Lock gate = new();
    private List<(TItem Item, TaskCompletionSource<TResult> Promise)> waiting = [];
    private bool writing;

    /// <summary>Writes an item, with others or alone.</summary>
    public Task<TResult> WriteAsync(TItem item)
    {
        var promise = new TaskCompletionSource<TResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            waiting.Add((item, promise));
            if (writing)
            {
                return promise.Task;
            }

            writing = true;
        }

        _ = WriteAllAsync();
        return promise.Task;
    }

    private async Task WriteAllAsync()
    {
        while (Next() is { Count: > 0 } group)
        {
            try
            {
                var answers = await write([.. group.Select(w => w.Item)]);
                for (var i = 0; i < group.Count; i++)
                {
                    group[i].Promise.SetResult(answers[i]);
                }
            }
            catch (Exception e)
            {
                foreach (var w in group)
                {
                    w.Promise.TrySetException(e);
                }
            }
        }
    }

    private List<(TItem Item, TaskCompletionSource<TResult> Promise)> Next()
    {
        lock (gate)
        {
            var next = waiting;
            if (next.Count > most)
            {
                waiting = next[most..];
                return next[..most];
            }

            waiting = [];
            writing = next.Count > 0;
            return next;
        }
    }
}
