using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Sje.Tests.Chaos.Storm;

/// <summary>
/// The clients: submit on both lanes, alone and in batches, say a thing again when they got no answer and sometimes when they did, and press buttons.
/// What they were told is kept.
/// </summary>
internal sealed partial class StormLoad(StormScene scene, int seed)
{
    private readonly ConcurrentQueue<StormAnswer> answers = new();
    private readonly ConcurrentQueue<Guid> recent = new();
    private int labels;
    private int actions;
    private int repeats;

    /// <summary>Limits of the jobs and queues that it uses.</summary>
    public static StormLimits Limits { get; } =
        new(
            new Dictionary<string, int> { ["narrow"] = 2, ["strait"] = 3 },
            new Dictionary<string, int> { ["storm-key"] = 3 },
            new Dictionary<string, int> { ["storm-two"] = 2 }
        );

    public IReadOnlyCollection<StormAnswer> Answers => answers;

    /// <summary>Cancels, Deletes and Requeues that were asked for.</summary>
    public int Actions => actions;

    /// <summary>How often something was said again under its key.</summary>
    public int Repeats => repeats;

    /// <summary>Submits until it is told to stop, and then until everything has had its answer.</summary>
    public async Task SubmitAsync(int client, CancellationToken stop)
    {
        var random = new Random(seed + client);
        while (!stop.IsCancellationRequested)
        {
            if (await WaitingAsync() > 120)
            {
                await PauseAsync(500, stop);
                continue;
            }

            switch (random.Next(10))
            {
                case < 2:
                    await SendBatchAsync(random, [.. Enumerable.Range(0, 20).Select(_ => Noop(random))]);
                    break;
                case 2:
                    await SendBatchAsync(
                        random,
                        [Effect(random, "straight"), Effect(random, "default"), Effect(random, "strait"), Noop(random)]
                    );
                    break;
                case 3:
                    await SendAsync(random, Graph(random));
                    break;
                case 4:
                    await SendAsync(random, Effect(random, "narrow"));
                    break;
                case 5:
                    await SendAsync(random, Keyed(random, random.Next(2) == 0 ? "default" : "straight"));
                    break;
                case 6:
                    await SendAsync(random, TwoAtOnce(random));
                    break;
                case 7:
                    await SendAsync(random, Effect(random, "straight"));
                    break;
                default:
                    await SendAsync(random, Effect(random, "default"));
                    break;
            }

            await PauseAsync(random.Next(300), stop);
        }
    }

    /// <summary>Presses buttons of Hangfire's dashboard and cancels, at random, until it is told to stop.</summary>
    public async Task ActAsync(int client, CancellationToken stop)
    {
        var random = new Random(seed + client);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await ActAsync(random);
                Interlocked.Increment(ref actions);
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException or Npgsql.NpgsqlException)
            {
                // The server or the database is down: nobody pressed anything.
            }

