using Sje.Jobs.Storage;

namespace Sje.Tests.Unit.Storage;

public class GroupWriterTests
{
    [Fact]
    public async Task One_alone_is_written_at_once_and_those_who_come_meanwhile_are_written_together()
    {
        var gates = new List<TaskCompletionSource>();
        var groups = new List<int[]>();
        var writer = new GroupWriter<int, string>(
            3,
            async items =>
            {
                var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                lock (gates)
                {
                    groups.Add([.. items]);
                    gates.Add(gate);
                }

                await gate.Task;
                return [.. items.Select(i => $"answer {i}")];
            }
        );

        var all = Enumerable.Range(1, 6).Select(writer.WriteAsync).ToArray();
        for (var i = 0; i < 3; i++)
        {
            await Support.Eventually.TrueAsync(() => Task.FromResult(gates.Count > i), $"group {i}");
            gates[i].SetResult();
        }

        Assert.Equal(["answer 1", "answer 2", "answer 3", "answer 4", "answer 5", "answer 6"], await Task.WhenAll(all));
        Assert.Equal(["1", "2 3 4", "5 6"], groups.Select(g => string.Join(' ', g)));
        var last = writer.WriteAsync(7);
        await Support.Eventually.TrueAsync(() => Task.FromResult(gates.Count == 4), "one more, after a pause");
        gates[3].SetResult();
        Assert.Equal("answer 7", await last);
    }

    [Fact]
    public async Task What_a_write_throws_its_callers_get_and_nobody_else()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var writer = new GroupWriter<int, int>(
            10,
            async items =>
            {
                await gate.Task;
                return items.Contains(2) ? throw new InvalidOperationException("no twos") : [.. items];
            }
        );

        var first = writer.WriteAsync(1);
        Task<int>[] together = [writer.WriteAsync(2), writer.WriteAsync(3)];
        gate.SetResult();

        Assert.Equal(1, await first);
        foreach (var one in together)
        {
            await Assert.ThrowsAsync<InvalidOperationException>(() => one);
        }

        Assert.Equal(4, await writer.WriteAsync(4));
    }

    [Fact]
    public async Task Every_one_of_many_at_once_gets_its_own_answer()
    {
        var writes = 0;
        var writer = new GroupWriter<int, int>(
            50,
            async items =>
            {
                Interlocked.Increment(ref writes);
                await Task.Yield();
                return [.. items.Select(i => -i)];
            }
        );

        await Parallel.ForEachAsync(
            Enumerable.Range(0, 5_000),
            new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (i, _) => Assert.Equal(-i, await writer.WriteAsync(i))
        );

        Assert.InRange(writes, 1, 5_000);
    }
}
