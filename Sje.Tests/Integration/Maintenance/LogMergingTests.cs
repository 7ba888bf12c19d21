using System.Text;
using Sje.Core.Jobs;
using Sje.Jobs.Maintenance;
using Sje.Jobs.Storage;
using Sje.Tests.Support;

namespace Sje.Tests.Integration.Maintenance;

/// <summary>However a log is cut, packed and merged, it reads the same.</summary>
public sealed class LogMergingTests(TestDatabase db) : IClassFixture<TestDatabase>
{
    private static readonly MergePace AtOnce = new(TimeSpan.Zero, 8);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task Lines_read_the_same_whatever_is_merged_between_them(int seed)
    {
        var random = new Random(seed);
        var (execution, task) = (await NewIdAsync(), Guid.CreateVersion7());
        var merging = new LogMerging(db.Database, AtOnce);
        var reader = new LogReader(db.Database);
        var written = new List<LogLine>();
        for (var round = 0; round < 40; round++)
        {
            var lines = Enumerable
                .Range(0, random.Next(1, round % 10 == 0 ? 3_000 : 60))
                .Select(_ => RandomLine(random))
                .ToList();
            await WriteAsync(execution, task, written.Count + 1, lines, random.Next(3));
            foreach (var (stream, text) in lines)
            {
                written.Add(
                    new LogLine(written.Count + 1, DateTimeOffset.FromUnixTimeMilliseconds(written.Count), stream, text)
                );
            }

            if (random.Next(4) == 0)
            {
                await merging.MergeAsync(execution, task, 1, Stop);
            }

            var (from, count) = (random.Next(1, written.Count + 1), random.Next(1, 500));
            Assert.Equal(
                written.Skip(from - 1).Take(count).Select(l => (l.Number, l.Stream, l.Text)),
                (await reader.ReadAsync(execution, task, 1, from, count, Stop)).Select(l =>
                    (l.Number, l.Stream, l.Text)
                )
            );
        }

        await merging.MergeAsync(execution, task, 1, Stop);

        var all = await reader.ReadAsync(execution, task, 1, 1, int.MaxValue, Stop);
        Assert.Equal(written.Select(l => (l.Number, l.Stream, l.Text)), all.Select(l => (l.Number, l.Stream, l.Text)));
        Assert.Equal(0, await CountAsync(task, "not merged and first_line > 1"));
        Assert.InRange(await CountAsync(task, "true"), 1, written.Count / LogMerging.MostLines * 3 + 4);
        var pieces = await db.ScalarAsync<string>(
            "select string_agg(first_line || '+' || line_count, ' ' order by first_line) from sje.log_chunks where task_id = $1",
            task
        );
        await merging.MergeAsync(execution, task, 1, Stop);
        Assert.Equal(
            pieces,
            await db.ScalarAsync<string>(
                "select string_agg(first_line || '+' || line_count, ' ' order by first_line) from sje.log_chunks where task_id = $1",
                task
            )
        );
    }

    [Fact]
    public async Task A_reader_that_reads_while_chunks_are_written_and_merged_sees_every_line_once()
    {
        var (execution, task) = (await NewIdAsync(), Guid.CreateVersion7());
        var merging = new LogMerging(db.Database, AtOnce);
        var reader = new LogReader(db.Database);
        const int Lines = 3_000;
        using var written = new CancellationTokenSource();
        var writing = Task.Run(
            async () =>
            {
                for (var first = 1; first <= Lines; first += 10)
                {
                    await WriteAsync(
                        execution,
                        task,
                        first,
                        [.. Enumerable.Range(first, 10).Select(n => (LogStream.Stdout, $"line {n}"))],
                        0
                    );
                }

                await written.CancelAsync();
            },
            Stop
        );
        var mergers = Enumerable
            .Range(0, 2)
            .Select(_ =>
                Task.Run(
                    async () =>
                    {
                        while (!written.IsCancellationRequested)
                        {
                            await merging.MergeAsync(execution, task, 1, Stop);
                        }
                    },
                    Stop
                )
            );
        var reading = Task.Run(
            async () =>
            {
                var next = 1L;
                while (next <= Lines)
                {
                    foreach (var line in await reader.ReadAsync(execution, task, 1, next, 37, Stop))
                    {
                        Assert.Equal((next, $"line {next}"), (line.Number, line.Text));
                        next++;
                    }
                }
            },
            Stop
        );

        await Task.WhenAll([writing, reading, .. mergers]);
        await merging.MergeAsync(execution, task, 1, Stop);

        Assert.Equal(
            Enumerable.Range(1, Lines).Select(n => $"line {n}"),
            (await reader.ReadAsync(execution, task, 1, 1, int.MaxValue, Stop)).Select(l => l.Text)
        );
    }

