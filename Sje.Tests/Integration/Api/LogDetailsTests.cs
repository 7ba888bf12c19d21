using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Jobs.Maintenance;
using Sje.Tests.Support;

namespace Sje.Tests.Integration.Api;

/// <summary>Summary, search, filters and text of logs, over logs that the product's own writer wrote.</summary>
public sealed class LogDetailsTests(ApiHost host) : IClassFixture<ApiHost>
{
    private static readonly (LogStream Stream, string Text)[] Mixed =
    [
        (LogStream.Stdout, "24/01/15 12:00:00 INFO Driver: start"),
        (LogStream.Stdout, "24/01/15 12:00:01 WARN Driver: größer als 10 % — naïve ☃ 😀"),
        (LogStream.Stderr, "\u001b[1;31mERROR\u001b[0m: it \u001b[4mbro\u001b[24mke here"),
        (LogStream.Stderr, "Traceback (most recent call last):"),
        (LogStream.Stderr, "  File \"job.py\", line 3"),
        (LogStream.Stdout, ""),
        (LogStream.Stdout, "1 700 000 needle in " + new string('x', 60_000) + " NEEDLE"),
        (LogStream.System, "The task goes on."),
        (LogStream.Stdout, "a.b*c (d) [e] {f} ^$ | \\ + ? o 17"),
        (LogStream.Stdout, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"),
    ];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_summary_counts_levels_and_finds_the_first_error()
    {
        var (id, task) = await RunningAsync();
        await WriteAsync(id, task, 1, Mixed);
        await WriteAsync(id, task, 1, Mixed.Take(0));

        var summary = await GetAsync($"{id}/logs/summary");

        Assert.Equal(
            (10, 1, 11, 2, 1, 1, 0, 6, 3, 3, 3),
            (
                Whole(summary["lines"]),
                Whole(summary["firstLine"]),
                Whole(summary["endLine"]),
                Whole(summary["levels"]!["error"]),
                Whole(summary["levels"]!["warn"]),
                Whole(summary["levels"]!["info"]),
                Whole(summary["levels"]!["debug"]),
                Whole(summary["levels"]!["none"]),
                Whole(summary["levels"]!["stderr"]),
                Whole(summary["firstErrorLine"]),
                Whole(summary["firstStderrLine"])
            )
        );
        Assert.Equal(
            (false, null, 1, null, 10, 2),
            (
                summary["ended"]!.GetValue<bool>(),
                (string?)summary["missing"],
                Whole(summary["attempts"]![0]!["attempt"]),
                (string?)summary["attempts"]![0]!["outcome"],
                Whole(summary["attempts"]![0]!["lines"]),
                Whole(summary["attempts"]![0]!["errors"])
            )
        );
        Assert.True(summary["firstAt"]!.GetValue<DateTimeOffset>() <= summary["lastAt"]!.GetValue<DateTimeOffset>());
    }

    [Fact]
    public async Task Chunks_of_before_there_were_counts_are_counted_when_somebody_asks_and_merging_keeps_the_counts()
    {
        var (id, task) = await RunningAsync();
        for (var i = 0; i < 5; i++)
        {
            await WriteRowAsync(id, task, 1 + (i * 10), Mixed);
        }

        var before = await GetAsync($"{id}/logs/summary");
        Assert.Equal(
            0,
            await host.CountAsync(
                $"select count(*) from sje.log_chunks where execution_id = '{id}' and error_lines is null"
            )
        );
        await new LogMerging(host.Database, new MergePace(TimeSpan.Zero, 1)).MergeAsync(id, task, 1, Stop);
        var after = await GetAsync($"{id}/logs/summary");

        Assert.Equal(
            (50, 10, 3),
            (Whole(before["lines"]), Whole(before["levels"]!["error"]), Whole(before["firstErrorLine"]))
        );
        Assert.Equal(before.ToJsonString(), after.ToJsonString());
        Assert.Equal(1, await host.CountAsync($"select count(*) from sje.log_chunks where execution_id = '{id}'"));
    }

    [Theory]
    [InlineData("needle", false, false)]
    [InlineData("needle", false, true)]
    [InlineData("NEEDLE", false, false)]
    [InlineData("größer", false, false)]
    [InlineData("GRÖSSER ALS", false, true)]
    [InlineData("naïve ☃ 😀", false, false)]
    [InlineData("it broke here", false, false)]
    [InlineData("o 17", false, false)]
    [InlineData("a.b*c (d) [e] {f}", false, false)]
    [InlineData("^$", true, false)]
    [InlineData("^", true, false)]
    [InlineData("^[0-9 ]+needle.*NEEDLE$", true, false)]
    [InlineData("(INFO|WARN) Driver", true, false)]
    [InlineData("error", true, true)]
    [InlineData("b..ke", true, false)]
    [InlineData("x{100}", true, false)]
    [InlineData("nothing of the kind", false, false)]
    [InlineData(".", true, false)]
    public async Task A_search_counts_what_grep_counts(string text, bool regex, bool ignoreCase)
    {
        var (id, task) = await RunningAsync();
        for (var i = 0; i < 3; i++)
        {
            await WriteRowAsync(id, task, 1 + (i * 10), Mixed);
        }

        var query =
            $"q={Uri.EscapeDataString(text)}&regex={(regex ? "true" : "false")}&ignoreCase={(ignoreCase ? "true" : "false")}";
        var found = await GetAsync($"{id}/logs/search?limit=1000&{query}");
        var plain = await host.Client.GetByteArrayAsync($"/api/v1/executions/{id}/logs/text?plain=true", Stop);
        var narrowed = await host.Client.GetStringAsync($"/api/v1/executions/{id}/logs/text?plain=true&{query}", Stop);

        var expected = await GrepAsync(plain, text, regex, ignoreCase);
        Assert.Equal(expected, Whole(found["total"]));
        Assert.Equal(expected, found["items"]!.AsArray().Count);
        Assert.Equal(expected, narrowed.Count(c => c == '\n'));
        Assert.Equal(expected, found["buckets"]!.AsArray().Sum(bucket => Whole(bucket!["count"])));
        Assert.True(found["complete"]!.GetValue<bool>());
        foreach (var hit in found["items"]!.AsArray())
        {
            var (excerpt, start, length) = (
                (string)hit!["text"]!,
                hit["start"]!.GetValue<int>(),
                hit["length"]!.GetValue<int>()
            );
            Assert.True(excerpt.Length <= 402);
            if (!regex && excerpt.Length > start + text.Length)
            {
                Assert.Equal(text, excerpt.Substring(start, length), ignoreCase);
            }
        }
    }

    [Theory]
    [InlineData("(", "position")]
    [InlineData("a{2,1}", "position")]
    [InlineData("[z-a]", "position")]
    [InlineData("(?<=a)b", null)]
    [InlineData("(a)\\1", null)]
    public async Task A_pattern_that_is_none_is_422_and_says_where(string pattern, string? member)
    {
        var (id, _) = await RunningAsync();

        var problem = await (
            await host.Client.GetAsync(
                $"/api/v1/executions/{id}/logs/search?regex=true&q={Uri.EscapeDataString(pattern)}",
                Stop
            )
        ).ReadProblemAsync(422, "validation");

        Assert.Equal("q", (string?)problem["errors"]![0]!["parameter"]);
        Assert.Equal(member is not null, problem["position"] is not null);
    }

    [Theory]
    [InlineData("^(a+)+$")]
    [InlineData("(a|aa)+$")]
    [InlineData("(a*)*b")]
    [InlineData("(.*)(.*)(.*)(.*)(.*)[a-z]$!")]
    [InlineData("^(([a-z])+.)+[A-Z]([a-z])+$")]
    [InlineData("(((a{1,300}){1,300}){1,300})z")]
    public async Task No_pattern_holds_a_search_for_long(string pattern)
    {
        var (id, task) = await RunningAsync();
        await WriteAsync(
            id,
            task,
            1,
            Enumerable.Range(0, 50).Select(i => (LogStream.Stdout, new string('a', 2_000) + i))
        );
        var watch = Stopwatch.StartNew();

        var answer = await host.Client.GetAsync(
            $"/api/v1/executions/{id}/logs/search?regex=true&q={Uri.EscapeDataString(pattern)}",
            Stop
        );

        Assert.True(
            answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.UnprocessableEntity,
            answer.StatusCode.ToString()
        );
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), watch.Elapsed.ToString());
    }

    [Fact]
    public async Task Lines_of_a_level_are_read_by_rank_and_hits_page_by_page()
    {
        var (id, task) = await RunningAsync();
        var lines = Enumerable
            .Range(1, 9_000)
            .Select(n =>
                (
                    LogStream.Stdout,
                    n % 7 == 0 ? $"ERROR number {n}"
                    : n % 3 == 0 ? $"WARN number {n}"
                    : $"number {n}"
                )
            )
            .ToList();
        await WriteAsync(id, task, 1, lines);
        await WriteRowAsync(id, task, 9_001, lines, merged: false);
        var errors = Enumerable.Range(1, 18_000).Where(n => (n > 9_000 ? n - 9_000 : n) % 7 == 0).ToList();

        foreach (var (from, count) in new[] { (1, 10), (1_280, 12), (errors.Count - 3, 100), (errors.Count + 1, 5) })
        {
            var page = await GetAsync($"{id}/logs?level=error&from={from}&count={count}");
            Assert.Equal(
                errors.Skip(from - 1).Take(count),
                page["items"]!.AsArray().Select(line => (int)Whole(line!["number"]))
            );
            Assert.Equal((errors.Count, from), ((int)Whole(page["total"]), (int)Whole(page["firstRank"])));
        }

        foreach (var line in new[] { 1, 7, 8, 8_999, 9_001, 17_990, 17_999 })
        {
            var page = await GetAsync($"{id}/logs?level=error&line={line}&count=2");
            Assert.Equal(
                errors.Where(n => n >= line).Take(2),
                page["items"]!.AsArray().Select(l => (int)Whole(l!["number"]))
            );
            Assert.Equal(errors.Count(n => n < line) + 1, (int)Whole(page["firstRank"]));
        }

        var found = new List<long>();
        long? next = 1;
        while (next is not null)
        {
            var page = await GetAsync($"{id}/logs/search?q=ERROR&limit=1000&total=false&from={next}");
            found.AddRange(page["items"]!.AsArray().Select(hit => Whole(hit!["number"])));
            next = (long?)page["nextFrom"];
        }

        Assert.Equal(errors.Select(n => (long)n), found);
        var some = await GetAsync($"{id}/logs/search?q=number&level=error&from=100&to=9100");
        Assert.Equal(errors.Count(n => n is >= 100 and <= 9_100), Whole(some["total"]));
        Assert.Equal(
            $"ERROR number 7\nERROR number 14\n",
            await host.Client.GetStringAsync($"/api/v1/executions/{id}/logs/text?level=error&to=20", Stop)
        );
    }

    [Fact]
    public async Task Ranges_at_the_ends_are_what_is_there_and_long_lines_are_cut_on_request()
    {
        var (id, task) = await RunningAsync();
        await WriteAsync(id, task, 1, Mixed);

        foreach (
            var (query, numbers) in new[]
            {
                ("from=0&count=1", "1"),
                ("from=10&count=5", "10"),
                ("from=11&count=5", ""),
                ("from=4611686018427387903", ""),
                ("tail=2", "9 10"),
            }
        )
        {
            var page = await GetAsync($"{id}/logs?{query}");
            Assert.Equal(numbers, string.Join(' ', page["items"]!.AsArray().Select(line => Whole(line!["number"]))));
        }

        var cut = (await GetAsync($"{id}/logs?from=7&count=1&width=1000"))["items"]![0]!;
        Assert.Equal((1_000, 60_027), (((string)cut["text"]!).Length, Whole(cut["fullLength"])));
        Assert.Equal("", await host.Client.GetStringAsync($"/api/v1/executions/{id}/logs/text?from=11", Stop));
        var timed = await host.Client.GetAsync($"/api/v1/executions/{id}/logs/text?from=8&to=8&times=true", Stop);
        Assert.Matches("^20..-..-..T..:..:..\\....Z The task goes on.\n$", await timed.Content.ReadAsStringAsync(Stop));
        Assert.Equal("attachment", timed.Content.Headers.ContentDisposition!.DispositionType);
        Assert.Equal("nosniff", timed.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal(
            string.Concat(Mixed.Select(line => line.Text + "\n")),
            await host.Client.GetStringAsync($"/api/v1/executions/{id}/logs/text", Stop)
        );
    }

    [Theory]
    [InlineData("logs?level=loud", "level")]
    [InlineData("logs?line=3", "line")]
    [InlineData("logs?level=error&tail=3", "tail")]
    [InlineData("logs/search", "q")]
    [InlineData("logs/search?q=a&limit=0", "limit")]
    [InlineData("logs/search?q=a&regex=maybe", "regex")]
    [InlineData("logs/text?to=x", "to")]
    [InlineData("logs/summary?attempt=0", "attempt")]
    public async Task A_wrong_parameter_is_named(string path, string parameter)
    {
        var (id, _) = await RunningAsync();

        var problem = await (await host.Client.GetAsync($"/api/v1/executions/{id}/{path}", Stop)).ReadProblemAsync(
            422,
            "validation"
        );

        Assert.Equal([parameter], problem.Pointers());
    }

    [Fact]
    public async Task A_log_that_is_not_there_says_why()
    {
        var fresh = await host.SubmitAsync("fresh");
        var (running, _) = await RunningAsync();
        var (silent, silentTask) = await RunningAsync();
        await EndAsync(silentTask, "succeeded");
        var (lost, lostTask) = await RunningAsync();
        await EndAsync(lostTask, "lost");
        var (old, oldTask) = await RunningAsync();
        await EndAsync(oldTask, "succeeded");
        await host.ExecuteAsync(
            "update sje.executions set state = 'succeeded', started_at = now() - interval '20 days', finished_at = now() - interval '20 days' where id = $1",
            old
        );

        foreach (
            var (id, why) in new[]
            {
                (fresh, "not_started"),
                (running, "nothing_yet"),
                (silent, "nothing_written"),
                (lost, "worker_lost"),
                (old, "retention"),
            }
        )
        {
            var summary = await GetAsync($"{id}/logs/summary");
            Assert.Equal((why, 0), ((string?)summary["missing"], (int)Whole(summary["lines"])));
            Assert.NotEmpty((string)summary["missingDetail"]!);
            Assert.Equal(0, Whole((await GetAsync($"{id}/logs/search?q=x"))["total"]));
        }
    }

    [Fact]
    public async Task A_string_at_line_999_999_of_a_million_is_found()
    {
        var (id, task) = await RunningAsync();
        await WriteAsync(
            id,
            task,
            1,
            Enumerable
                .Range(1, 1_000_000)
                .Select(n =>
                    (
                        LogStream.Stdout,
                        n == 999_999
                            ? "the last but one: Nadel"
                            : $"24/01/15 12:00:00 INFO Worker: row {n} of many, nothing to see here"
                    )
                )
        );
        await new LogMerging(host.Database, new MergePace(TimeSpan.Zero, 1)).MergeAsync(id, task, 1, Stop);
        foreach (
            var (query, total) in new[]
            {
                ("q=Nadel", 1L),
                ("q=nadel&ignoreCase=true", 1),
                ("q=N.de[lm]&regex=true", 1),
                ("q=row+%5Cd*7+&regex=true", 100_000),
            }
        )
        {
            var watch = Stopwatch.StartNew();
            var (sum, next) = (0L, (long?)1);
            JsonNode? last = null;
            while (next is not null)
            {
                var page = await GetAsync($"{id}/logs/search?{query}&from={next}");
                sum += Whole(page["total"]);
                last = page["items"]!.AsArray().LastOrDefault() ?? last;
                next = (long?)page["resumeFrom"];
                Assert.InRange(page["buckets"]!.AsArray().Count, 0, 500);
            }

            TestContext.Current.TestOutputHelper?.WriteLine($"{query}: {watch.ElapsedMilliseconds} ms");
            Assert.Equal(total, sum);
            if (total == 1)
            {
                Assert.Equal(999_999, Whole(last!["number"]));
            }
        }

        // What breaks off early leaves nothing behind: neither a fault nor a connection that is not free again.
        for (var i = 0; i < 20; i++)
        {
            var some = await GetAsync(
                $"{id}/logs/search?q=row+%5Cd*7&regex=true&limit=1&total=false&from={i * 10_000}"
            );
            Assert.Single(some["items"]!.AsArray());
        }

        var clock = Stopwatch.StartNew();
        var summary = await GetAsync($"{id}/logs/summary");
        var middle = await GetAsync($"{id}/logs?from=734218&count=1000&width=2000");
        var end = await GetAsync($"{id}/logs?tail=1");
        TestContext.Current.TestOutputHelper?.WriteLine($"summary, middle, end: {clock.ElapsedMilliseconds} ms");
        Assert.Equal((1_000_000, 999_999), (Whole(summary["lines"]), Whole(summary["levels"]!["info"])));
        Assert.Equal(734_218, Whole(middle["items"]![0]!["number"]));
        Assert.Equal(1_000_000, Whole(end["items"]![0]!["number"]));
    }

    private static long Whole(JsonNode? node) => node!.GetValue<long>();

    private async Task<JsonNode> GetAsync(string path)
    {
        var answer = await host.Client.GetAsync($"/api/v1/executions/{path}", Stop);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Stop));
        return await answer.ReadJsonAsync();
    }

    private static async Task<long> GrepAsync(byte[] text, string pattern, bool regex, bool ignoreCase)
    {
        var start = new ProcessStartInfo("grep")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            ArgumentList = { "-c", "-a", regex ? "-P" : "-F" },
            Environment = { ["LC_ALL"] = "C.UTF-8" },
        };
        if (ignoreCase)
        {
            start.ArgumentList.Add("-i");
        }

        start.ArgumentList.Add("-e");
        start.ArgumentList.Add(pattern);
        using var grep = Process.Start(start)!; // there is a grep
        await grep.StandardInput.BaseStream.WriteAsync(text, Stop);
        grep.StandardInput.Close();
        return long.Parse(
            await grep.StandardOutput.ReadToEndAsync(Stop),
            System.Globalization.CultureInfo.InvariantCulture
        );
    }

    private async Task<(Guid Id, Guid Task)> RunningAsync()
    {
        var id = await host.SubmitAsync("logged");
        var execution = await (await host.Client.GetAsync($"/api/v1/executions/{id}", Stop)).ReadJsonAsync();
        var task = execution["tasks"]![0]!["id"]!.GetValue<Guid>();
        await host.ExecuteAsync(
            "update sje.tasks set state = 'running', worker_id = gen_random_uuid(), attempt = 1, attempt_started_at = now() where id = $1",
            task
        );
        return (id, task);
    }

    private Task EndAsync(Guid task, string outcome) =>
        host.ExecuteAsync(
            """
            with t as (update sje.tasks set state = 'queued', worker_id = null where id = $1 returning *)
            insert into sje.attempts (execution_id, task_id, number, worker_id, worker_name, started_at, ended_at, outcome)
            select execution_id, id, attempt, gen_random_uuid(), 'w', now(), now(), $2 from t
            """,
            task,
            outcome
        );

    private Task WriteAsync(Guid execution, Guid task, int attempt, IEnumerable<(LogStream, string)> lines) =>
        WrittenLog.WriteAsync(host.Database, execution, task, attempt, lines, Stop);

    // A chunk as it was written before there were counts.
    private Task WriteRowAsync(
        Guid execution,
        Guid task,
        long first,
        IReadOnlyList<(LogStream Stream, string Text)> lines,
        bool merged = false
    )
    {
        var text = new StringBuilder();
        foreach (var (stream, line) in lines)
        {
            text.Append("oes"[(int)stream]).Append(" 1700000000000 ").Append(line).Append('\n');
        }

        return host.ExecuteAsync(
            "insert into sje.log_chunks (execution_id, task_id, attempt, first_line, line_count, body, merged) values ($1, $2, 1, $3, $4, $5, $6)",
            execution,
            task,
            first,
            lines.Count,
            text.ToString(),
            merged
        );
    }
}