            await PauseAsync(300 + random.Next(900), stop);
        }
    }

    /// <summary>A job that prints so much that the log is the largest table for a while.</summary>
    public Task FillLogAsync(Random random) =>
        SendAsync(
            random,
            Job(
                "storm-log",
                "default",
                Script("seq -f 'line %.0f of a log that nobody will ever read to its end' 60000", 0, 0)
            )
        );

    private async Task ActAsync(Random random)
    {
        var ids = recent.ToArray();
        if (ids.Length == 0)
        {
            return;
        }

        // Mostly young ones: something is going on there.
        var id = ids[^(1 + (int)(Math.Pow(random.NextDouble(), 2) * Math.Min(ids.Length, 60)))];
        if (random.Next(3) == 0)
        {
            using var answer = await scene.Http.PostAsync(
                new Uri($"/api/v1/executions/{id}/cancel", UriKind.Relative),
                Body(new JsonObject { ["reason"] = "the storm said so" })
            );
            return;
        }

        await using var command = scene.Db.Database.Main.CreateCommand(
            "select coalesce(max(hangfire_job_id), 0) from sje.all_tasks where execution_id = $1"
        );
        command.Parameters.Add(new Npgsql.NpgsqlParameter { Value = id });
        if (await command.ExecuteScalarAsync() is not long job || job == 0)
        {
            return;
        }

        var button = random.Next(2) == 0 ? "delete" : "requeue";
        using var press = new HttpRequestMessage(
            HttpMethod.Post,
            new Uri($"/hangfire/jobs/actions/{button}/{job.ToString(CultureInfo.InvariantCulture)}", UriKind.Relative)
        );
        var page = await scene.Http.GetStringAsync(new Uri("/hangfire/servers", UriKind.Relative));
        if (Meta(page, "csrf-header") is { } header && Meta(page, "csrf-token") is { } token)
        {
            press.Headers.Add(header, token);
        }

        using var pressed = await scene.Http.SendAsync(press);
    }

    private async Task SendAsync(Random random, JsonObject job)
    {
        var label = job["jobId"]!.GetValue<string>();
        var body = job.ToJsonString();
        for (var again = random.Next(10) == 0; ; again = false)
        {
            var answer = await AskAsync(() =>
            {
                var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/task", UriKind.Relative))
                {
                    Content = new StringContent(body, Encoding.UTF8, "application/json"),
                };
                request.Headers.Add("Idempotency-Key", label);
                return request;
            });
            Note(label, answer["taskId"]?.GetValue<Guid>());
            if (!again)
            {
                return;
            }

            Interlocked.Increment(ref repeats);
        }
    }

    private async Task SendBatchAsync(Random random, JsonObject[] jobs)
    {
        var lines = new StringBuilder();
        foreach (var job in jobs)
        {
            job["idempotencyKey"] = job["jobId"]!.DeepClone();
            lines.AppendLine(job.ToJsonString());
        }

        for (var again = random.Next(10) == 0; ; again = false)
        {
            var answer = await AskAsync(() =>
                new HttpRequestMessage(HttpMethod.Post, new Uri("/tasks", UriKind.Relative))
                {
                    Content = new StringContent(lines.ToString(), Encoding.UTF8, "application/x-ndjson"),
                }
            );
            foreach (var item in answer["items"]?.AsArray() ?? [])
            {
                Note(
                    jobs[item!["index"]!.GetValue<int>()]["jobId"]!.GetValue<string>(),
                    item["taskId"]?.GetValue<Guid>()
                );
            }

            if (!again)
            {
                return;
            }

            Interlocked.Increment(ref repeats);
        }
    }

    /// <summary>Asks until there is an answer: what was not answered is said again under the same key.</summary>
    private async Task<JsonNode> AskAsync(Func<HttpRequestMessage> request)
    {
        while (true)
        {
            try
            {
                using var message = request();
                using var answer = await scene.Http.SendAsync(message);
                var text = await answer.Content.ReadAsStringAsync();
                if ((int)answer.StatusCode < 500)
                {
                    if (!answer.IsSuccessStatusCode && answer.StatusCode != HttpStatusCode.TooManyRequests)
                    {
                        throw new InvalidOperationException($"The server refuses what it should take: {text}");
                    }

                    return JsonNode.Parse(text)!; // an answer of ours is never null
                }
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException or IOException)
            {
                // No answer, or half of one.
            }

            Interlocked.Increment(ref repeats);
            await Task.Delay(TimeSpan.FromMilliseconds(250), TimeProvider.System);
        }
    }

    private void Note(string label, Guid? execution)
    {
        answers.Enqueue(new StormAnswer(label, execution));
        if (execution is { } id)
        {
            recent.Enqueue(id);
        }
    }

    private async Task<long> WaitingAsync()
    {
        try
        {
            await using var command = scene.Db.Database.Main.CreateCommand("select count(*) from sje.tasks");
            return (long)(await command.ExecuteScalarAsync())!; // count(*) is never null
        }
        catch (Exception e) when (e is Npgsql.NpgsqlException or InvalidOperationException)
        {
            return 0;
        }
    }

    private JsonObject Effect(Random random, string queue) =>
        Job("storm-effect", queue, Script("", random.NextDouble() * 0.8, random.Next(10)));

    private JsonObject Keyed(Random random, string queue)
    {
        var job = Job("storm-keyed", queue, Script("", random.NextDouble() * 0.6, random.Next(20)));
        job["concurrency"] = new JsonObject { ["key"] = "storm-key", ["limit"] = 3 };
        return job;
    }

    private JsonObject TwoAtOnce(Random random)
    {
        var job = Job("storm-two", "default", Script("", random.NextDouble() * 0.6, random.Next(20)));
        job["concurrency"] = new JsonObject { ["max"] = 2, ["policy"] = "queue" };
        return job;
    }

    private JsonObject Noop(Random random) =>
        new()
        {
            ["name"] = "storm-noop",
            ["jobId"] = NextLabel(),
            ["queue"] = "swarm",
            ["type"] = "noop",
            ["noop"] = new JsonObject { ["waitMs"] = random.Next(400) },
        };

    private JsonObject Graph(Random random)
    {
        JsonObject Step(string name, params string[] dependsOn) =>
            new()
            {
                ["name"] = name,
                ["type"] = "process",
                ["queue"] = random.Next(3) == 0 ? "straight" : "default",
                ["process"] = new JsonObject { ["command"] = Script("", random.NextDouble() * 0.3, random.Next(12)) },
                ["retry"] = Retry(),
                ["dependsOn"] = new JsonArray([.. dependsOn.Select(d => (JsonNode)d)]),
            };
        return new JsonObject
        {
            ["name"] = "storm-graph",
            ["jobId"] = NextLabel(),
            ["tasks"] = new JsonArray(Step("a"), Step("b", "a"), Step("c", "a"), Step("d", "b", "c")),
        };
    }

    private JsonObject Job(string name, string queue, string script) =>
        new()
        {
            ["name"] = name,
            ["jobId"] = NextLabel(),
            ["queue"] = queue,
            ["type"] = "process",
            ["process"] = new JsonObject { ["command"] = script },
            ["retry"] = Retry(),
        };

    private static JsonObject Retry() =>
        new()
        {
            ["backoff"] = "fixed",
            ["initialDelay"] = "300ms",
            ["maxAttempts"] = 3,
        };

    // fate: 0 fails for good, 1 and 2 fail at first.
    private string Script(string work, double seconds, int fate)
    {
        var line = $"\"$SJE_TASK_ID $SJE_ATTEMPT $SJE_EXECUTION_ID $(date +%s%N)\" >> '{scene.Effects}'";
        var end = fate switch
        {
            0 when work.Length == 0 => "exit 3",
            1 or 2 => "exit $((SJE_ATTEMPT == 1))",
            _ => "exit 0",
        };
        return string.Create(
            CultureInfo.InvariantCulture,
            $"echo S {line}\necho attempt=$SJE_ATTEMPT >> \"$SJE_OUTPUTS\"\n{work}\nsleep {seconds:0.00}\necho E {line}\n{end}"
        );
    }

    private string NextLabel() => $"storm-{Interlocked.Increment(ref labels).ToString(CultureInfo.InvariantCulture)}";

    private static StringContent Body(JsonNode body) => new(body.ToJsonString(), Encoding.UTF8, "application/json");

    private static async Task PauseAsync(int milliseconds, CancellationToken stop) =>
        await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System, stop)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private static string? Meta(string page, string name) =>
        MetaTag().Matches(page).FirstOrDefault(m => m.Groups[1].Value == name)?.Groups[2].Value;

    [GeneratedRegex("<meta name=\"([a-z-]+)\" content=\"([^\"]+)\"")]
    private static partial Regex MetaTag();
}