    [Fact]
    public async Task What_has_ended_or_is_much_is_merged_and_what_goes_on_is_left_alone()
    {
        var ended = await WithChunksAsync(3, ended: true);
        var running = await WithChunksAsync(3, ended: false);
        var long_ = await WithChunksAsync(20, ended: false);
        var short_ = await WithChunksAsync(1, ended: true);

        await new LogMerging(db.Database, AtOnce with { Quiet = TimeSpan.FromHours(1) }).RunAsync(100, Stop);
        Assert.Equal((3, 1), (await CountAsync(ended, "true"), await CountAsync(long_, "true")));
        await new LogMerging(db.Database, AtOnce).RunAsync(100, Stop);

        Assert.Equal(
            (1, 3, 1),
            (await CountAsync(ended, "true"), await CountAsync(running, "true"), await CountAsync(short_, "not merged"))
        );
        Assert.Equal(0, await new LogMerging(db.Database, AtOnce).RunAsync(100, Stop));
    }

    [Fact]
    public async Task A_damaged_chunk_stays_as_it_is_and_does_not_stop_the_others()
    {
        var task = await WithChunksAsync(4, ended: true);
        await db.ExecuteAsync("update sje.log_chunks set line_count = 7 where task_id = $1 and first_line = 5", task);
        var body = await db.ScalarAsync<string>(
            "select body from sje.log_chunks where task_id = $1 and first_line = 5",
            task
        );

        Assert.Equal(1, await new LogMerging(db.Database, AtOnce).RunAsync(100, Stop));

        Assert.Equal(
            body,
            await db.ScalarAsync<string>("select body from sje.log_chunks where task_id = $1 and first_line = 5", task)
        );
        Assert.Equal(0, await new LogMerging(db.Database, AtOnce).RunAsync(100, Stop));
    }

    [Theory]
    [InlineData("")]
    [InlineData("short")]
    [InlineData("é ☃ 😀 �")]
    public void A_body_of_any_length_is_read_as_it_was_written(string unit)
    {
        foreach (var times in new[] { 1, 50, 5_000 })
        {
            var text = string.Join('\n', Enumerable.Repeat(unit + " x", times));
            foreach (var quality in new[] { LogBody.Quick, LogBody.Small })
            {
                var body = LogBody.Of(text, quality);
                Assert.Equal(text, body.Text());
                Assert.True(body.Plain is null != body.Packed is null);
                Assert.True(times < 5_000 || body.Packed!.Length < text.Length / 20);
            }
        }

        var noise = new string([.. Enumerable.Range(0, 4_000).Select(i => (char)(0x4E00 + (i * 7919 % 20_000)))]);
        Assert.Equal(noise, LogBody.Of(noise, LogBody.Small).Text());
    }

    private static (LogStream, string) RandomLine(Random random)
    {
        var text = new StringBuilder();
        for (var i = random.Next(random.Next(10) == 0 ? 2_000 : 80); i > 0; i--)
        {
            text.Append(
                random.Next(20) switch
                {
                    0 => "😀",
                    1 => "é",
                    2 => "\t",
                    3 => "\r",
                    _ => ((char)random.Next(' ', '~')).ToString(),
                }
            );
        }

        return ((LogStream)random.Next(3), text.ToString());
    }

    private async Task WriteAsync(
        Guid execution,
        Guid task,
        long first,
        List<(LogStream Stream, string Text)> lines,
        int form
    )
    {
        var text = string.Join('\n', lines.Select((l, i) => $"{"oes"[(int)l.Stream]} {first + i - 1} {l.Text}"));
        var body = form == 0 ? LogBody.Of(text, LogBody.Quick) : new LogBody(form == 1 ? text : text + "\n", null);
        await db.ExecuteAsync(
            "insert into sje.log_chunks (execution_id, task_id, attempt, first_line, line_count, body, packed) values ($1, $2, 1, $3, $4, nullif($5, ''), nullif($6, ''::bytea))",
            execution,
            task,
            first,
            lines.Count,
            body.Plain ?? "",
            body.Packed ?? []
        );
    }

    private async Task<Guid> WithChunksAsync(int chunks, bool ended)
    {
        var (execution, task) = (await NewIdAsync(), Guid.CreateVersion7());
        await db.ExecuteAsync(
            """
            with going_on as (
                insert into sje.tasks (id, execution_id, name, ordinal, type, queue, rank, state, spec, max_attempts, attempt, worker_id)
                select $2, $1, 'main', 0, 'process', 'default', now(), 'running', '{}', 3, 1, $1 where not $3)
            insert into sje.attempts (execution_id, task_id, number, worker_id, worker_name, ended_at, outcome)
            select $1, $2, 1, $1, 'w', now(), 'succeeded' where $3
            """,
            execution,
            task,
            ended
        );
        for (var i = 0; i < chunks; i++)
        {
            await WriteAsync(execution, task, (i * 2) + 1, [(LogStream.Stdout, "a"), (LogStream.Stderr, "b")], 1);
        }

        return task;
    }

    private Task<long> CountAsync(Guid task, string condition) =>
        db.ScalarAsync<long>($"select count(*) from sje.log_chunks where task_id = $1 and {condition}", task);

    private Task<Guid> NewIdAsync() =>
        db.ScalarAsync<Guid>("select (left(sje.id_at(now())::text, 13) || right(gen_random_uuid()::text, 23))::uuid");
}
