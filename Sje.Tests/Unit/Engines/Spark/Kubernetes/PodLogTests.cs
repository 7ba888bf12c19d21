using System.Globalization;
using Sje.Jobs.Engines.Spark.Kubernetes;

namespace Sje.Tests.Unit.Engines.Spark.Kubernetes;

/// <summary>The log of a container, against a kubelet that answers as the real one does.</summary>
public sealed class PodLogTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    private readonly Dictionary<string, long> positions = [];
    private readonly List<string> taken = [];
    private readonly List<(DateTimeOffset At, string Text)> file = [];
    private string unfinished = "";
    private int served;

    [Fact]
    public async Task Each_line_is_taken_once_however_often_one_asks()
    {
        for (var i = 0; i < 2000; i++)
        {
            Write(TimeSpan.FromMilliseconds(i * 7), $"line {i}");
            if (i % 13 == 0)
            {
                await ReadAsync();
            }

            if (i % 31 == 0)
            {
                await ReadAsync();
            }
        }

        await ReadAsync(ended: true);

        Assert.Equal(Enumerable.Range(0, 2000).Select(i => $"line {i}"), taken);
        Assert.True(new PodLog(positions, "driver").IsDone);
    }

    [Fact]
    public async Task An_answer_holds_little_of_what_was_read()
    {
        for (var i = 0; i < 5000; i++)
        {
            Write(TimeSpan.FromMilliseconds(i * 20), $"line {i}");
        }

        await ReadAsync();
        served = 0;
        await ReadAsync();

        Assert.InRange(served, 1, 151);
    }

    [Fact]
    public async Task Lines_of_two_streams_that_come_out_of_order_are_not_lost()
    {
        Write(TimeSpan.FromMilliseconds(1000), "out");
        await ReadAsync();
        Write(TimeSpan.FromMilliseconds(999), "err, a moment older");
        await ReadAsync();
        await ReadAsync();

        Assert.Equal(["out", "err, a moment older"], taken);
    }

    [Fact]
    public async Task Lines_of_one_instant_are_told_apart()
    {
        Write(TimeSpan.Zero, "a");
        Write(TimeSpan.Zero, "a");
        await ReadAsync();
        Write(TimeSpan.Zero, "a");
        await ReadAsync();

        Assert.Equal(["a", "a", "a"], taken);
    }

    [Fact]
    public async Task After_a_rotation_it_goes_on_with_what_is_new()
    {
        for (var i = 0; i < 100; i++)
        {
            Write(TimeSpan.FromMilliseconds(i * 10), $"line {i}");
        }

        await ReadAsync();
        for (var i = 100; i < 200; i++)
        {
            Write(TimeSpan.FromMilliseconds(i * 10), $"line {i}");
        }

        // The kubelet gives only the newest file.
        file.RemoveRange(0, 90);
        await ReadAsync();
        file.RemoveRange(0, file.Count);
        await ReadAsync();
        Write(TimeSpan.FromMilliseconds(2005), "line 200");
        await ReadAsync();
        await ReadAsync();

        Assert.Equal(Enumerable.Range(0, 201).Select(i => $"line {i}"), taken);
    }

    [Fact]
    public async Task An_unfinished_line_waits_for_its_end()
    {
        Write(TimeSpan.Zero, "whole");
        unfinished = "hal";
        await ReadAsync();
        unfinished = "half and";
        await ReadAsync();
        Assert.Equal(["whole"], taken);

        await ReadAsync(ended: true);
        Assert.Equal(["whole", "half and"], taken);
    }

    [Fact]
    public async Task A_log_that_is_long_is_taken_in_pieces()
    {
        for (var i = 0; i < 45_000; i++)
        {
            Write(TimeSpan.FromTicks(i), $"{i}");
        }

        await ReadAsync(ended: true);
        Assert.False(new PodLog(positions, "driver").IsDone);
        await ReadAsync(ended: true);
        await ReadAsync(ended: true);

        Assert.Equal(45_000, taken.Count);
        Assert.Equal("44999", taken[^1]);
        Assert.True(new PodLog(positions, "driver").IsDone);
    }

    private void Write(TimeSpan after, string text) => file.Add((Start + after, text));

    // Each call is another follower's: nothing is kept but the positions.
    private Task ReadAsync(bool ended = false) =>
        new PodLog(positions, "driver").ReadAsync(
            (query, take) =>
            {
                Assert.Contains("timestamps=true", query, StringComparison.Ordinal);
                const string since = "sinceTime=";
                var at = query.IndexOf(since, StringComparison.Ordinal);
                var from =
                    at < 0
                        ? DateTimeOffset.MinValue
                        : DateTimeOffset.Parse(query[(at + since.Length)..], CultureInfo.InvariantCulture);
                foreach (var (time, text) in file.Where(line => line.At >= from))
                {
                    served++;
                    if (!take($"{time:yyyy-MM-ddTHH:mm:ss.fffffff}00Z {text}", true))
                    {
                        return Task.CompletedTask;
                    }
                }

                if (unfinished.Length > 0)
                {
                    take($"{Start.AddSeconds(5):yyyy-MM-ddTHH:mm:ss}Z {unfinished}", false);
                }

                return Task.CompletedTask;
            },
            ended,
            line => taken.Add(line.Text)
        );
}
